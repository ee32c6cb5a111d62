//! Writing scenario files.

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The longest name that is made of a path, characters.
const LONGEST_NAME: usize = 60;

/// A file that grows.
#[derive(Debug, Default)]
pub(super) struct Page(pub(super) String);

impl Page {
    /// A line as it is.
    pub(super) fn line(&mut self, line: &str) {
        let _ = writeln!(self.0, "{line}");
    }

    /// A comment of one line.
    pub(super) fn comment(&mut self, text: &str) {
        let _ = writeln!(self.0, "# {}", one_line(text));
    }

    /// A key with a text.
    pub(super) fn entry(&mut self, name: &str, text: &str) {
        let _ = writeln!(self.0, "{} = {}", key(name), quote(text));
    }

    /// A section of texts; nothing where there are none.
    pub(super) fn section(&mut self, name: &str, entries: &[(String, String)]) {
        if entries.is_empty() {
            return;
        }
        let _ = writeln!(self.0, "\n[{name}]");
        let mut names = BTreeSet::new();
        for (name, text) in entries {
            // A parameter that is given twice can stand in the file once.
            if names.insert(name) {
                self.entry(name, text);
            }
        }
    }
}

/// A text as TOML writes it.
pub(super) fn quote(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A key as TOML writes it.
pub(super) fn key(name: &str) -> String {
    if service::profile::is_value_name(name) {
        return name.to_owned();
    }
    // JSON and TOML agree but for this character, which JSON leaves as it is.
    serde_json::Value::from(name)
        .to_string()
        .replace('\u{7f}', "\\u007F")
}

/// A text without line ends and control characters, which a comment may not hold.
pub(super) fn one_line(text: &str) -> String {
    let spaced = text
        .chars()
        .map(|it| if it.is_control() { ' ' } else { it });
    let spaced: String = spaced.collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text that has no placeholders, as a template.
pub(super) fn plain(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// A name for reports, made of words and different from all `names`.
pub(super) fn name_of(words: &str, names: &mut BTreeSet<String>) -> String {
    let parts = words.split(|it: char| !it.is_ascii_alphanumeric());
    let parts: Vec<String> = parts
        .filter(|it| !it.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let mut name: String = parts.join("_").chars().take(LONGEST_NAME).collect();
    if name.is_empty() {
        name.push_str("request");
    }
    let mut unique = name.clone();
    let mut number = 1_u32;
    while !names.insert(unique.clone()) {
        number += 1;
        unique = format!("{name}_{number}");
    }
    unique
}

/// Whether the name of a parameter or field says that its value is a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|it| it.to_ascii_lowercase())
        .collect();
    let whole = [
        "key", "sid", "sig", "auth", "code", "pwd", "pass", "pin", "otp", "jwt", "state",
    ];
    let parts = [
        "token",
        "secret",
        "passw",
        "passphrase",
        "apikey",
        "accesskey",
        "session",
        "signature",
        "credential",
        "authorization",
        "csrf",
        "xsrf",
        "nonce",
        "samlresponse",
    ];
    whole.contains(&plain.as_str()) || parts.iter().any(|it| plain.contains(it))
}

/// Whether a path ends like an image, a style, a script or a font.
pub(super) fn is_asset(path: &str) -> bool {
    let extension = path.rsplit('/').next().and_then(|it| it.rsplit_once('.'));
    let extension = extension.map(|it| it.1.to_ascii_lowercase());
    let assets = [
        "css", "js", "mjs", "map", "png", "jpg", "jpeg", "gif", "svg", "ico", "webp", "avif",
        "woff", "woff2", "ttf", "otf", "eot", "mp4", "webm",
    ];
    extension.is_some_and(|it| assets.contains(&it.as_str()))
}
