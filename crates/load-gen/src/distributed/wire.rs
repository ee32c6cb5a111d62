//! Frames: a length in four bytes, the highest first, and a message as CBOR.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The longest frame between those that know each other: a scenario with its files fits.
pub(super) const LONGEST: u32 = 64 << 20;

/// The longest frame of somebody unknown.
pub(super) const LONGEST_OF_STRANGERS: u32 = 4096;

/// Why no frame came.
#[derive(Debug, Error)]
pub(super) enum WireError {
    /// The other side closed the connection between two frames.
    #[error("the connection was closed")]
    Closed,
    /// The connection failed, or ended inside of a frame.
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
    /// More was announced than is taken.
    #[error("a frame of {length} bytes where at most {limit} are taken")]
    TooLong {
        /// What was announced.
        length: u32,
        /// The limit.
        limit: u32,
    },
    /// The frame is no message.
    #[error("a malformed message: {0}")]
    Malformed(String),
}

impl WireError {
    /// Whether the other side ended the connection, and not what it said.
    pub(super) fn is_of_peer(&self) -> bool {
        matches!(self, Self::Closed | Self::Io(_))
    }
}

/// A message as a frame.
pub(super) fn encode(message: &impl Serialize) -> Result<Vec<u8>, WireError> {
    let mut frame = vec![0; 4];
    ciborium::into_writer(message, &mut frame)
        .map_err(|error| WireError::Malformed(error.to_string()))?;
    let length = u32::try_from(frame.len() - 4).unwrap_or(u32::MAX);
    if length > LONGEST {
        let limit = LONGEST;
        return Err(WireError::TooLong { length, limit });
    }
    frame[..4].copy_from_slice(&length.to_be_bytes());
    Ok(frame)
}

/// The message of a frame, without its length.
pub(super) fn decode<T: DeserializeOwned>(mut body: &[u8]) -> Result<T, WireError> {
    let message = ciborium::from_reader(&mut body)
        .map_err(|error| WireError::Malformed(error.to_string()))?;
    if body.is_empty() {
        Ok(message)
    } else {
        Err(WireError::Malformed("something follows it".to_owned()))
    }
}

/// Sends a message.
pub(super) async fn send(
    to: &mut (impl AsyncWrite + Unpin),
    message: &impl Serialize,
) -> Result<(), WireError> {
    to.write_all(&encode(message)?).await?;
    Ok(to.flush().await?)
}

/// Waits for the next message. Memory grows with what arrives, not with what is announced.
pub(super) async fn receive<T: DeserializeOwned>(
    from: &mut (impl AsyncRead + Unpin),
    limit: u32,
) -> Result<T, WireError> {
    let mut head = [0; 4];
    if from.read(&mut head[..1]).await? == 0 {
        return Err(WireError::Closed);
    }
    from.read_exact(&mut head[1..]).await?;
    let length = u32::from_be_bytes(head);
    if length > limit {
        return Err(WireError::TooLong { length, limit });
    }
    let mut body = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut body).await?;
    if u64::from(length) != common::units::size_u64(body.len()) {
        return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
    }
    decode(&body)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::message::{ToMaster, ToWorker};
    use super::*;

    async fn read(bytes: &[u8]) -> Result<ToWorker, WireError> {
        receive(&mut &bytes[..], 1000).await
    }

    #[tokio::test]
    async fn a_message_arrives_and_each_way_to_break_it_is_named() {
        let frame = encode(&ToWorker::Quit).unwrap();
        assert!(matches!(read(&frame).await, Ok(ToWorker::Quit)));
        assert!(matches!(read(&[]).await, Err(WireError::Closed)));
        assert!(matches!(read(&frame[..3]).await, Err(WireError::Io(_))));
        let cut = &frame[..frame.len() - 1];
        assert!(matches!(read(cut).await, Err(WireError::Io(_))));
        let long = read(&[255; 8]).await;
        assert!(matches!(long, Err(WireError::TooLong { limit: 1000, .. })));
        let text = read(b"\0\0\0\x04GET ").await;
        assert!(matches!(text, Err(WireError::Malformed(_))));
        let two = [&[0, 0, 0, 10][..], &frame[4..], &[0; 9]].concat();
        assert!(matches!(
            read(&two[..14]).await,
            Err(WireError::Malformed(_))
        ));
    }

    proptest! {
        #[test]
        fn whatever_arrives_is_a_message_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode::<ToMaster>(&bytes);
            let _ = decode::<ToWorker>(&bytes);
        }

        #[test]
        fn a_message_with_wrong_bytes_is_a_message_or_an_error(
            place in 0..4000_usize, byte: u8, cut in 0..4000_usize,
        ) {
            let mut frame = encode(&super::super::message::tests::a_report()).unwrap();
            let length = frame.len();
            frame[4 + place % (length - 4)] = byte;
            let _ = decode::<ToMaster>(&frame[4..]);
            prop_assert!(decode::<ToMaster>(&frame[4..4 + cut % (length - 4)]).is_err());
        }
    }
}
