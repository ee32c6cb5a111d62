//! What all clients of one service share: options, TLS, prepared headers, known addresses.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, COOKIE, HOST, HeaderName, HeaderValue,
    PROXY_AUTHORIZATION, USER_AGENT,
};
use http::uri::PathAndQuery;
use http::{HeaderMap, Uri};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::error::{TransportKind, Trouble};
use super::origin::{Origin, Place};
use super::sources::Sources;
use super::{Auth, ClientOptions, EndpointError, location, tls};
use crate::request::Target;

/// How long the addresses of a name are used again. Shorter than the 30 s that cluster DNS allows, so
/// that a service that moves is found, and long enough that name resolution is not what is measured.
const ADDRESSES_LAST: Duration = Duration::from_secs(10);

/// A service under test and how it is asked; shared by all its clients.
pub struct Endpoint {
    options: ClientOptions,
    home: Arc<Origin>,
    tls: TlsConnector,
    /// The headers of every request to the base URL's server.
    headers: HeaderMap,
    addresses: Mutex<Option<(Instant, Vec<SocketAddr>)>>,
    sources: Sources,
}

impl Endpoint {
    /// Reads the files and prepares what all requests have in common.
    pub fn new(options: ClientOptions) -> Result<Self, EndpointError> {
        let needs_tls = options.base.is_https();
        let config = tls::client_config(&options.tls, options.version, needs_tls)?;
        let home = Arc::new(options.base.origin().clone());
        let headers = prepared_headers(&options)?;
        Ok(Self {
            home,
            tls: TlsConnector::from(Arc::new(config)),
            headers,
            addresses: Mutex::new(None),
            sources: Sources::new(&options.source_addresses)?,
            options,
        })
    }

    /// The options.
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// The target of a `Location` in the answer from `target`; `None` where it is no address of HTTP.
    pub fn resolve(&self, target: &Target, location: &str) -> Option<Target> {
        let place = self.place(target).ok()?;
        location::resolve(&place, location.as_bytes()).map(Target::Absolute)
    }

    /// The whole address of a target; `None` where it is not valid.
    pub fn address(&self, target: &Target) -> Option<Uri> {
        self.place(target).ok().map(|place| place.uri())
    }

    pub(super) fn sources(&self) -> &Sources {
        &self.sources
    }

    pub(super) fn tls(&self) -> &TlsConnector {
        &self.tls
    }

    pub(super) fn place(&self, target: &Target) -> Result<Place, Trouble> {
        match target {
            Target::Below(below) => self.place_below(below),
            Target::Absolute(uri) => self.place_of(uri),
        }
    }

    fn place_below(&self, below: &str) -> Result<Place, Trouble> {
        let base = self.options.base.path();
        let path = match below.as_bytes().first() {
            Some(b'/') if base.is_empty() => PathAndQuery::try_from(below),
            Some(b'/') => PathAndQuery::from_maybe_shared(Bytes::from([base, below].concat())),
            None | Some(b'?') => {
                let base = if base.is_empty() { "/" } else { base };
                PathAndQuery::from_maybe_shared(Bytes::from([base, below].concat()))
            }
            Some(_) => {
                return Err(invalid("the path of a request must begin with `/`"));
            }
        };
        Ok(Place {
            origin: Arc::clone(&self.home),
            is_home: true,
            path: path.map_err(|error| invalid(&format!("the path is not valid: {error}")))?,
        })
    }

    pub(super) fn place_of(&self, uri: &Uri) -> Result<Place, Trouble> {
        let Some(origin) = Origin::of(uri) else {
            return Err(invalid("the address is none of http or https"));
        };
        let is_home = origin == *self.home;
        Ok(Place {
            origin: if is_home {
                Arc::clone(&self.home)
            } else {
                Arc::new(origin)
            },
            is_home,
            path: uri
                .path_and_query()
                .cloned()
                .unwrap_or_else(|| PathAndQuery::from_static("/")),
        })
    }

    /// The headers of a request: those of all requests, then its own in their place.
    ///
    /// Secrets go to the server of the base URL only, wherever redirects lead.
    pub(super) fn headers_for(&self, place: &Place, own: &HeaderMap, is_http2: bool) -> HeaderMap {
        let mut headers = self.headers.clone();
        for name in own.keys() {
            headers.remove(name);
        }
        for (name, value) in own {
            headers.append(name, value.clone());
        }
        if !place.is_home {
            headers = without_secrets(&headers);
            headers.insert(HOST, place.origin.host_header().clone());
        }
        if is_http2 {
            headers.remove(HOST);
            headers.remove(CONNECTION);
        }
        headers
    }

    pub(super) fn known_addresses(&self, origin: &Origin) -> Option<Vec<SocketAddr>> {
        if *origin != *self.home {
            return None;
        }
        let known = self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (since, addresses) = known.as_ref()?;
        (since.elapsed() < ADDRESSES_LAST).then(|| addresses.clone())
    }

    pub(super) fn remember_addresses(&self, origin: &Origin, addresses: &[SocketAddr]) {
        if *origin == *self.home {
            let mut known = self
                .addresses
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *known = Some((Instant::now(), addresses.to_vec()));
        }
    }

