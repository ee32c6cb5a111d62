//! Files that travel in a pod's log: compressed, as text, in marked lines, with a checksum. What a pod
//! prints beside them, on either stream, may stand between the lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use ring::digest::{SHA256, digest};

/// What each line of a parcel begins with.
const MARK: &str = "load-gen-file:";

/// Characters of a line. Container runtimes cut lines at 16 KiB.
const LINE_CHARS: usize = 8192;

/// No result is larger; an endless one is a fault.
const MOST_BYTES: u64 = 256 * 1024 * 1024;

/// Files as lines of a log. The last line says how many they are.
pub(super) fn encode(files: &BTreeMap<String, Vec<u8>>) -> io::Result<String> {
    let mut lines = Vec::new();
    for (name, bytes) in files {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(bytes)?;
        let body = STANDARD.encode(gzip.finish()?);
        let sum = checksum(bytes);
        lines.push(format!("begin {sum} {name}"));
        // Base64 is ASCII, so no chunk cuts a character.
        let chunks = body.as_bytes().chunks(LINE_CHARS);
        lines.extend(chunks.map(|it| format!("+ {}", String::from_utf8_lossy(it))));
        lines.push(format!("end {name}"));
    }
    lines.push(format!("done {}", files.len()));
    let marked = lines.into_iter().map(|it| format!("{MARK} {it}\n"));
    Ok(marked.collect())
}

fn checksum(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// Bytes as text, two digits each.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Takes the files out of a log, line by line.
#[derive(Debug, Default)]
pub(super) struct Unpacker {
    files: BTreeMap<String, Vec<u8>>,
    open: Option<Open>,
    expected: Option<usize>,
    broken: Vec<String>,
}

/// A file of which not all lines are there yet.
#[derive(Debug)]
struct Open {
    name: String,
    sum: String,
    body: String,
}

/// What came out of a log.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unpacked {
    /// Files by name.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// What is missing or damaged, in words.
    pub(super) broken: Vec<String>,
}

impl Unpacker {
    /// Takes a line; gives it back when it is not part of a parcel.
    pub(super) fn take<'a>(&mut self, line: &'a str) -> Option<&'a str> {
        let Some(rest) = line.strip_prefix(MARK) else {
            return Some(line);
        };
        let (kind, rest) = rest.trim_start().split_once(' ').unwrap_or((rest, ""));
        match kind {
            "begin" => {
                self.give_up_open();
                let (sum, name) = rest.split_once(' ').unwrap_or((rest, ""));
                self.open = Some(Open {
                    name: name.to_owned(),
                    sum: sum.to_owned(),
                    body: String::new(),
                });
            }
            "+" => match &mut self.open {
                Some(open) => open.body.push_str(rest.trim_end()),
                None => self.broken.push("a line belongs to no file".to_owned()),
            },
            "end" => self.close(),
            "done" => self.expected = rest.trim_end().parse().ok(),
            _ => self
                .broken
                .push(format!("`{MARK} {kind}` is of another version")),
        }
        None
    }

    /// Whether all that was sent has arrived.
    pub(super) fn is_done(&self) -> bool {
        self.expected.is_some()
    }

    /// The files, and what is wrong with them.
    pub(super) fn finish(mut self) -> Unpacked {
        self.give_up_open();
        let arrived = self.files.len();
        match self.expected {
            None => self
                .broken
                .push("the log ends before the results do".to_owned()),
            Some(expected) if expected != arrived => self
                .broken
                .push(format!("{arrived} of {expected} files arrived whole")),
            Some(_) => {}
        }
        Unpacked {
            files: self.files,
            broken: self.broken,
        }
    }

    fn give_up_open(&mut self) {
        if let Some(open) = self.open.take() {
            self.broken.push(format!("`{}` is cut off", open.name));
        }
    }

    fn close(&mut self) {
        let Some(open) = self.open.take() else {
            self.broken
                .push("a file ends that did not begin".to_owned());
            return;
        };
        match unpack(&open) {
            Ok(bytes) => drop(self.files.insert(open.name, bytes)),
            Err(why) => self
                .broken
                .push(format!("`{}` is damaged: {why}", open.name)),
        }
    }
}

