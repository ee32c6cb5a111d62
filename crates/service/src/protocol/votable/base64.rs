//! Base64 in pieces of any size, with white space anywhere.

use base64::Engine as _;
use base64::engine::general_purpose::GeneralPurposeConfig;
use base64::engine::{DecodePaddingMode, GeneralPurpose};
use common::units::size_u64;
use memchr::{memchr, memchr3};

use crate::protocol::Malformed;

/// Characters that are decoded together; a multiple of four.
const BLOCK: usize = 4096;

/// Standard alphabet with padding; bits beyond the last byte may be anything, as in Python.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// What is done with decoded bytes; it fails with a clause.
type Take<'a> = dyn FnMut(&[u8]) -> Result<(), String> + 'a;

/// A decoder that keeps at most one block.
#[derive(Debug, Default)]
pub(super) struct Base64 {
    block: Vec<u8>,
    bytes: Vec<u8>,
    /// For each run of characters: its index in the block and its place in the body.
    runs: Vec<(usize, u64)>,
    /// Padding has ended the data.
    ended: bool,
}

impl Base64 {
    /// Takes a piece of text that begins at `offset` of the body.
    pub(super) fn feed(
        &mut self,
        mut text: &[u8],
        mut offset: u64,
        take: &mut Take<'_>,
    ) -> Result<(), Malformed> {
        while !text.is_empty() {
            let is_space = |it: &&u8| matches!(it, b'\n' | b'\r' | b' ' | b'\t');
            let space = text.iter().take_while(is_space).count();
            text = &text[space..];
            offset += size_u64(space);
            let run = text.len().min(BLOCK - self.block.len());
            let run = memchr3(b'\n', b'\r', b' ', &text[..run]).unwrap_or(run);
            let run = memchr(b'\t', &text[..run]).unwrap_or(run);
            if run > 0 {
                self.runs.push((self.block.len(), offset));
                self.block.extend_from_slice(&text[..run]);
                text = &text[run..];
                offset += size_u64(run);
            }
            if self.block.len() == BLOCK {
                self.decode(take)?;
            }
        }
        Ok(())
    }

    /// The data ends, at `offset` of the body.
    pub(super) fn finish(&mut self, offset: u64, take: &mut Take<'_>) -> Result<(), Malformed> {
        if !self.block.len().is_multiple_of(4) && !self.ended {
            // A wrong character is the better message where there is one.
            let whole = self.block.len() / 4 * 4;
            let rest = self.block.split_off(whole);
            self.decode(take)?;
            let what = format!("{} characters left over at the end of base64", rest.len());
            return Err(Malformed::at(offset, what));
        }
        self.decode(take)
    }

    fn decode(&mut self, take: &mut Take<'_>) -> Result<(), Malformed> {
        if self.block.is_empty() {
            return Ok(());
        }
        if self.ended {
            return Err(Malformed::at(
                self.place(0),
                "base64 goes on after its padding",
            ));
        }
        self.bytes.resize(BLOCK / 4 * 3 + 3, 0);
        let length = match ENGINE.decode_slice(&self.block, &mut self.bytes) {
            Ok(length) => length,
            Err(error) => return Err(self.wrong(&error)),
        };
        self.ended = self.block.ends_with(b"=");
        take(&self.bytes[..length]).map_err(|what| Malformed::at(self.place(0), what))?;
        self.block.clear();
        self.runs.clear();
        Ok(())
    }

    fn wrong(&self, error: &base64::DecodeSliceError) -> Malformed {
        match error {
            base64::DecodeSliceError::DecodeError(base64::DecodeError::InvalidByte(
                index,
                byte,
            )) => {
                let what = format!("`{}` is no base64", byte.escape_ascii());
                Malformed::at(self.place(*index), what)
            }
            error => Malformed::at(self.place(0), format!("no base64: {error}")),
        }
    }

    /// The place in the body of a character of the block.
    fn place(&self, index: usize) -> u64 {
        let after = self.runs.partition_point(|(start, _)| *start <= index);
        let (start, offset) = self.runs[after.saturating_sub(1)];
        offset + size_u64(index - start)
    }
}
