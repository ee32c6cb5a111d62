//! Decompression of bodies that arrive in chunks, in steps of bounded size.

use std::io::{self, Write as _};

use flate2::write::MultiGzDecoder;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use zstd::stream::raw::{DParameter, Decoder as ZstdDecoder, Operation as _};

use super::error::{TransportKind, Trouble};

/// The largest window a zstd body may need: 8 MiB, as RFC 9659 says for HTTP.
const ZSTD_WINDOW_LOG: u32 = 23;

/// What one step decompresses at most.
const STEP_BYTES: usize = 32 * 1024;

/// The decoder that a body needs.
pub(super) enum Decoder {
    /// The body is as it is.
    Identity,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zstd(Box<Zstd>),
}

pub(super) struct Zstd {
    decoder: ZstdDecoder<'static>,
    output: Vec<u8>,
    is_frame_done: bool,
}

impl Decoder {
    /// The decoder for what `Content-Encoding` says.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Trouble> {
        let Some(value) = headers.get(CONTENT_ENCODING) else {
            return Ok(Self::Identity);
        };
        let value = value.as_bytes().trim_ascii();
        let is = |name: &str| value.eq_ignore_ascii_case(name.as_bytes());
        if is("gzip") || is("x-gzip") {
            let decoder = MultiGzDecoder::new(Vec::with_capacity(STEP_BYTES));
            Ok(Self::Gzip(Box::new(decoder)))
        } else if is("zstd") {
            Zstd::new().map(|zstd| Self::Zstd(Box::new(zstd)))
        } else if value.is_empty() || is("identity") {
            Ok(Self::Identity)
        } else {
            let shown = String::from_utf8_lossy(value);
            Err(bad(&format!(
                "has the encoding `{shown}`, which was not asked for"
            )))
        }
    }

    pub(super) fn is_identity(&self) -> bool {
        matches!(self, Self::Identity)
    }

    /// Decompresses the beginning of `input`: how much of it was taken, and what came out.
    ///
    /// Called again with the rest until all is taken and nothing comes out any more.
    pub(super) fn step<'a>(&'a mut self, input: &'a [u8]) -> Result<(usize, &'a [u8]), Trouble> {
        match self {
            Self::Identity => Ok((input.len(), input)),
            Self::Gzip(decoder) => {
                decoder.get_mut().clear();
                if input.is_empty() {
                    // What the last step left inside.
                    decoder.flush().map_err(|error| broken("gzip", &error))?;
                    return Ok((0, decoder.get_ref()));
                }
                let taken = decoder
                    .write(input)
                    .map_err(|error| broken("gzip", &error))?;
                Ok((taken, decoder.get_ref()))
            }
            Self::Zstd(zstd) => zstd.step(input),
        }
    }

    /// Checks that the body ended where its compression says; what was still inside comes out.
    pub(super) fn finish(&mut self) -> Result<&[u8], Trouble> {
        match self {
            Self::Identity => Ok(&[]),
            Self::Gzip(decoder) => {
                decoder.get_mut().clear();
                decoder
                    .try_finish()
                    .map_err(|error| broken("gzip", &error))?;
                Ok(decoder.get_ref())
            }
            Self::Zstd(zstd) if zstd.is_frame_done => Ok(&[]),
            Self::Zstd(_) => Err(bad("ends inside its zstd compression")),
        }
    }
}

impl Zstd {
    fn new() -> Result<Self, Trouble> {
        let mut decoder = ZstdDecoder::new().map_err(|error| broken("zstd", &error))?;
        decoder
            .set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))
            .map_err(|error| broken("zstd", &error))?;
        Ok(Self {
            decoder,
            output: vec![0; STEP_BYTES],
            is_frame_done: false,
        })
    }

    fn step(&mut self, input: &[u8]) -> Result<(usize, &[u8]), Trouble> {
        if input.is_empty() && self.is_frame_done {
            return Ok((0, &[]));
        }
        let status = self
            .decoder
            .run_on_buffers(input, &mut self.output)
            .map_err(|error| broken("zstd", &error))?;
        self.is_frame_done = status.remaining == 0;
        Ok((status.bytes_read, &self.output[..status.bytes_written]))
    }
}

