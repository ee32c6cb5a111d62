//! A place in a request where values differ: what was seen there, as a template.

use std::collections::BTreeMap;

use common::units::{count_f64, count_usize, round_u64, size_f64, size_u64};

use super::super::text::plain;

/// Different values, and numbers, that are kept of one place.
const MOST_VALUES: usize = 64;
const MOST_NUMBERS: usize = 256;
/// The longest value that is kept, bytes.
const LONGEST_VALUE: usize = 2_000;
/// Values of a choice in a scenario.
const MOST_WORDS: usize = 20;
/// So few different numbers are a choice and no range.
const FEW_NUMBERS: usize = 8;
/// Bytes that all values of a log may take.
pub(super) const BUDGET: usize = 64 * 1024 * 1024;

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Slot {
    values: BTreeMap<String, u64>,
    has_more: bool,
    numbers: Vec<f64>,
    seen: u64,
    numeric: u64,
    whole: u64,
    random: u64,
}

impl Slot {
    pub(super) fn add(&mut self, value: &str, budget: &mut usize) {
        self.seen += 1;
        if let Some((number, is_whole)) = number(value) {
            self.numeric += 1;
            self.whole += u64::from(is_whole);
            self.keep(number, budget);
        }
        if let Some(count) = self.values.get_mut(value) {
            *count += 1;
            return;
        }
        let cost = value.len() + 64;
        if self.values.len() < MOST_VALUES && value.len() <= LONGEST_VALUE && cost <= *budget {
            *budget -= cost;
            self.values.insert(value.to_owned(), 1);
        } else {
            self.has_more = true;
        }
    }

    /// Keeps an even sample of all numbers (Vitter's algorithm R, with a generator of fixed seed).
    fn keep(&mut self, number: f64, budget: &mut usize) {
        if self.numbers.len() < MOST_NUMBERS {
            if *budget >= 8 {
                *budget -= 8;
                self.numbers.push(number);
            }
            return;
        }
        let next = self.random.wrapping_mul(6_364_136_223_846_793_005);
        self.random = next.wrapping_add(1_442_695_040_888_963_407);
        let place = count_usize((self.random >> 33) % self.numeric);
        if let Some(kept) = self.numbers.get_mut(place) {
            *kept = number;
        }
    }

    /// Whether every value is a number.
    pub(super) fn is_numeric(&self) -> bool {
        self.seen > 0 && self.numeric == self.seen
    }

    /// Whether every value, where some were kept, is of a form.
    pub(super) fn all(&self, is_form: impl Fn(&str) -> bool) -> bool {
        !self.values.is_empty() && self.values.keys().all(|it| is_form(it))
    }

    /// The numbers that 5 % and 95 % are below.
    pub(super) fn range(&self) -> Option<(f64, f64)> {
        let mut sorted = self.numbers.clone();
        sorted.sort_by(f64::total_cmp);
        let last = size_f64(sorted.len().checked_sub(1)?);
        let at = |share: f64| sorted.get(count_usize(round_u64(last * share))).copied();
        Some((at(0.05)?, at(0.95)?))
    }

    /// The template, and what it was made of. `is_id`: values that are names of things, so that only those
    /// that were seen have an answer.
    pub(super) fn template(&self, is_id: bool) -> (String, String) {
        if let (false, Some((only, _)), 1) = (
            self.has_more,
            self.values.first_key_value(),
            self.values.len(),
        ) {
            return (plain(only), String::new());
        }
        let is_range = self.is_numeric()
            && (self.has_more
                || self.values.len() > FEW_NUMBERS
                || self.seen < 3 * size_u64(self.values.len()));
        let is_whole = self.whole == self.seen;
        if is_range
            && !(is_id && is_whole)
            && let Some((low, high)) = self.range()
        {
            let kind = if is_whole { "int" } else { "real" };
            let note = format!("5–95 % of {} numbers", self.seen);
            return (format!("{{{kind}:{low}..{high}}}"), note);
        }
        self.choice()
    }

    fn choice(&self) -> (String, String) {
        let mut common: Vec<(&String, u64)> = self.values.iter().map(|it| (it.0, *it.1)).collect();
        common.sort_by_key(|it| std::cmp::Reverse(it.1));
        let is_word = |it: &str| !it.contains(['|', '{', '}']);
        let words = common.iter().filter(|it| is_word(it.0)).take(MOST_WORDS);
        let words: Vec<String> = words.map(|it| format!("{}*{}", it.0, it.1)).collect();
        match (words.as_slice(), common.first()) {
            ([], None) => (
                String::new(),
                "check: its values are too long to keep".into(),
            ),
            ([], Some((most, _))) => (plain(most), "check: the most common of its values".into()),
            (words, _) => {
                let more = if self.has_more || common.len() > words.len() {
                    ", there were more"
                } else {
                    ""
                };
                let share = count_f64(self.seen);
                let note = format!("{} values of {share} requests{more}", words.len());
                (format!("{{choice:{}}}", words.join("|")), note)
            }
        }
    }
}

/// A number that can be written again as it stands, and whether it is whole.
pub(super) fn number(text: &str) -> Option<(f64, bool)> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_padded = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    if text.len() > 24
        || is_padded
        || !digits.starts_with(|it: char| it.is_ascii_digit() || it == '.')
    {
        return None;
    }
    let value: f64 = text
        .parse()
        .ok()
        .filter(|it: &f64| it.is_finite() && it.abs() < 1e15)?;
    let is_whole = text.parse::<i64>().is_ok();
    Some((value, is_whole))
}
