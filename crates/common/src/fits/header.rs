//! Headers: keywords with values and comments, read by type.

use fitsio_pure::header::Card;
use fitsio_pure::value::Value;

use super::error::FitsError;

/// A value of a header keyword.
#[derive(Clone, Debug, PartialEq)]
pub enum HeaderValue {
    /// `T` or `F`.
    Logical(bool),
    /// An integer.
    Integer(i64),
    /// A real number; one that is not finite is written as an undefined value.
    Real(f64),
    /// A character string.
    Text(String),
}

macro_rules! header_value_from {
    ($($source:ty => $variant:ident),*) => {
        $(impl From<$source> for HeaderValue {
            fn from(value: $source) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}
header_value_from!(bool => Logical, i64 => Integer, i32 => Integer, u32 => Integer, u16 => Integer,
    f64 => Real, &str => Text, String => Text);

impl From<usize> for HeaderValue {
    fn from(value: usize) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

/// Keywords of one HDU in their order. Names longer than eight letters or with blanks are kept as
/// `HIERARCH` keywords (as in `ESO INS FILT1 NAME`, which is their name here).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    cards: Vec<Card>,
}

/// Keywords that describe the form of an HDU, which a writer sets itself.
const STRUCTURE: [&str; 22] = [
    "SIMPLE", "XTENSION", "BITPIX", "EXTEND", "PCOUNT", "GCOUNT", "TFIELDS", "THEAP", "ZIMAGE",
    "ZSIMPLE", "ZBITPIX", "ZCMPTYPE", "ZQUANTIZ", "ZDITHER0", "ZBLANK", "BSCALE", "BZERO", "BLANK",
    "CHECKSUM", "DATASUM", "EXTNAME", "EXTVER",
];
const STRUCTURE_NUMBERED: [&str; 9] = [
    "NAXIS", "TTYPE", "TFORM", "TUNIT", "ZNAXIS", "ZTILE", "ZNAME", "ZVAL", "TDIM",
];

impl Header {
    /// A header without keywords.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn from_cards(cards: Vec<Card>) -> Self {
        Self {
            cards: cards.into_iter().filter(|card| !card.is_end()).collect(),
        }
    }

    pub(crate) fn cards(&self) -> &[Card] {
        &self.cards
    }

    /// Sets a keyword, in its place if the header has it, at the end otherwise.
    pub fn set(&mut self, keyword: &str, value: impl Into<HeaderValue>, comment: &str) {
        let card = card(keyword, &value.into(), comment);
        match self.cards.iter_mut().find(|c| is(c, keyword)) {
            Some(place) => *place = card,
            None => self.cards.push(card),
        }
    }

    /// Adds a `HISTORY` line, cut to the 72 characters that a card holds.
    pub fn history(&mut self, line: &str) {
        self.cards.push(Card {
            keyword: *b"HISTORY ",
            value: None,
            comment: Some(printable(line)),
        });
    }

    /// The real number of a keyword; integers count as real.
    pub fn f64(&self, keyword: &str) -> Option<f64> {
        match self.value(keyword)? {
            Value::Float(value) => Some(value),
            Value::Integer(value) => crate::fits::number::integer_f64(value),
            _ => None,
        }
    }

    /// The integer of a keyword; a real number without a fraction counts.
    pub fn int(&self, keyword: &str) -> Option<i64> {
        match self.value(keyword)? {
            Value::Integer(value) => Some(value),
            Value::Float(value) => crate::fits::number::whole(value),
            _ => None,
        }
    }

    /// The string of a keyword without trailing blanks.
    pub fn str(&self, keyword: &str) -> Option<String> {
        match self.value(keyword)? {
            Value::String(text) => Some(text.trim_end().to_owned()),
            _ => None,
        }
    }

    /// The logical value of a keyword.
    pub fn logical(&self, keyword: &str) -> Option<bool> {
        match self.value(keyword)? {
            Value::Logical(value) => Some(value),
            _ => None,
        }
    }

    /// The real number of a keyword that must be there.
    pub fn require_f64(&self, keyword: &str) -> Result<f64, FitsError> {
        self.f64(keyword).ok_or_else(|| FitsError::Keyword {
            keyword: keyword.to_owned(),
            expected: "a number",
        })
    }

    /// Number of keywords.
    pub fn len(&self) -> usize {
        self.cards.len()
    }

    /// Whether there is no keyword.
    pub fn is_empty(&self) -> bool {
        self.cards.is_empty()
    }

    /// The keywords that say something about the observation: all but those of the HDU's form, its
    /// name and its checksums. What a pipeline carries over to its result.
    #[must_use]
    pub fn without_structure(&self) -> Self {
        let describes = |card: &&Card| {
            let keyword = card.keyword_str();
            let numbered = |prefix: &&str| {
                keyword
                    .strip_prefix(*prefix)
                    .is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
            };
            !STRUCTURE.contains(&keyword) && !STRUCTURE_NUMBERED.iter().any(numbered)
        };
        Self {
            cards: self.cards.iter().filter(describes).cloned().collect(),
        }
    }

    /// The keywords of `other` that this header has not, added at its end.
    pub fn inherit(&mut self, other: &Self) {
        for card in &other.without_structure().cards {
            if card.is_commentary() || !self.cards.iter().any(|c| same_keyword(c, card)) {
                self.cards.push(card.clone());
            }
        }
    }

    /// Takes a keyword out.
    pub fn remove(&mut self, keyword: &str) {
        self.cards.retain(|card| !is(card, keyword));
    }

    fn value(&self, keyword: &str) -> Option<Value> {
        let card = self.cards.iter().find(|card| is(card, keyword))?;
        if let Some(value) = &card.value {
            return Some(value.clone());
        }
        let (_, text) = hierarch(card)?;
        let mut field = [b' '; 70];
        let length = text.len().min(70);
        field[..length].copy_from_slice(&text.as_bytes()[..length]);
        fitsio_pure::value::parse_value(&field).map(|(value, _)| value)
    }
}

/// Name and value text of a `HIERARCH` card.
fn hierarch(card: &Card) -> Option<(&str, &str)> {
    if &card.keyword != b"HIERARCH" {
        return None;
    }
    let (name, value) = card.comment.as_deref()?.split_once('=')?;
    Some((name.trim(), value.trim_start()))
}

fn is(card: &Card, keyword: &str) -> bool {
    let name = keyword.strip_prefix("HIERARCH ").unwrap_or(keyword);
    card.keyword_str() == name || hierarch(card).is_some_and(|(known, _)| known == name)
}

fn same_keyword(a: &Card, b: &Card) -> bool {
    match (hierarch(a), hierarch(b)) {
        (Some(a), Some(b)) => a.0 == b.0,
        (None, None) => a.keyword == b.keyword,
        _ => false,
    }
}

/// Header cards are printable ASCII; anything else is replaced.
fn printable(text: &str) -> String {
    let ascii = |c: char| if (' '..='~').contains(&c) { c } else { '?' };
    text.chars().map(ascii).collect()
}

fn card(keyword: &str, value: &HeaderValue, comment: &str) -> Card {
    let name = keyword.strip_prefix("HIERARCH ").unwrap_or(keyword);
    let standard = name.len() <= 8
        && name
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
    if !standard {
        return hierarch_card(name, value, comment);
    }
    let mut keyword = [b' '; 8];
    keyword[..name.len()].copy_from_slice(name.as_bytes());
    let value = match value {
        HeaderValue::Logical(value) => Value::Logical(*value),
        HeaderValue::Integer(value) => Value::Integer(*value),
        HeaderValue::Real(value) if value.is_finite() => Value::Float(*value),
        HeaderValue::Real(_) => Value::Undefined,
        HeaderValue::Text(text) => Value::String(printable(text)),
    };
    Card {
        keyword,
        value: Some(value),
        comment: (!comment.is_empty()).then(|| printable(comment)),
    }
}

fn hierarch_card(name: &str, value: &HeaderValue, comment: &str) -> Card {
    let value = match value {
        HeaderValue::Logical(true) => "T".to_owned(),
        HeaderValue::Logical(false) => "F".to_owned(),
        HeaderValue::Integer(value) => value.to_string(),
        HeaderValue::Real(value) if value.is_finite() => format!("{value:?}").to_uppercase(),
        HeaderValue::Real(_) => String::new(),
        HeaderValue::Text(text) => format!("'{}'", printable(text).replace('\'', "''")),
    };
    let mut text = format!(" {} = {value}", printable(name));
    if !comment.is_empty() && text.len() + 3 + comment.len() <= 72 {
        text.push_str(" / ");
        text.push_str(&printable(comment));
    }
    Card {
        keyword: *b"HIERARCH",
        value: None,
        comment: Some(text),
    }
}

#[cfg(test)]
mod tests {
    use fitsio_pure::header::{parse_header_blocks, serialize_header};

    use super::*;

    #[test]
    fn values_are_read_as_they_were_set() {
        let mut header = Header::new();
        header.set("EXPTIME", 12.5, "exposure time, s");
        header.set("NCOMBINE", 3, "");
        header.set("OBJECT", "M 31's \u{e9}", "name");
        header.set("SUBARRAY", false, "");
        header.set("ESO INS FILT1 NAME", "v_HIGH", "filter");
        header.set("ESO TEL AIRM START", 1.25, "");
        header.set("EXPTIME", 13.5, "again");
        header.set("BAD", f64::NAN, "no number");
        header.history("bias subtracted");
        let bytes = serialize_header(header.cards()).unwrap();
        let back = Header::from_cards(parse_header_blocks(&bytes).unwrap());
        assert_eq!(back.len(), 8);
        assert_eq!(back.f64("EXPTIME"), Some(13.5));
        assert_eq!(back.f64("NCOMBINE"), Some(3.0));
        assert_eq!(back.int("NCOMBINE"), Some(3));
        assert_eq!(back.str("OBJECT").as_deref(), Some("M 31's ?"));
        assert_eq!(back.logical("SUBARRAY"), Some(false));
        assert_eq!(back.str("ESO INS FILT1 NAME").as_deref(), Some("v_HIGH"));
        assert_eq!(back.f64("HIERARCH ESO TEL AIRM START"), Some(1.25));
        assert_eq!(back.f64("BAD"), None);
        assert_eq!(
            back.require_f64("GAIN").unwrap_err().to_string(),
            "header keyword GAIN is missing or is not a number"
        );
    }

    #[test]
    fn a_result_keeps_what_describes_the_observation() {
        let mut header = Header::new();
        for keyword in ["BITPIX", "NAXIS1", "ZVAL2", "CHECKSUM", "BZERO", "EXPTIME"] {
            header.set(keyword, 1, "");
        }
        let mut result = Header::new();
        result.set("FILTER", "F606W", "");
        result.inherit(&header);
        assert_eq!(result.len(), 2);
        assert_eq!(result.int("EXPTIME"), Some(1));
    }
}
