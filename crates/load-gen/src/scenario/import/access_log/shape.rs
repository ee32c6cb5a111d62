//! Shapes of requests: what requests have in common that differ only in their values.

use std::collections::{BTreeMap, HashMap};

use percent_encoding::percent_decode_str;

use super::super::text::{is_secret, plain};
use super::slot::{BUDGET, Slot, number};

/// Different shapes that are told apart; requests of further ones are left out.
const MOST_SHAPES: usize = 5_000;
/// What a target may have at most to be looked at.
const MOST_PARAMETERS: usize = 40;
const LONGEST_TARGET: usize = 8_000;
const LONGEST_NAME: usize = 100;
/// Hexadecimal digits that are a name and no word.
const LONG_HEX: usize = 12;

/// A part of a path between two slashes.
#[derive(Debug)]
enum Part {
    Plain(String),
    Name(Box<Slot>),
}

/// A target taken apart.
#[derive(Debug)]
struct Target {
    parts: Vec<(String, bool)>,
    query: BTreeMap<String, String>,
    secrets: u64,
}

/// One shape.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) method: String,
    path: Vec<Part>,
    query: BTreeMap<String, Slot>,
    /// How often each status was the answer.
    pub(super) statuses: BTreeMap<u16, u64>,
}

/// All shapes of a log.
#[derive(Debug)]
pub(super) struct Shapes {
    places: HashMap<String, u32>,
    pub(super) list: Vec<Shape>,
    budget: usize,
    /// Parameters that were left out since their names say that they are secrets.
    pub(super) secrets: u64,
}

impl Shapes {
    pub(super) fn new() -> Self {
        Self {
            places: HashMap::new(),
            list: Vec::new(),
            budget: BUDGET,
            secrets: 0,
        }
    }

    /// The shape of a request that was seen before.
    pub(super) fn find(&self, method: &str, target: &str) -> Option<u32> {
        self.places.get(&key(method, &read(target)?)).copied()
    }

    /// Counts a request; `None` where it is too long or there are too many shapes.
    pub(super) fn add(&mut self, method: &str, target: &str, status: u16) -> Option<u32> {
        let target = read(target)?;
        let key = key(method, &target);
        let place = match self.places.get(&key) {
            Some(&place) => place,
            None if self.list.len() >= MOST_SHAPES => return None,
            None => {
                let place = u32::try_from(self.list.len()).ok()?;
                self.places.insert(key, place);
                self.list.push(Shape::new(method, &target));
                place
            }
        };
        self.secrets += target.secrets;
        let shape = self.list.get_mut(usize::try_from(place).ok()?)?;
        *shape.statuses.entry(status).or_default() += 1;
        for (part, (value, _)) in shape.path.iter_mut().zip(&target.parts) {
            if let Part::Name(slot) = part {
                slot.add(value, &mut self.budget);
            }
        }
        for (name, value) in &target.query {
            if let Some(slot) = shape.query.get_mut(name) {
                slot.add(value, &mut self.budget);
            }
        }
        Some(place)
    }
}

impl Shape {
    fn new(method: &str, target: &Target) -> Self {
        let part = |(text, is_name): &(String, bool)| {
            if *is_name {
                Part::Name(Box::default())
            } else {
                Part::Plain(text.clone())
            }
        };
        Self {
            method: method.to_owned(),
            path: target.parts.iter().map(part).collect(),
            query: target
                .query
                .keys()
                .map(|it| (it.clone(), Slot::default()))
                .collect(),
            statuses: BTreeMap::new(),
        }
    }

    /// The path with placeholders, and notes about them.
    pub(super) fn path(&self) -> (String, Vec<String>) {
        let mut path = String::new();
        let mut notes = Vec::new();
        for part in &self.path {
            path.push('/');
            match part {
                Part::Plain(text) => path.push_str(&plain(text)),
                Part::Name(slot) => {
                    let (template, note) = slot.template(true);
                    path.push_str(&template);
                    if !note.is_empty() {
                        notes.push(format!("in the path: {note}"));
                    }
                }
            }
        }
        (path, notes)
    }

    /// The words of its path, for a name.
    pub(super) fn words(&self) -> String {
        let words = self.path.iter().filter_map(|it| match it {
            Part::Plain(text) => Some(text.as_str()),
            Part::Name(_) => None,
        });
        format!("{} {}", self.method, words.collect::<Vec<_>>().join(" "))
    }

