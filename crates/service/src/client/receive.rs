//! Reading a body: counting, decompressing, handing on, never keeping.

use common::units::size_u64;
use http::Version;
use http::header::TRANSFER_ENCODING;
use http::response::Parts;
use http_body::Body as _;
use hyper::body::Incoming;

use super::decode::Decoder;
use super::error::{TransportKind, Trouble};
use super::inspect::{Flow, Inspect};
use super::limit::Limit;
use super::wire::Wire;

/// How many steps of a decoder, of 32 KiB each, are taken before others get their turn.
const STEPS_AT_ONCE: u32 = 32;

/// A body on its way.
pub(super) struct Receiving<'a> {
    pub(super) wire: &'a mut Wire,
    pub(super) limit: &'a mut Limit,
    pub(super) max_bytes: u64,
    /// Bytes as received so far; outside, since they are reported also when the rest fails.
    pub(super) wire_bytes: &'a mut u64,
}

/// A body that was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Received {
    pub(super) decoded_bytes: u64,
    /// As [`super::Exchange::complete`].
    pub(super) complete: Option<bool>,
}

/// Whether only the end of the connection tells where the body ends.
fn ends_with_connection(head: &Parts, body: &Incoming) -> bool {
    head.version < Version::HTTP_2
        && body.size_hint().exact().is_none()
        && !head.headers.contains_key(TRANSFER_ENCODING)
}

impl Receiving<'_> {
    /// Reads the body to its end, or until `inspector` has enough.
    pub(super) async fn body<I: Inspect>(
        mut self,
        head: &Parts,
        mut body: Incoming,
        inspector: &mut I,
    ) -> Result<Received, Trouble> {
        let complete = (!ends_with_connection(head, &body)).then_some(true);
        let mut received = Received {
            decoded_bytes: 0,
            complete,
        };
        if body.is_end_stream() {
            return Ok(received);
        }
        if body.size_hint().lower() > self.max_bytes {
            return Err(self.too_large());
        }
        let mut decoder = Decoder::of(&head.headers)?;
        while let Some(chunk) = self.wire.next_chunk(&mut body, self.limit).await {
            let chunk = chunk?;
            *self.wire_bytes += size_u64(chunk.len());
            if *self.wire_bytes > self.max_bytes {
                return Err(self.too_large());
            }
            let flow = if decoder.is_identity() {
                received.decoded_bytes += size_u64(chunk.len());
                inspector.chunk(&chunk)
            } else {
                self.decode(&mut decoder, &chunk, &mut received, inspector)
                    .await?
            };
            if flow == Flow::Stop {
                received.complete = Some(false);
                return Ok(received);
            }
            // A length that was stated and has come saves asking for the end.
            if body.is_end_stream() {
                break;
            }
            self.check_time()?;
        }
        if *self.wire_bytes > 0 {
            let rest = decoder.finish()?;
            received.decoded_bytes += size_u64(rest.len());
            if !rest.is_empty() && inspector.chunk(rest) == Flow::Stop {
                received.complete = Some(false);
            }
        }
        Ok(received)
    }

    /// Decompresses a chunk: a few bytes may become gigabytes, so others get their turn in between.
    async fn decode<I: Inspect>(
        &mut self,
        decoder: &mut Decoder,
        mut chunk: &[u8],
        received: &mut Received,
        inspector: &mut I,
    ) -> Result<Flow, Trouble> {
        let mut steps = 0;
        loop {
            let (taken, bytes) = decoder.step(chunk)?;
            chunk = &chunk[taken..];
            received.decoded_bytes += size_u64(bytes.len());
            if received.decoded_bytes > self.max_bytes {
                return Err(self.too_large());
            }
            if chunk.is_empty() && bytes.is_empty() {
                return Ok(Flow::Continue);
            }
            if !bytes.is_empty() && inspector.chunk(bytes) == Flow::Stop {
                return Ok(Flow::Stop);
            }
            steps += 1;
            if steps % STEPS_AT_ONCE == 0 {
                self.check_time()?;
                tokio::task::yield_now().await;
            }
        }
    }

    /// A server that is faster than the inspector never lets the timer be asked.
    fn check_time(&self) -> Result<(), Trouble> {
        if self.limit.is_over() {
            let cause = "the answer was not complete";
            return Err(Trouble::new(TransportKind::Timeout, cause));
        }
        Ok(())
    }

    fn too_large(&self) -> Trouble {
        Trouble::new(
            TransportKind::TooLarge,
            format!("the body is larger than {} bytes", self.max_bytes),
        )
    }
}
