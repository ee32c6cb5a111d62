//! Whatever a file holds, reading it ends, and it is read or told to be wrong.

use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;

use super::super::check::describe;
use super::super::{BUILT_IN, Scenario, Source};

/// Reads a text, and where it is a scenario, says what it does.
fn read(is_yaml: bool, text: &str) {
    let mut source = Source::of_text("mine", is_yaml, text);
    let records = "at_s,request,target\n0,health,/\n".to_owned();
    source.files = BTreeMap::from([
        (PathBuf::from("a.csv"), records),
        (PathBuf::from("a.json"), "[{\"a\": 1}]".to_owned()),
    ]);
    match Scenario::load(&source) {
        Ok(scenario) => {
            describe(&scenario);
        }
        Err(errors) => {
            assert!(!errors.0.is_empty());
            for error in errors.0 {
                assert!(error.line >= 1 && error.column >= 1 && !error.message.is_empty());
                assert!(!error.message.contains('\n'), "{error}");
            }
        }
    }
}

/// The texts that are changed: all built-in scenarios, as TOML, and as YAML (of which JSON is a part).
fn seeds() -> Vec<(bool, String)> {
    let mut seeds = Vec::new();
    for (_, text) in BUILT_IN {
        let table: toml::Table = text.parse().unwrap();
        seeds.push((true, serde_json::to_string_pretty(&table).unwrap()));
        seeds.push((false, (*text).to_owned()));
    }
    seeds.push((true, super::yaml::YAML.to_owned()));
    seeds
}

/// Words that stand somewhere in scenarios.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "=",
    ":",
    ",",
    "\n",
    "#",
    "-",
    "&a",
    "*a",
    "<<",
    "|",
    ">",
    "{{",
    "{value.x}",
    "{feed.fields.ra}",
    "{ra}",
    "{int:9..1}",
    "-1",
    "0",
    "1e308",
    "nan",
    "inf",
    "9223372036854775808",
    "\"\"",
    "~",
    "true",
    "flow",
    "tasks",
    "request",
    "persona",
    "[[persona]]",
    "[load]",
    "stages",
    "weight",
    "count",
    "think",
    "uniform",
    "\u{0}",
    "\u{feff}",
    "é",
    "🌌",
    "\t",
    "file = \"a.csv\"",
    "file = \"a.json\"",
    "[replay]",
    "99999999999s",
    "1h",
    "exists",
    "contains",
    "!=",
    "%",
    "/s",
    "---",
    "...",
    "!!str",
    "\\u0000",
];

#[derive(Debug, Clone)]
enum Change {
    /// Bytes of the text go.
    Cut(usize, usize),
    /// A word comes in.
    Put(usize, usize),
    /// A part of the text comes again at another place.
    Again(usize, usize, usize),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let place = 0_usize..20_000;
    let change = prop_oneof![
        (place.clone(), 1_usize..40).prop_map(|it| Change::Cut(it.0, it.1)),
        (place.clone(), 0..WORDS.len()).prop_map(|it| Change::Put(it.0, it.1)),
        (place.clone(), 1_usize..400, place).prop_map(|it| Change::Again(it.0, it.1, it.2)),
    ];
    prop::collection::vec(change, 1..6)
}

/// The text with its changes, cut at whole characters.
fn changed(text: &str, changes: &[Change]) -> String {
    let mut text = text.to_owned();
    let border = |text: &str, at: usize| text.floor_char_boundary(at % (text.len() + 1));
    for change in changes {
        match *change {
            Change::Cut(at, length) => {
                let start = border(&text, at);
                let end = text.floor_char_boundary((start + length).min(text.len()));
                text.replace_range(start..end, "");
            }
            Change::Put(at, word) => text.insert_str(border(&text, at), WORDS[word]),
            Change::Again(at, length, to) => {
                let start = border(&text, at);
                let end = text.floor_char_boundary((start + length).min(text.len()));
                let part = text[start..end].to_owned();
                text.insert_str(border(&text, to), &part);
            }
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_scenario_is_read_or_told_to_be_wrong(
        seed in 0..11_usize,
        changes in changes(),
    ) {
        let seeds = seeds();
        let (is_yaml, text) = &seeds[seed % seeds.len()];
        read(*is_yaml, &changed(text, &changes));
    }

    #[test]
    fn any_text_is_read_or_told_to_be_wrong(is_yaml: bool, text in "\\PC{0,200}") {
        read(is_yaml, &text);
    }

    #[test]
    fn any_bytes_are_read_or_told_to_be_wrong(
        is_yaml: bool,
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        read(is_yaml, &String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_words_are_read_or_told_to_be_wrong(
        is_yaml: bool,
        words in prop::collection::vec(0..WORDS.len(), 0..60),
    ) {
        let text: Vec<&str> = words.into_iter().map(|it| WORDS[it]).collect();
        read(is_yaml, &text.join(" "));
        read(is_yaml, &text.concat());
    }
}
