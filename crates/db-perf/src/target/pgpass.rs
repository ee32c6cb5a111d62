//! The password file `~/.pgpass`.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use common::redact::Secret;

/// One line of the file: four patterns and the password.
#[derive(Debug)]
struct Line {
    patterns: [String; 4],
    password: Secret,
}

/// The lines of a password file, in order.
#[derive(Debug, Default)]
pub(super) struct PasswordFile {
    lines: Vec<Line>,
}

/// What a password is looked up for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The names under which the server may stand in the file.
    pub(super) hosts: &'a [String],
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

impl PasswordFile {
    /// Reads the file. A missing file is empty; one that others may read is ignored, as libpq does,
    /// and the reason is given back as a warning.
    pub(super) fn read(path: &Path) -> (Self, Option<String>) {
        match Self::try_read(path) {
            Ok(file) => (file, None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Self::default(), None),
            Err(error) => {
                let warning = format!("password file `{}` ignored: {error}", path.display());
                (Self::default(), Some(warning))
            }
        }
    }

    fn try_read(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a plain file"));
        }
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let text = format!("its mode is {mode:04o}, it must be 0600 or stricter");
            return Err(io::Error::other(text));
        }
        Ok(Self::parse(&std::fs::read_to_string(path)?))
    }

    fn parse(text: &str) -> Self {
        let lines = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(parse_line)
            .collect();
        Self { lines }
    }

    /// The password of the first line that fits.
    pub(super) fn lookup(&self, wanted: Wanted<'_>) -> Option<&Secret> {
        let port = wanted.port.to_string();
        self.lines
            .iter()
            .find(|line| {
                let [host, line_port, database, user] = &line.patterns;
                (host == "*" || wanted.hosts.contains(host))
                    && fits(line_port, &port)
                    && fits(database, wanted.database)
                    && fits(user, wanted.user)
            })
            .map(|line| &line.password)
    }
}

fn fits(pattern: &str, value: &str) -> bool {
    pattern == "*" || pattern == value
}

fn parse_line(line: &str) -> Option<Line> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == ':' && fields.len() <= 5 {
            fields.push(String::new());
            continue;
        }
        let character = match character {
            '\\' => characters.next().unwrap_or('\\'),
            other => other,
        };
        if let Some(field) = fields.last_mut() {
            field.push(character);
        }
    }
    let mut fields = fields.into_iter();
    let patterns = [
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
    ];
    let password = Secret::new(fields.next()?);
    Some(Line { patterns, password })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r"# a comment
db:5432:sky:app:first
db:*:*:app:a\:b\\c
broken line
*:*:*:guest:any:ignored
localhost:5432:*:*:local
";

    fn lookup(host: &str, port: u16, database: &str, user: &str) -> Option<String> {
        let hosts = [host.to_owned()];
        let wanted = Wanted {
            hosts: &hosts,
            port,
            database,
            user,
        };
        PasswordFile::parse(FILE)
            .lookup(wanted)
            .map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn the_first_line_that_fits_gives_the_password() {
        assert_eq!(lookup("db", 5432, "sky", "app").as_deref(), Some("first"));
        assert_eq!(lookup("db", 5433, "sky", "app").as_deref(), Some(r"a:b\c"));
        assert_eq!(lookup("elsewhere", 1, "x", "guest").as_deref(), Some("any"));
        assert_eq!(
            lookup("localhost", 5432, "x", "y").as_deref(),
            Some("local")
        );
        assert_eq!(lookup("db", 5432, "sky", "root"), None);
    }

    #[test]
    fn a_file_that_others_may_read_is_ignored_with_a_warning() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (mode, warned) in [(0o644, true), (0o640, true), (0o600, false), (0o400, false)] {
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            let (_, warning) = PasswordFile::read(file.path());
            assert_eq!(warning.is_some(), warned, "{mode:o} {warning:?}");
        }
        let (_, warning) = PasswordFile::read(Path::new("/nonexistent/.pgpass"));
        assert_eq!(warning, None);
    }
}