    /// The parameters with their templates, and notes about them.
    pub(super) fn query(&self) -> (Vec<(String, String)>, Vec<String>) {
        let has = |names: &[&str]| {
            self.query
                .iter()
                .any(|it| names.contains(&simple(it.0).as_str()) && it.1.is_numeric())
        };
        let has_target = has(&RA) && has(&DEC);
        let mut notes = Vec::new();
        let entries = self.query.iter().map(|(name, slot)| {
            let known = target_of(name, slot, has_target);
            let (template, note) = match known {
                Some(template) => (template.to_owned(), seen(slot)),
                None => slot.template(false),
            };
            if !note.is_empty() {
                notes.push(format!("`{name}`: {note}"));
            }
            (name.clone(), template)
        });
        let entries = entries.collect();
        (entries, notes)
    }
}

const RA: [&str; 6] = [
    "ra",
    "radeg",
    "raj2000",
    "raicrs",
    "rightascension",
    "centerra",
];
const DEC: [&str; 7] = [
    "dec",
    "decdeg",
    "dej2000",
    "decj2000",
    "deicrs",
    "declination",
    "centerdec",
];

fn simple(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|it| it.to_ascii_lowercase()).collect()
}

fn seen(slot: &Slot) -> String {
    slot.range().map_or_else(String::new, |(low, high)| {
        format!("it was {low} to {high} (5–95 %), here it is that of the target")
    })
}

/// The placeholder of the target that a parameter is.
fn target_of(name: &str, slot: &Slot, has_target: bool) -> Option<&'static str> {
    let numbers = |text: &str, separator: char, wanted: usize| {
        let parts: Vec<&str> = text.split(separator).filter(|it| !it.is_empty()).collect();
        parts.len() == wanted && parts.iter().all(|it| number(it).is_some())
    };
    let name = simple(name);
    match name.as_str() {
        "pos" if slot.all(|it| numbers(it, ',', 2)) => Some("{ra},{dec}"),
        "pos"
            if slot.all(|it| {
                it.strip_prefix("CIRCLE ")
                    .is_some_and(|it| numbers(it, ' ', 3))
            }) =>
        {
            Some("CIRCLE {ra} {dec} {radius}")
        }
        _ if !has_target || !slot.is_numeric() => None,
        it if RA.contains(&it) => Some("{ra}"),
        it if DEC.contains(&it) => Some("{dec}"),
        "sr" | "radius" | "rad" | "searchradius" | "coneradius" | "radiusdeg" => Some("{radius}"),
        "radiusarcmin" | "srarcmin" => Some("{radius_arcmin}"),
        "radiusarcsec" | "srarcsec" => Some("{radius_arcsec}"),
        _ => None,
    }
}

fn key(method: &str, target: &Target) -> String {
    let mut key = method.to_owned();
    for (text, is_name) in &target.parts {
        key.push('/');
        key.push_str(if *is_name { "\u{0}" } else { text });
    }
    for name in target.query.keys() {
        key.push('\u{1}');
        key.push_str(name);
    }
    key
}

fn read(target: &str) -> Option<Target> {
    if target.len() > LONGEST_TARGET {
        return None;
    }
    let target = target.split('#').next()?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let decoded = |it: &str| percent_decode_str(it).decode_utf8_lossy().into_owned();
    let parts = path.strip_prefix('/')?.split('/').map(decoded);
    let mut found = Target {
        parts: parts
            .map(|it| (it.replace(char::is_control, ""), is_name(&it)))
            .collect(),
        query: BTreeMap::new(),
        secrets: 0,
    };
    for pair in query.split('&').filter(|it| !it.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (
            decoded(&name.replace('+', " ")),
            decoded(&value.replace('+', " ")),
        );
        if is_secret(&name) {
            found.secrets += 1;
        } else if name.len() <= LONGEST_NAME {
            found.query.entry(name).or_insert(value);
        }
    }
    (found.query.len() <= MOST_PARAMETERS).then_some(found)
}

/// A target without the parameters that are secrets.
pub(super) fn without_secrets(target: &str) -> String {
    let target = target.split('#').next().unwrap_or_default();
    let Some((path, query)) = target.split_once('?') else {
        return target.to_owned();
    };
    let is_open = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        !is_secret(&percent_decode_str(name).decode_utf8_lossy())
    };
    let kept: Vec<&str> = query.split('&').filter(is_open).collect();
    if kept.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", kept.join("&"))
    }
}

/// Whether a part of a path names one thing of many: a number, a UUID, long hexadecimal digits, or a word
/// with three digits in a row.
fn is_name(part: &str) -> bool {
    if number(part).is_some() || part.bytes().any(|it| it.is_ascii_digit()) && is_hex(part) {
        return true;
    }
    let bytes = part.as_bytes();
    bytes.windows(3).any(|it| it.iter().all(u8::is_ascii_digit))
}

fn is_hex(part: &str) -> bool {
    let digits = part.bytes().filter(u8::is_ascii_hexdigit).count();
    digits >= LONG_HEX && part.bytes().all(|it| it.is_ascii_hexdigit() || it == b'-')
}
