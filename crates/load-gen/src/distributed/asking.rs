//! How a service is asked, as it travels to workers: with the contents of the files that flags name.

use std::path::{Path, PathBuf};

use common::files::{self, FileError};
use common::redact::Secret;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use service::connection::{ConnectionFlags, HttpName};

/// A secret that may travel inside of a message. It shows itself nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Carried(pub(super) Secret);

impl Serialize for Carried {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for Carried {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|it| Self(Secret::new(it)))
    }
}

/// How a service is asked: what [`ConnectionFlags`] say, without files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asking {
    timeout: f64,
    job_timeout: String,
    http: String,
    no_reuse: bool,
    compression: bool,
    insecure: bool,
    ca: Option<String>,
    cert: Option<String>,
    key: Option<Carried>,
    token: Option<Carried>,
    user: Option<String>,
    password: Option<Carried>,
    headers: Vec<Carried>,
}

/// What the flags say when none is given.
impl Default for Asking {
    fn default() -> Self {
        Self {
            timeout: 30.0,
            job_timeout: "300s".to_owned(),
            http: http_text(HttpName::default()).to_owned(),
            no_reuse: false,
            compression: false,
            insecure: false,
            ca: None,
            cert: None,
            key: None,
            token: None,
            user: None,
            password: None,
            headers: Vec::new(),
        }
    }
}

impl Asking {
    /// Reads the files that the flags name.
    pub fn of(flags: &ConnectionFlags) -> Result<Self, FileError> {
        let text = |path: &Option<PathBuf>| path.as_deref().map(files::read).transpose();
        let secret = |path: &Option<PathBuf>, given: &Option<Secret>| {
            let read = path.as_deref().map(first_line).transpose()?;
            Ok::<_, FileError>(read.or_else(|| given.clone()).map(Carried))
        };
        Ok(Self {
            timeout: flags.timeout,
            job_timeout: flags.job_timeout.clone(),
            http: http_text(flags.http).to_owned(),
            no_reuse: flags.no_reuse,
            compression: flags.compression,
            insecure: flags.insecure,
            ca: text(&flags.ca)?,
            cert: text(&flags.cert)?,
            key: text(&flags.key)?.map(|it| Carried(Secret::new(it))),
            token: secret(&flags.token_file, &flags.token)?,
            user: flags.user.clone(),
            password: secret(&flags.password_file, &flags.password)?,
            headers: flags
                .header
                .iter()
                .map(|it| inline_header(it))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The same flags again; certificates and keys become files of a folder that only this user may read.
    pub fn flags(&self, folder: &Path) -> Result<ConnectionFlags, FileError> {
        let file = |name: &str, text: Option<&str>| {
            let Some(text) = text else { return Ok(None) };
            let path = folder.join(name);
            files::write_whole(&path, text.as_bytes())?;
            Ok(Some(path))
        };
        Ok(ConnectionFlags {
            timeout: self.timeout,
            job_timeout: self.job_timeout.clone(),
            http: http_name(&self.http),
            no_reuse: self.no_reuse,
            compression: self.compression,
            ca: file("authorities.pem", self.ca.as_deref())?,
            cert: file("certificate.pem", self.cert.as_deref())?,
            key: file("key.pem", self.key.as_ref().map(|it| it.0.expose()))?,
            insecure: self.insecure,
            token_file: None,
            token: self.token.clone().map(|it| it.0),
            user: self.user.clone(),
            password_file: None,
            password: self.password.clone().map(|it| it.0),
            header: self
                .headers
                .iter()
                .map(|it| it.0.expose().to_owned())
                .collect(),
        })
    }

    /// Whether [`Asking::flags`] writes files: a worker that is killed leaves its folder.
    pub fn has_files(&self) -> bool {
        self.ca.is_some() || self.cert.is_some() || self.key.is_some()
    }

    /// The limit of one exchange in seconds, unchecked.
    pub fn timeout(&self) -> f64 {
        self.timeout
    }

    /// The limit of one job, unchecked.
    pub fn job_timeout(&self) -> &str {
        &self.job_timeout
    }

    /// Whether something in it must not be read by others.
    pub fn has_secrets(&self) -> bool {
        self.key.is_some()
            || self.token.is_some()
            || self.password.is_some()
            || !self.headers.is_empty()
    }
}

fn first_line(path: &Path) -> Result<Secret, FileError> {
    let text = files::read(path)?;
    Ok(Secret::new(text.lines().next().unwrap_or_default().trim()))
}

/// `Name: @FILE` with the first line of the file in its place.
fn inline_header(header: &str) -> Result<Carried, FileError> {
    let inlined = match header.split_once(':') {
        Some((name, value)) => match value.trim().strip_prefix('@') {
            Some(path) => format!("{name}: {}", first_line(Path::new(path))?.expose()),
            None => header.to_owned(),
        },
        None => header.to_owned(),
    };
    Ok(Carried(Secret::new(inlined)))
}

fn http_text(http: HttpName) -> &'static str {
    match http {
        HttpName::Auto => "auto",
        HttpName::Http1 => "1.1",
        HttpName::Http2 => "2",
    }
}

fn http_name(text: &str) -> HttpName {
    match text {
        "1.1" => HttpName::Http1,
        "2" => HttpName::Http2,
        _ => HttpName::Auto,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        flags: ConnectionFlags,
    }

    #[test]
    fn no_flags_are_the_default() {
        let none = Asking::of(&Line::parse_from(["load-gen"]).flags).unwrap();
        assert_eq!(none, Asking::default());
        assert!(!none.has_secrets());
    }

    #[test]
    fn flags_arrive_with_the_contents_of_their_files_and_show_no_secret() {
        let here = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = here.path().join(name);
            files::write_whole(&path, text.as_bytes()).unwrap();
            path.display().to_string()
        };
        let line = [
            "load-gen".to_owned(),
            "--timeout=2.5".to_owned(),
            "--http=2".to_owned(),
            format!("--token-file={}", file("token", "hush-token\n")),
            format!("--ca={}", file("ca", "authority")),
            format!("--cert={}", file("cert", "certificate")),
            format!("--key={}", file("key", "hush-key")),
            format!("--header=X-Key: @{}", file("header", "hush-header")),
            "--header=Accept: text/csv".to_owned(),
        ];
        let asking = Asking::of(&Line::parse_from(line).flags).unwrap();
        assert!(asking.has_secrets());
        assert!(!format!("{asking:?}").contains("hush"), "{asking:?}");
        let there = tempfile::tempdir().unwrap();
        let flags = asking.flags(there.path()).unwrap();
        assert_eq!(flags.token.as_ref().map(Secret::expose), Some("hush-token"));
        assert_eq!(flags.header, ["X-Key: hush-header", "Accept: text/csv"]);
        assert_eq!(
            files::read(flags.key.as_deref().unwrap()).unwrap(),
            "hush-key"
        );
        assert_eq!(
            files::read(flags.ca.as_deref().unwrap()).unwrap(),
            "authority"
        );
        assert_eq!((flags.timeout, flags.http), (2.5, HttpName::Http2));
        assert_eq!(Asking::of(&flags).unwrap(), asking);
    }
}
