//! DATASUM and CHECKSUM of data that arrive in pieces and out of order.

use fitsio_pure::checksum::{checksum_blocks, encode_checksum};
use fitsio_pure::header::{Card, serialize_header};
use fitsio_pure::value::Value;

use super::error::FitsError;

/// Ones-complement sum of big-endian 32-bit words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum(u32);

impl Sum {
    /// Adds bytes that stand at an offset of their data unit. Sums commute, so pieces may come in any
    /// order; zeros, such as padding, add nothing.
    pub(crate) fn add(&mut self, offset: u64, bytes: &[u8]) {
        let skew = usize::try_from(offset % 4).unwrap_or(0);
        let (head, rest) = bytes.split_at(bytes.len().min((4 - skew) % 4));
        let mut word = [0_u8; 4];
        for (place, byte) in word.iter_mut().skip(skew).zip(head) {
            *place = *byte;
        }
        let mut sum = u64::from(u32::from_be_bytes(word));
        let mut words = rest.chunks_exact(4);
        for word in &mut words {
            sum += u64::from(u32::from_be_bytes([word[0], word[1], word[2], word[3]]));
        }
        let mut word = [0_u8; 4];
        word[..words.remainder().len()].copy_from_slice(words.remainder());
        self.fold(sum + u64::from(u32::from_be_bytes(word)));
    }

    fn fold(&mut self, more: u64) {
        let mut sum = u64::from(self.0) + (more & 0xFFFF_FFFF) + (more >> 32);
        while sum >> 32 != 0 {
            sum = (sum & 0xFFFF_FFFF) + (sum >> 32);
        }
        self.0 = u32::try_from(sum).unwrap_or(u32::MAX);
    }
}

/// The header of an HDU whose data have this sum, with both checksums.
pub(crate) fn stamped_header(cards: &[Card], data: Sum) -> Result<Vec<u8>, FitsError> {
    let text = |keyword: &str, value: String, comment: &str| -> Result<Card, FitsError> {
        let mut card = Card::new(keyword, Value::String(value))?;
        card.comment = Some(comment.to_owned());
        Ok(card)
    };
    let mut cards = cards.to_vec();
    cards.push(text("DATASUM", data.0.to_string(), "data unit checksum")?);
    cards.push(text("CHECKSUM", "0".repeat(16), "HDU checksum")?);
    let mut total = data;
    total.fold(u64::from(checksum_blocks(&serialize_header(&cards)?)));
    let code = encode_checksum(total.0, true).map(char::from);
    if let Some(card) = cards.last_mut() {
        card.value = Some(Value::String(code.iter().collect()));
    }
    Ok(serialize_header(&cards)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_in_any_order_sum_as_the_whole() {
        let bytes: Vec<u8> = (0..2880_u32)
            .map(|i| u8::try_from((i * 7919 + i / 3) % 256).unwrap())
            .collect();
        let whole = checksum_blocks(&bytes);
        for cuts in [[1, 2, 1000], [4, 1442, 2001], [3, 7, 2879]] {
            let edges = [0, cuts[0], cuts[1], cuts[2], bytes.len()];
            let mut sum = Sum::default();
            for i in [2, 0, 3, 1] {
                let piece = &bytes[edges[i]..edges[i + 1]];
                sum.add(u64::try_from(edges[i]).unwrap(), piece);
            }
            assert_eq!(sum, Sum(whole));
        }
    }
}