    pub(super) fn forget_addresses(&self) {
        *self
            .addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn invalid(cause: &str) -> Trouble {
    Trouble::new(TransportKind::InvalidRequest, cause)
}

fn is_secret(name: &HeaderName, value: &HeaderValue) -> bool {
    value.is_sensitive() || [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION].contains(name)
}

fn without_secrets(headers: &HeaderMap) -> HeaderMap {
    headers
        .iter()
        .filter(|(name, value)| !is_secret(name, value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn prepared_headers(options: &ClientOptions) -> Result<HeaderMap, EndpointError> {
    let mut headers = HeaderMap::new();
    headers.insert(HOST, options.base.origin().host_header().clone());
    let user_agent = HeaderValue::from_str(&options.user_agent)
        .map_err(|_| EndpointError::BadHeader { what: "user agent" })?;
    headers.insert(USER_AGENT, user_agent);
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    if options.compression {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd"));
    }
    if !options.reuse {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let in_url = || {
        let (user, password) = options.base.user()?;
        Some(Auth::Basic {
            user: user.to_owned(),
            password: password.clone(),
        })
    };
    if let Some(auth) = options.auth.clone().or_else(in_url) {
        headers.insert(AUTHORIZATION, authorization(&auth)?);
    }
    for (name, _) in &options.headers {
        headers.remove(name);
    }
    for (name, value) in &options.headers {
        headers.append(name, value.clone());
    }
    Ok(headers)
}

fn authorization(auth: &Auth) -> Result<HeaderValue, EndpointError> {
    let (what, text) = match auth {
        Auth::Bearer(token) => ("bearer token", format!("Bearer {}", token.expose())),
        Auth::Basic { user, .. } if user.contains(':') => return Err(EndpointError::BadUser),
        Auth::Basic { user, password } => {
            let pair = STANDARD.encode(format!("{user}:{}", password.expose()));
            ("user and password", format!("Basic {pair}"))
        }
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| EndpointError::BadHeader { what })?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.options.base, f)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(base: &str) -> Endpoint {
        Endpoint::new(ClientOptions::new(base.parse().unwrap())).unwrap()
    }

    #[test]
    fn paths_go_below_the_base_url() {
        for (base, below, expected) in [
            ("http://h", "/x?y", "http://h/x?y"),
            ("http://h", "?y", "http://h/?y"),
            ("http://h/a/b", "/x", "http://h/a/b/x"),
            ("http://h/a/b/", "/", "http://h/a/b/"),
            ("http://h/a/b", "", "http://h/a/b"),
            ("http://h/scs", "?RA=1", "http://h/scs?RA=1"),
        ] {
            let address = endpoint(base).address(&Target::Below(below.to_owned()));
            assert_eq!(address.unwrap(), expected);
        }
        let trouble = endpoint("http://h").place(&Target::Below("x".to_owned()));
        assert_eq!(trouble.unwrap_err().kind, TransportKind::InvalidRequest);
        let trouble = endpoint("http://h").place(&Target::Below("/a b".to_owned()));
        assert_eq!(trouble.unwrap_err().kind, TransportKind::InvalidRequest);
    }

    #[test]
    fn a_location_is_resolved_where_the_answer_came_from() {
        let endpoint = endpoint("http://h/proxy");
        let target = Target::Below("/tap/async".to_owned());
        for (location, expected) in [
            ("async/7", "http://h/proxy/tap/async/7"),
            ("/tap/async/7", "http://h/tap/async/7"),
            ("https://o/7", "https://o/7"),
        ] {
            let resolved = endpoint.resolve(&target, location);
            assert_eq!(resolved, Some(Target::Absolute(expected.parse().unwrap())));
        }
    }

    #[test]
    fn secrets_are_kept_from_other_servers() {
        let mut options = ClientOptions::new("http://h".parse().unwrap());
        options.auth = Some(Auth::Bearer("t0ken".into()));
        let name = HeaderName::from_static("x-key");
        options.secret_header(name.clone(), &"k3y".into()).unwrap();
        let endpoint = Endpoint::new(options).unwrap();
        let own = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("c00kie"))]);
        let headers = |address: &str| {
            let place = endpoint.place_of(&address.parse().unwrap()).unwrap();
            endpoint.headers_for(&place, &own, false)
        };
        let home = headers("http://h:80/x");
        assert_eq!(home[AUTHORIZATION], "Bearer t0ken");
        assert_eq!(
            (&home[&name], &home[COOKIE]),
            (&"k3y".parse().unwrap(), &"c00kie".parse().unwrap())
        );
        for other in ["http://o/", "https://h/", "http://h:81/"] {
            let away = headers(other);
            assert!(!away.contains_key(AUTHORIZATION) && !away.contains_key(&name));
            assert!(!away.contains_key(COOKIE) && away.contains_key(USER_AGENT));
            let authority = other.split('/').nth(2).unwrap();
            assert_eq!(away[HOST], authority);
        }
        let shown = format!("{endpoint} {endpoint:?}");
        assert!(
            !shown.contains("t0ken") && !shown.contains("k3y"),
            "{shown}"
        );
    }

    #[test]
    fn values_that_no_header_can_hold_are_refused_without_being_shown() {
        let refused = |auth: Auth| {
            let mut options = ClientOptions::new("http://h".parse().unwrap());
            options.auth = Some(auth);
            let error = Endpoint::new(options).unwrap_err();
            format!("{error} {error:?}")
        };
        let shown = refused(Auth::Bearer("s3cret\n".into()));
        assert!(
            shown.contains("bearer token") && !shown.contains("s3cret"),
            "{shown}"
        );
        let shown = refused(Auth::Basic {
            user: "a:b".to_owned(),
            password: "s3cret".into(),
        });
        assert!(
            shown.contains("colon") && !shown.contains("s3cret"),
            "{shown}"
        );
    }
}