fn broken(name: &str, error: &io::Error) -> Trouble {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        bad(&format!("ends inside its {name} compression"))
    } else {
        bad(&format!("is not valid {name}: {error}"))
    }
}

fn bad(what: &str) -> Trouble {
    Trouble::new(TransportKind::Protocol, format!("the body {what}"))
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn decoder(encoding: &'static str) -> Decoder {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
        Decoder::of(&headers)
            .map_err(|trouble| trouble.cause)
            .unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 0).unwrap()
    }

    /// Decodes in chunks; also what the largest step brought.
    fn decode(
        encoding: &'static str,
        packed: &[u8],
        chunk: usize,
    ) -> Result<(Vec<u8>, usize), Trouble> {
        let mut decoder = decoder(encoding);
        let (mut out, mut largest) = (Vec::new(), 0);
        for mut rest in packed.chunks(chunk) {
            loop {
                let (taken, bytes) = decoder.step(rest)?;
                out.extend_from_slice(bytes);
                largest = largest.max(bytes.len());
                let is_quiet = bytes.is_empty();
                rest = &rest[taken..];
                if rest.is_empty() && is_quiet {
                    break;
                }
            }
        }
        out.extend_from_slice(decoder.finish()?);
        Ok((out, largest))
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_out_whatever_the_chunks(
            text in prop::collection::vec(any::<u8>(), 0..3000), repeat in 1..40usize, chunk in 1..5000usize
        ) {
            let text = text.repeat(repeat);
            prop_assert_eq!(&decode("gzip", &gzip(&text), chunk).unwrap().0, &text);
            prop_assert_eq!(&decode("zstd", &zstd(&text), chunk).unwrap().0, &text);
        }
    }

    #[test]
    fn a_bomb_comes_out_in_small_steps() {
        let zeros = vec![0; 64 << 20];
        for (encoding, packed) in [("gzip", gzip(&zeros)), ("zstd", zstd(&zeros))] {
            assert!(packed.len() < zeros.len() / 900);
            let (out, largest) = decode(encoding, &packed, packed.len()).unwrap();
            assert_eq!(out.len(), zeros.len(), "{encoding}");
            assert!(largest <= 4 * STEP_BYTES, "{encoding}: {largest}");
        }
    }

    #[test]
    fn broken_and_cut_bodies_are_refused() {
        let text = b"one two three ".repeat(100);
        for (encoding, packed) in [("gzip", gzip(&text)), ("zstd", zstd(&text))] {
            for cut in [1, 5, packed.len() / 2, packed.len() - 1] {
                let trouble = decode(encoding, &packed[..cut], 7).unwrap_err();
                assert_eq!(trouble.kind, TransportKind::Protocol);
                // flate2 does not tell a cut checksum from a wrong one.
                let is_told = ["ends inside", "checksum"]
                    .iter()
                    .any(|t| trouble.cause.contains(t));
                assert!(is_told, "{}", trouble.cause);
            }
            let mut wrong = packed.clone();
            wrong[packed.len() / 2] ^= 0x55;
            wrong[0] ^= 0x55;
            let trouble = decode(encoding, &wrong, 7).unwrap_err();
            assert!(trouble.cause.contains("is not valid"), "{}", trouble.cause);
        }
    }

    #[test]
    fn members_one_after_the_other_are_one_body() {
        for pack in [gzip, zstd] {
            let packed = [pack(b"one "), pack(b"two")].concat();
            let encoding = if packed[0] == 0x1f { "gzip" } else { "zstd" };
            let (out, _) = decode(encoding, &packed, 3).unwrap();
            assert_eq!(out, b"one two");
        }
    }

    #[test]
    fn an_unknown_encoding_is_refused() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("br"));
        assert!(Decoder::of(&headers).is_err());
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("identity"));
        assert!(Decoder::of(&headers).is_ok_and(|decoder| decoder.is_identity()));
    }
}
