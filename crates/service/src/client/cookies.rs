//! The cookies of one user (RFC 6265).

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use cookie::Cookie;
use http::HeaderMap;
use http::header::{COOKIE, HeaderValue, SET_COOKIE};
use jiff::Timestamp;
use tokio::time::Instant;

use super::origin::Place;

/// Cookies that a user keeps, about as many as browsers keep of one site; the oldest are forgotten first.
const MOST_COOKIES: usize = 180;

/// Longest name with its value, bytes; longer ones are not kept, as browsers do (RFC 6265, 6.1).
const LONGEST_BYTES: usize = 4096;

/// The cookies that servers have given to one user.
///
/// There is no list of public suffixes: a `Domain` without a dot counts as one, so that a cookie can reach
/// other hosts of `example.org`, and of `co.uk`, but never all of `uk`.
#[derive(Default)]
pub(super) struct Jar {
    /// In the order in which they came.
    cookies: Vec<Kept>,
}

struct Kept {
    name: Box<str>,
    value: Box<str>,
    scope: Scope,
    path: Box<str>,
    is_secure: bool,
    /// `None` where it lasts as long as the user.
    until: Option<Instant>,
}

/// Which hosts a cookie is for.
#[derive(PartialEq, Eq)]
enum Scope {
    Host(Box<str>),
    /// The domain and all hosts in it.
    Domain(Box<str>),
}

impl Jar {
    /// Keeps the cookies of an answer from a place, as far as it may set them.
    pub(super) fn keep(&mut self, place: &Place, headers: &HeaderMap) {
        for value in headers.get_all(SET_COOKIE) {
            if let Ok(text) = std::str::from_utf8(value.as_bytes())
                && let Ok(cookie) = Cookie::parse(text)
            {
                self.keep_one(place, &cookie);
            }
        }
    }

    fn keep_one(&mut self, place: &Place, cookie: &Cookie<'_>) {
        let (name, value) = (cookie.name(), cookie.value());
        let Some(scope) = Scope::of(place.origin.host(), cookie.domain()) else {
            return;
        };
        if name.len() + value.len() > LONGEST_BYTES {
            return;
        }
        let path = match cookie.path() {
            Some(path) if path.starts_with('/') => path,
            _ => directory(place.path.path()),
        };
        let now = Instant::now();
        let lifetime = lifetime(cookie);
        let place_of_old = self
            .cookies
            .iter()
            .position(|old| *old.name == *name && old.scope == scope && *old.path == *path);
        if lifetime == Some(Duration::ZERO) {
            if let Some(index) = place_of_old {
                self.cookies.remove(index);
            }
            return;
        }
        let kept = Kept {
            name: name.into(),
            value: value.into(),
            scope,
            path: path.into(),
            is_secure: cookie.secure() == Some(true),
            until: lifetime.and_then(|it| now.checked_add(it)),
        };
        if let Some(index) = place_of_old {
            self.cookies[index] = kept;
            return;
        }
        self.cookies.retain(|old| !old.is_over(now));
        if self.cookies.len() >= MOST_COOKIES {
            self.cookies.remove(0);
        }
        self.cookies.reserve_exact(1);
        self.cookies.push(kept);
    }

    /// Adds those that a place may see to the headers of a request. What the request itself says of a
    /// cookie goes before what the jar says.
    pub(super) fn add_to(&self, headers: &mut HeaderMap, place: &Place) {
        if self.cookies.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut fitting: Vec<&Kept> = self
            .cookies
            .iter()
            .filter(|it| !it.is_over(now) && it.fits(place))
            .collect();
        // Longer paths first, then older ones (RFC 6265, 5.4).
        fitting.sort_by_key(|it| std::cmp::Reverse(it.path.len()));
        let own: Vec<&[u8]> = headers
            .get_all(COOKIE)
            .iter()
            .map(HeaderValue::as_bytes)
            .collect();
        let mut line = own.join(&b"; "[..]);
        let is_own = |name: &str| {
            own.iter()
                .flat_map(|it| it.split(|byte| *byte == b';'))
                .filter_map(|it| it.split(|byte| *byte == b'=').next())
                .any(|it| it.trim_ascii() == name.as_bytes())
        };
        for cookie in fitting.into_iter().filter(|it| !is_own(&it.name)) {
            let separator = if line.is_empty() { "" } else { "; " };
            for part in [separator, &cookie.name, "=", &cookie.value] {
                line.extend_from_slice(part.as_bytes());
            }
        }
        if line.is_empty() {
            return;
        }
        // It came in a header, so that it can go in one.
        if let Ok(mut value) = HeaderValue::from_maybe_shared(Bytes::from(line)) {
            value.set_sensitive(true);
            headers.insert(COOKIE, value);
        }
    }
}

impl Kept {
    fn is_over(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    fn fits(&self, place: &Place) -> bool {
        let host = place.origin.host();
        let is_host = match &self.scope {
            Scope::Host(own) => **own == *host,
            Scope::Domain(domain) => is_within(host, domain),
        };
        is_host
            && (!self.is_secure || place.origin.is_https())
            && is_below(place.path.path(), &self.path)
    }
}

impl Scope {
    /// `None` where a host may not set a cookie for this domain.
    fn of(host: &str, domain: Option<&str>) -> Option<Self> {
        let Some(domain) = domain else {
            return Some(Self::Host(host.into()));
        };
        let domain = domain.to_ascii_lowercase();
        let is_address = host.parse::<IpAddr>().is_ok();
        if is_address || !domain.contains('.') {
            return (domain == host).then(|| Self::Host(host.into()));
        }
        is_within(host, &domain).then(|| Self::Domain(domain.into()))
    }
}

/// How long a cookie lasts, zero where it is to be removed; `None` where it lasts as long as the user.
fn lifetime(cookie: &Cookie<'_>) -> Option<Duration> {
    if let Some(age) = cookie.max_age() {
        return Some(age.try_into().unwrap_or_default());
    }
    let end = cookie.expires_datetime()?.unix_timestamp();
    let left = end.saturating_sub(Timestamp::now().as_second());
    Some(Duration::from_secs(left.try_into().unwrap_or_default()))
}

/// Whether a host is a domain or in it (RFC 6265, 5.1.3).
fn is_within(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// Whether a path is that of a cookie or below it (RFC 6265, 5.1.4).
fn is_below(path: &str, of_cookie: &str) -> bool {
    path.strip_prefix(of_cookie)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || of_cookie.ends_with('/'))
}

/// The path of a cookie that does not say one: that of the request without its last part.
fn directory(path: &str) -> &str {
    match path.rfind('/') {
        None | Some(0) => "/",
        Some(end) => &path[..end],
    }
}
