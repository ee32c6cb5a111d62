//! Files of this machine that the pods need: they travel in a `ConfigMap`.

use std::fs;
use std::path::{Path, PathBuf};

/// Where the files are in the pods.
pub(super) const FOLDER: &str = "/files";

/// What a `ConfigMap` can hold; the API server refuses more.
const MOST_BYTES: usize = 1024 * 1024;

/// Flags of `load-gen` whose value is a file that it reads.
const FILE_FLAGS: [&str; 5] = ["--scenario", "-f", "--catalog", "--ca", "--cert"];

/// Flags whose value is a file with a secret, which does not belong into a `ConfigMap`.
const SECRET_FLAGS: [&str; 4] = [
    "--key",
    "--token-file",
    "--password-file",
    "--remote-write-token-file",
];

/// A file that goes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CarriedFile {
    /// Its name without folders.
    pub(super) name: String,
    /// What is in it.
    pub(super) bytes: Vec<u8>,
}

/// Files and the flags that name them where they are in the pods.
#[derive(Debug, Default)]
pub(super) struct Carried {
    pub(super) files: Vec<CarriedFile>,
    pub(super) flags: Vec<String>,
}

/// Takes along what the flags name, where it is a file here, and the extra files.
pub(super) fn carry(flags: &[String], extra: &[PathBuf]) -> Result<Carried, String> {
    let mut carried = Carried::default();
    for path in extra {
        carried.add("--file", path)?;
    }
    let mut awaited: Option<&str> = None;
    for word in flags {
        let (name, value) = match awaited.take() {
            Some(name) => (name, Some(word.as_str())),
            None => split(word),
        };
        let Some(value) = value else {
            let takes_file = FILE_FLAGS.contains(&name) || SECRET_FLAGS.contains(&name);
            awaited = takes_file.then_some(name);
            carried.flags.push(word.clone());
            continue;
        };
        // A name that is no file here is a built-in scenario, or a file of the image.
        let is_here = Path::new(value).is_file();
        if is_here && SECRET_FLAGS.contains(&name) {
            return Err(format!(
                "`{name}` must not name a file of this machine, since secrets do not go along: \
                 `--token-secret` and `--env-secret` take them from a Secret"
            ));
        }
        let word = if is_here && FILE_FLAGS.contains(&name) {
            let there = carried.add(name, Path::new(value))?;
            format!("{}{there}", &word[..word.len() - value.len()])
        } else {
            word.clone()
        };
        carried.flags.push(word);
    }
    let bytes: usize = carried
        .files
        .iter()
        .map(|it| it.name.len() + it.bytes.len())
        .sum();
    if bytes > MOST_BYTES {
        return Err(format!(
            "the files of the scenario have {bytes} bytes together, and a ConfigMap holds {MOST_BYTES}; \
             larger ones belong into the image"
        ));
    }
    Ok(carried)
}

/// Name and value of a word of a command line: `--name=value`, `-fvalue`; of another word only the name.
fn split(word: &str) -> (&str, Option<&str>) {
    if word.starts_with("--") {
        return match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
    }
    match word.split_at_checked(2) {
        Some((name, value)) if name.starts_with('-') && !value.is_empty() => (name, Some(value)),
        _ => (word, None),
    }
}

impl Carried {
    /// Adds a file; its path in the pods.
    fn add(&mut self, flag: &str, path: &Path) -> Result<String, String> {
        let shown = path.display();
        let name = path.file_name().and_then(|it| it.to_str());
        let plain = |it: char| it.is_ascii_alphanumeric() || "-_.".contains(it);
        let Some(name) = name.filter(|it| it.chars().all(plain) && it.len() <= 253) else {
            return Err(format!(
                "`{flag}` `{shown}`: the name of a file that goes along must be of letters, digits, `-`, `_` and `.`"
            ));
        };
        let bytes = fs::read(path)
            .map_err(|error| format!("`{flag}`: failed to read `{shown}`: {error}"))?;
        let there = format!("{FOLDER}/{name}");
        match self.files.iter().find(|it| it.name == name) {
            Some(same) if same.bytes == bytes => {}
            Some(_) => {
                return Err(format!(
                    "`{flag}` `{shown}`: another file of the name `{name}` goes along already"
                ));
            }
            None => self.files.push(CarriedFile {
                name: name.to_owned(),
                bytes,
            }),
        }
        Ok(there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::files::write_whole;

    fn texts(flags: &[&str]) -> Vec<String> {
        flags.iter().map(|it| (*it).to_owned()).collect()
    }

    #[test]
    fn files_are_renamed_to_where_they_are_in_the_pods() {
        let folder = tempfile::tempdir().unwrap();
        let scenario = folder.path().join("night.toml");
        let feed = folder.path().join("targets.csv");
        write_whole(&scenario, b"[[persona]]").unwrap();
        write_whole(&feed, b"ra,dec").unwrap();
        let path = scenario.to_str().unwrap();

        let carried = carry(
            &texts(&[
                "spike",
                "-f",
                path,
                &format!("-f{path}"),
                &format!("--scenario={path}"),
                "--users",
                "5",
            ]),
            std::slice::from_ref(&feed),
        )
        .unwrap();
        assert_eq!(
            carried.flags.join(" "),
            "spike -f /files/night.toml -f/files/night.toml --scenario=/files/night.toml --users 5"
        );
        let names: Vec<_> = carried.files.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["targets.csv", "night.toml"]);
    }

    #[test]
    fn a_built_in_scenario_is_no_file() {
        let carried = carry(&texts(&["--scenario", "mixed"]), &[]).unwrap();
        assert_eq!(carried.flags, ["--scenario", "mixed"]);
        assert!(carried.files.is_empty());
    }

    #[test]
    fn a_file_with_a_secret_does_not_go_along() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let flag = format!("--token-file={}", file.path().display());
        let mistake = carry(&[flag], &[]).unwrap_err();
        assert!(
            mistake.starts_with("`--token-file` must not name a file"),
            "{mistake}"
        );
        assert!(carry(&texts(&["--token-file", "/run/secrets/token"]), &[]).is_ok());
    }

    #[test]
    fn what_a_config_map_cannot_hold_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let large = folder.path().join("large.csv");
        write_whole(&large, &vec![b'x'; MOST_BYTES]).unwrap();
        let mistake = carry(&[], &[large]).unwrap_err();
        assert!(
            mistake.contains("1048585 bytes together, and a ConfigMap holds 1048576"),
            "{mistake}"
        );
    }

    #[test]
    fn two_files_of_one_name_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["a", "b"].map(|it| folder.path().join(it).join("x.csv"));
        for path in [&one, &other] {
            fs::create_dir(path.parent().unwrap()).unwrap();
            write_whole(path, path.as_os_str().as_encoded_bytes()).unwrap();
        }
        let mistake = carry(&[], &[one, other]).unwrap_err();
        assert!(
            mistake.ends_with("another file of the name `x.csv` goes along already"),
            "{mistake}"
        );
    }
}
