//! Checking UTF-8 in chunks that may end inside a character.

use common::units::size_u64;

use super::Malformed;

/// What the consumer of checked text has learned about its encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// The text must be UTF-8.
    Utf8,
    /// The text declares another encoding that agrees with ASCII; its bytes pass unchecked.
    Other,
}

/// Hands on only whole, valid characters, whatever the chunks are.
#[derive(Debug, Default)]
pub(super) struct Utf8 {
    /// The bytes of an unfinished character, at most three.
    pending: Vec<u8>,
    /// Bytes handed on.
    passed: u64,
    unchecked: bool,
}

impl Utf8 {
    /// Hands the valid text of a chunk to `take`, in one to three pieces.
    pub(super) fn feed(
        &mut self,
        mut chunk: &[u8],
        take: &mut dyn FnMut(&[u8]) -> Result<Encoding, Malformed>,
    ) -> Result<(), Malformed> {
        while !self.pending.is_empty() && !self.unchecked {
            let Some((first, rest)) = chunk.split_first() else {
                return Ok(());
            };
            self.pending.push(*first);
            chunk = rest;
            match std::str::from_utf8(&self.pending) {
                Ok(_) => {
                    let character = std::mem::take(&mut self.pending);
                    self.pass(&character, take)?;
                }
                Err(error) if error.error_len().is_some() => return Err(self.invalid()),
                Err(_) => {}
            }
        }
        if self.unchecked {
            return self.pass(chunk, take);
        }
        let Err(error) = std::str::from_utf8(chunk) else {
            return self.pass(chunk, take);
        };
        let (valid, rest) = chunk.split_at(error.valid_up_to());
        self.pass(valid, take)?;
        if self.unchecked {
            return self.pass(rest, take);
        }
        if error.error_len().is_some() {
            return Err(self.invalid());
        }
        self.pending.extend_from_slice(rest);
        Ok(())
    }

    /// Fails when the text ends inside a character.
    pub(super) fn finish(&self) -> Result<(), Malformed> {
        if self.pending.is_empty() {
            return Ok(());
        }
        Err(Malformed::truncated(
            self.passed + size_u64(self.pending.len()),
            "the body ends inside a UTF-8 character",
        ))
    }

    fn pass(
        &mut self,
        piece: &[u8],
        take: &mut dyn FnMut(&[u8]) -> Result<Encoding, Malformed>,
    ) -> Result<(), Malformed> {
        if !piece.is_empty() {
            self.unchecked = take(piece)? == Encoding::Other;
            self.passed += size_u64(piece.len());
        }
        Ok(())
    }

    fn invalid(&self) -> Malformed {
        Malformed::at(self.passed, "a byte that is not UTF-8")
    }
}
