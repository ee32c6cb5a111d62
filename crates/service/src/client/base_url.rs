//! The address of the service under test.

use std::fmt;
use std::str::FromStr;

use common::redact::{MASK, Secret, mask_urls};
use http::Uri;
use http::uri::Scheme;
use percent_encoding::percent_decode_str;
use thiserror::Error;

use super::origin::Origin;

/// An `http` or `https` URL, with or without a path, below which all requests of a profile go.
///
/// A user and password inside it are kept apart, as basic authentication; no form of it prints them.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl {
    origin: Origin,
    path: String,
    user: Option<(String, Secret)>,
}

/// Why a text is no base URL. The text is shown with its password masked.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{url}` is not a base URL: {reason}")]
pub struct BaseUrlError {
    /// The text, masked.
    pub url: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl BaseUrl {
    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The path without a slash at its end; empty for the root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether connections are encrypted.
    pub fn is_https(&self) -> bool {
        self.origin.is_https()
    }

    /// The user and password that were in the URL.
    pub fn user(&self) -> Option<(&str, &Secret)> {
        self.user
            .as_ref()
            .map(|(user, password)| (user.as_str(), password))
    }
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).map_err(|reason| BaseUrlError {
            url: masked(text),
            reason,
        })
    }
}

fn parse(text: &str) -> Result<BaseUrl, &'static str> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err("it must begin with http:// or https://");
    };
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" => Scheme::HTTP,
        "https" => Scheme::HTTPS,
        _ => return Err("only http:// and https:// are supported"),
    };
    if rest.contains('#') {
        return Err("it must not have a fragment (`#…`)");
    }
    if rest.contains('?') {
        return Err("it must not have a query (`?…`)");
    }
    if rest.is_empty() || rest.starts_with(['/', ':']) {
        return Err("it names no host");
    }
    let uri: Uri = text
        .parse()
        .map_err(|_| "it is not a valid URL; other characters than those of URLs need %XX")?;
    let authority = uri.authority().ok_or("it names no host")?;
    let origin = Origin::new(&scheme, authority).ok_or("its host or port is not valid")?;
    let user = match authority.as_str().rsplit_once('@') {
        Some((user_info, _)) => Some(parse_user(user_info)?),
        None => None,
    };
    Ok(BaseUrl {
        origin,
        path: uri.path().trim_end_matches('/').to_owned(),
        user,
    })
}

fn parse_user(user_info: &str) -> Result<(String, Secret), &'static str> {
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    let decode = |part: &str| {
        percent_decode_str(part)
            .decode_utf8()
            .map(std::borrow::Cow::into_owned)
            .map_err(|_| "its user or password is not UTF-8")
    };
    Ok((decode(user)?, Secret::new(decode(password)?)))
}

/// The text without what may be a password, wherever it stands in a broken URL.
fn masked(text: &str) -> String {
    let masked = mask_urls(text);
    let rest = masked
        .split_once("://")
        .map_or(masked.as_str(), |(_, rest)| rest);
    let Some((user_info, host)) = rest.rsplit_once('@') else {
        return masked;
    };
    if user_info.ends_with(&format!(":{MASK}")) {
        return masked;
    }
    let scheme = &masked[..masked.len() - rest.len()];
    format!("{scheme}{MASK}@{host}")
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = match &self.user {
            // A user without a password may be a token.
            Some((_, password)) if password.expose().is_empty() => format!("{MASK}@"),
            Some((user, _)) => format!("{user}:{MASK}@"),
            None => String::new(),
        };
        let (scheme, host) = (self.origin.scheme(), self.origin.authority());
        write!(f, "{scheme}://{user}{host}{}", self.path)
    }
}

impl fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_keeps_its_path_without_the_last_slash() {
        for (text, shown, path) in [
            ("http://localhost", "http://localhost", ""),
            ("http://localhost/", "http://localhost", ""),
            ("HTTP://LocalHost:80/a/", "http://localhost/a", "/a"),
            ("https://[::1]:8443/a/b//", "https://[::1]:8443/a/b", "/a/b"),
            ("https://h:443/x", "https://h/x", "/x"),
        ] {
            let base: BaseUrl = text.parse().unwrap();
            assert_eq!((base.to_string().as_str(), base.path()), (shown, path));
        }
    }

    #[test]
    fn a_wrong_base_url_is_refused_with_the_reason() {
        for (text, reason) in [
            ("localhost:8080", "must begin with http"),
            ("", "must begin with http"),
            ("ftp://h", "only http"),
            ("http://", "no host"),
            ("http:///path", "no host"),
            ("http://:80", "no host"),
            ("http://h:99999", "host or port"),
            ("http://h:port", "host or port"),
            ("http://h/a?b=c", "query"),
            ("http://h/a#b", "fragment"),
            ("http://h/a b", "not a valid URL"),
            ("http://user@", ""),
        ] {
            let error = text.parse::<BaseUrl>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn a_password_becomes_basic_authentication_and_is_never_shown() {
        let base: BaseUrl = "http://me:p%40ss@h/x".parse().unwrap();
        assert_eq!(base.user(), Some(("me", &Secret::new("p@ss"))));
        assert_eq!(
            format!("{base} {base:?}"),
            "http://me:****@h/x http://me:****@h/x"
        );
        let token: BaseUrl = "http://t0ken@h".parse().unwrap();
        assert_eq!(token.to_string(), "http://****@h");
    }

    #[test]
    fn a_password_in_a_broken_url_is_not_in_the_error() {
        for text in [
            "me:s3cret@h",
            "s3cret@h",
            "ftp://me:s3cret@h",
            "http://s3cret@h?q",
            "http://me:s3cret@h/a b",
            "http://me:s3cret@h#x",
        ] {
            let error = text.parse::<BaseUrl>().unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("s3cret"), "{shown}");
            assert!(shown.contains(MASK), "{shown}");
        }
    }
}
