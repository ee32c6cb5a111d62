//! One line of a log in the common or combined format.

use std::sync::LazyLock;

use jiff::Timestamp;
use regex::Regex;

/// A request as a log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// The address or name of the client.
    pub(super) host: &'a str,
    /// When the request came (or ended, as the server pleases), seconds since 1970.
    pub(super) at_s: i64,
    /// The method.
    pub(super) method: &'a str,
    /// The path with its query, percent-encoded; it begins with `/`.
    pub(super) target: &'a str,
    /// The status of the answer.
    pub(super) status: u16,
    /// The program of the client; empty in the common format.
    pub(super) agent: &'a str,
}

/// The common format, perhaps with the virtual host before it, and whatever stands behind it.
static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let quoted = r#""((?:[^"\\]|\\.)*)""#;
    let form = format!(
        r"^(\S+) (\S+) (?:[^\[]*) \[([^\]]+)\] {quoted} (\d{{3}}) (?:\d+|-)(?: {quoted} {quoted})?"
    );
    Regex::new(&form).ok()
});

/// Reads a line; `None` where it has another form.
pub(super) fn line(text: &str) -> Option<Line<'_>> {
    let found = FORM.as_ref()?.captures(text)?;
    let part = |place: usize| found.get(place).map_or("", |it| it.as_str());
    let is_virtual = part(1).rsplit_once(':').is_some_and(|(name, port)| {
        !name.contains(':') && !port.is_empty() && port.bytes().all(|it| it.is_ascii_digit())
    });
    let host = if is_virtual && part(2) != "-" {
        part(2)
    } else {
        part(1)
    };
    let at = Timestamp::strptime("%d/%b/%Y:%H:%M:%S %z", part(3)).ok()?;
    let mut words = part(4).split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next());
    let is_request = version.is_none_or(|it| it.starts_with("HTTP/")) && words.next().is_none();
    if !is_request || method.is_empty() || !method.bytes().all(|it| it.is_ascii_uppercase()) {
        return None;
    }
    Some(Line {
        host,
        at_s: at.as_second(),
        method,
        target: below_host(target)?,
        status: part(5).parse().ok().filter(|it| (100..600).contains(it))?,
        agent: part(7),
    })
}

/// The path of a target, which proxies log with the host before it.
fn below_host(target: &str) -> Option<&str> {
    let target = match target.split_once("://") {
        Some(("http" | "https", rest)) => &rest[rest.find('/')?..],
        _ => target,
    };
    target.starts_with('/').then_some(target)
}