fn unpack(open: &Open) -> Result<Vec<u8>, String> {
    let packed = STANDARD.decode(&open.body).map_err(|it| it.to_string())?;
    let mut bytes = Vec::new();
    GzDecoder::new(packed.as_slice())
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|it| it.to_string())?;
    if u64::try_from(bytes.len()).is_ok_and(|it| it > MOST_BYTES) {
        return Err(format!("it has more than {MOST_BYTES} bytes"));
    }
    let sum = checksum(&bytes);
    if sum == open.sum {
        Ok(bytes)
    } else {
        Err(format!("its checksum is {sum} and should be {}", open.sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn take_all(log: &str) -> (Vec<&str>, Unpacked) {
        let mut unpacker = Unpacker::default();
        let shown = log.lines().filter_map(|it| unpacker.take(it)).collect();
        (shown, unpacker.finish())
    }

    fn files() -> BTreeMap<String, Vec<u8>> {
        let noise: Vec<u8> = (0..40_000_u32)
            .flat_map(|it| it.wrapping_mul(2_654_435_761).to_le_bytes())
            .collect();
        [
            ("result.json".to_owned(), b"{\"run\": 1}".to_vec()),
            ("report with blanks.html".to_owned(), noise),
            ("empty.csv".to_owned(), Vec::new()),
        ]
        .into()
    }

    #[test]
    fn files_come_out_as_they_went_in_and_other_lines_are_shown() {
        let mut log = String::from("users 5\n");
        for line in encode(&files()).unwrap().lines() {
            assert!(line.len() < 16_000, "a runtime would cut it");
            log.extend([line, "\nwarning: slow\n"]);
        }
        let (shown, unpacked) = take_all(&log);
        assert_eq!(unpacked.broken, Vec::<String>::new());
        assert_eq!(unpacked.files, files());
        assert_eq!(shown[0], "users 5");
        assert!(shown[1..].iter().all(|it| *it == "warning: slow"));
    }

    #[test]
    fn a_damaged_file_is_told_and_the_others_arrive() {
        let log = encode(&files()).unwrap();
        let line = log.lines().find(|it| it.contains(" + ")).unwrap();
        let damaged = log.replacen(line, &line.replacen("+ ", "+ A", 1), 1);
        let (_, unpacked) = take_all(&damaged);
        assert_eq!(unpacked.files.len(), 2);
        assert!(
            unpacked.broken[0].contains("is damaged"),
            "{:?}",
            unpacked.broken
        );
        assert_eq!(unpacked.broken[1], "2 of 3 files arrived whole");
    }

    #[test]
    fn other_bytes_than_were_sent_are_noticed_by_their_checksum() {
        let log = encode(&files()).unwrap();
        let sum = checksum(b"{\"run\": 1}");
        let (_, unpacked) = take_all(&log.replace(&sum, &checksum(b"other")));
        assert!(
            unpacked.broken[0].contains("its checksum is"),
            "{:?}",
            unpacked.broken
        );
    }

    #[test]
    fn a_log_that_ends_early_is_told() {
        let log = encode(&files()).unwrap();
        let half: Vec<&str> = log.lines().take(4).collect();
        let (_, unpacked) = take_all(&half.join("\n"));
        assert!(
            unpacked
                .broken
                .last()
                .unwrap()
                .starts_with("the log ends before")
        );
    }

    proptest! {
        #[test]
        fn no_log_makes_it_panic(lines in proptest::collection::vec("(load-gen-file:)?[ -~é]{0,30}", 0..20)) {
            take_all(&lines.join("\n"));
        }
    }
}
