//! The PostgreSQL programs installed on this machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::embedded_error::EmbeddedError;

/// An installation that can run a server with PostGIS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresBinaries {
    /// The folder with `postgres` and `initdb`.
    pub bin: PathBuf,
    /// The folder with `extension/`.
    pub share: PathBuf,
    /// The version, `15.20`.
    pub version: String,
}

impl PostgresBinaries {
    /// The newest installation that has PostGIS, or the one in `folder`.
    pub fn find(folder: Option<&Path>) -> Result<Self, EmbeddedError> {
        let folders = match folder {
            Some(folder) => vec![folder.to_owned()],
            None => usual_folders(),
        };
        let mut found: Vec<_> = folders
            .iter()
            .filter_map(|bin| Self::in_folder(bin))
            .collect();
        found.sort_by_key(PostgresBinaries::version_numbers);
        let newest = found.last().map(PostgresBinaries::major);
        found
            .into_iter()
            .rev()
            .find(|binaries| binaries.has_extension("postgis"))
            .ok_or_else(|| match (newest, folder) {
                (Some(major), _) => EmbeddedError::NoPostgis { major },
                (None, Some(folder)) => EmbeddedError::NoPostgresIn {
                    folder: folder.to_owned(),
                },
                (None, None) => EmbeddedError::NoPostgres,
            })
    }

    /// The major version, 15.
    pub fn major(&self) -> u32 {
        self.version_numbers().0
    }

    /// Whether the extension's control file is installed.
    pub fn has_extension(&self, name: &str) -> bool {
        self.share
            .join("extension")
            .join(format!("{name}.control"))
            .is_file()
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    fn version_numbers(&self) -> (u32, u32) {
        let mut numbers = self
            .version
            .split(|character: char| !character.is_ascii_digit())
            .map(|digits| digits.parse().unwrap_or(0));
        (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
    }

    fn in_folder(bin: &Path) -> Option<Self> {
        if !bin.join("initdb").is_file() {
            return None;
        }
        let version = output_of(&bin.join("postgres"), "--version")?;
        let version = version
            .split_whitespace()
            .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?
            .to_owned();
        let share = share_folder(bin, &version)?;
        Some(Self {
            bin: bin.to_owned(),
            share,
            version,
        })
    }
}

/// The first program of this name on the `PATH`.
pub(super) fn on_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

fn usual_folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for parent in ["/usr/lib/postgresql", "/usr", "/usr/local"] {
        folders.extend(subfolders(Path::new(parent)).map(|folder| folder.join("bin")));
    }
    folders.extend(on_path("initdb").and_then(|program| Some(program.parent()?.to_owned())));
    let config = on_path("pg_config").and_then(|program| output_of(&program, "--bindir"));
    folders.extend(config.map(PathBuf::from));
    folders.sort();
    folders.dedup();
    folders
}

fn subfolders(parent: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
}

fn share_folder(bin: &Path, version: &str) -> Option<PathBuf> {
    let major: String = version.chars().take_while(char::is_ascii_digit).collect();
    let configured = output_of(&bin.join("pg_config"), "--sharedir").map(PathBuf::from);
    let prefix = bin.parent()?;
    configured
        .into_iter()
        .chain([
            Path::new("/usr/share/postgresql").join(major),
            prefix.join("share/postgresql"),
            prefix.join("share"),
            PathBuf::from("/usr/share/pgsql"),
        ])
        .find(|share| share.join("extension").is_dir())
}

fn output_of(program: &Path, argument: &str) -> Option<String> {
    let output = Command::new(program)
        .arg(argument)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_number() {
        let version = |text: &str| {
            PostgresBinaries {
                bin: PathBuf::new(),
                share: PathBuf::new(),
                version: text.to_owned(),
            }
            .version_numbers()
        };
        assert!(version("9.6.24") < version("15.2"));
        assert!(version("15.2") < version("15.20"));
        assert_eq!(version("18beta1").0, 18);
    }

    #[test]
    fn a_folder_without_a_server_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let error = PostgresBinaries::find(Some(folder.path())).unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&folder.path().display().to_string())
        );
    }
}
