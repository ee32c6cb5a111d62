//! The server that a request goes to, and the address of the request on it.

use std::sync::Arc;

use http::Uri;
use http::header::HeaderValue;
use http::uri::{Authority, PathAndQuery, Scheme};
use rustls::pki_types::ServerName;

/// Scheme, host and port: what a connection is for, and what secrets are bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    is_https: bool,
    /// The host in lower case; an IPv6 address without brackets.
    host: String,
    port: u16,
    /// Host and port as in `Host`: without the port where it is the scheme's own.
    authority: Authority,
    host_header: HeaderValue,
    server_name: Option<ServerName<'static>>,
}

impl Origin {
    /// `None` where the authority has no host or a port that is none.
    pub(super) fn new(scheme: &Scheme, authority: &Authority) -> Option<Self> {
        let is_https = match scheme.as_str() {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let own_port = if is_https { 443 } else { 80 };
        let in_url = authority.host().to_ascii_lowercase();
        let host = in_url.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return None;
        }
        let after_host = authority.as_str().rsplit('@').next()?.get(in_url.len()..)?;
        let port = match after_host.strip_prefix(':') {
            None | Some("") => own_port,
            Some(port) => port.parse().ok()?,
        };
        let shown = if port == own_port {
            in_url.clone()
        } else {
            format!("{in_url}:{port}")
        };
        Some(Self {
            is_https,
            port,
            host_header: HeaderValue::from_str(&shown).ok()?,
            authority: shown.parse().ok()?,
            server_name: ServerName::try_from(host.to_owned()).ok(),
            host: host.to_owned(),
        })
    }

    pub(super) fn of(uri: &Uri) -> Option<Self> {
        Self::new(uri.scheme()?, uri.authority()?)
    }

    pub(super) fn is_https(&self) -> bool {
        self.is_https
    }

    pub(super) fn scheme(&self) -> Scheme {
        if self.is_https {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        }
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    pub(super) fn host_header(&self) -> &HeaderValue {
        &self.host_header
    }

    /// The name that the server's certificate must be for; `None` where the host is no valid name.
    pub(super) fn server_name(&self) -> Option<&ServerName<'static>> {
        self.server_name.as_ref()
    }
}

/// An address on a server.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) origin: Arc<Origin>,
    /// Whether the origin is that of the base URL, so that its secrets may be sent.
    pub(super) is_home: bool,
    pub(super) path: PathAndQuery,
}

impl Place {
    /// The absolute address.
    pub(super) fn uri(&self) -> Uri {
        Uri::builder()
            .scheme(self.origin.scheme())
            .authority(self.origin.authority().clone())
            .path_and_query(self.path.clone())
            .build()
            .unwrap_or_default()
    }

    /// The address for messages: a query may hold a secret and is left out.
    pub(super) fn shown(&self) -> String {
        let query = if self.path.query().is_some() {
            "?…"
        } else {
            ""
        };
        let (scheme, host) = (self.origin.scheme(), self.origin.authority());
        format!("{scheme}://{host}{}{query}", self.path.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Option<Origin> {
        Origin::of(&text.parse().unwrap())
    }

    #[test]
    fn origins_are_equal_whatever_the_spelling() {
        let plain = origin("http://h/").unwrap();
        assert_eq!(origin("http://H:80/x").unwrap(), plain);
        assert_eq!(origin("http://user:pw@h").unwrap(), plain);
        assert_ne!(origin("https://h").unwrap(), plain);
        assert_ne!(origin("http://h:81").unwrap(), plain);
    }

    #[test]
    fn the_host_header_has_a_port_only_where_it_is_needed() {
        for (url, header, host, port) in [
            ("http://h:80", "h", "h", 80),
            ("https://h", "h", "h", 443),
            ("https://h:80", "h:80", "h", 80),
            ("http://[::1]:8080", "[::1]:8080", "::1", 8080),
            ("http://a:b@[::1]", "[::1]", "::1", 80),
        ] {
            let origin = origin(url).unwrap();
            assert_eq!(origin.host_header(), header);
            assert_eq!((origin.host(), origin.port()), (host, port));
        }
        assert_eq!(origin("ftp://h"), None);
    }
}
