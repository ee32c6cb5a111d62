//! Who may see and steer: the gate in front of every answer.
//!
//! A browser of the user's also shows pages of strangers. They are kept out thus: `Host` must be a loopback name
//! where no token is needed (a stranger's name that points at 127.0.0.1 is refused), an order's `Origin` must be
//! this very page, and the browser must not say that another site asks (`Sec-Fetch-Site`). With a token, the
//! cookie that remembers it never goes along with what other sites ask (`SameSite=Strict`).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use common::redact::Secret;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

use super::Site;
use super::api::Refused;

/// What somebody must show.
pub(super) struct Guard {
    token: Option<Token>,
    /// Ports of a host share their cookies, so that the name tells them apart.
    cookie: String,
}

/// A token, and a key to compare others with it without telling by the time how much is right.
struct Token {
    text: Secret,
    key: hmac::Key,
    tag: hmac::Tag,
}

/// How somebody came in.
#[derive(Debug, PartialEq, Eq)]
enum Entry {
    /// As before.
    Known,
    /// With the token in the URL: a cookie remembers it.
    Fresh,
}

impl Token {
    fn random() -> Option<Self> {
        let random = SystemRandom::new();
        let mut bytes = [0; 16];
        random.fill(&mut bytes).ok()?;
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &random).ok()?;
        let text = URL_SAFE_NO_PAD.encode(bytes);
        Some(Self {
            tag: hmac::sign(&key, text.as_bytes()),
            text: text.into(),
            key,
        })
    }

    fn is(&self, given: &str) -> bool {
        hmac::verify(&self.key, given.as_bytes(), self.tag.as_ref()).is_ok()
    }
}

impl Guard {
    /// Loopback addresses need no token, all others a fresh one.
    pub(super) fn for_address(address: SocketAddr) -> Self {
        let token = (!address.ip().is_loopback())
            .then(|| Token::random().expect("the system has random numbers"));
        Self {
            token,
            cookie: format!("load_gen_{}", address.port()),
        }
    }

    /// What to open in a browser.
    pub(super) fn url(&self, address: SocketAddr) -> String {
        let named = address.ip().is_unspecified().then(nix::unistd::gethostname);
        let host = match named
            .and_then(Result::ok)
            .and_then(|it| it.into_string().ok())
        {
            Some(name) => format!("{name}:{}", address.port()),
            None => address.to_string(),
        };
        match &self.token {
            Some(token) => format!("http://{host}/?token={}", token.text.expose()),
            None => format!("http://{host}/"),
        }
    }

    fn admit(&self, request: &Parts) -> Result<Entry, Refused> {
        let host = host_of(request)
            .ok_or_else(|| Refused::new(StatusCode::BAD_REQUEST, "the request names no host"))?;
        if self.token.is_none() && !is_loopback(&host) {
            return Err(Refused::new(
                StatusCode::FORBIDDEN,
                "this page answers to `localhost` and loopback addresses only",
            ));
        }
        let is_page = request.uri.path() == "/" && request.method == Method::GET;
        if !is_page {
            refuse_strangers(&request.headers, &host)?;
        }
        self.check_token(request, is_page)
    }

    fn check_token(&self, request: &Parts, is_page: bool) -> Result<Entry, Refused> {
        let Some(token) = &self.token else {
            return Ok(Entry::Known);
        };
        let from_url = is_page.then(|| query_token(request)).flatten();
        if from_url.is_some_and(|it| token.is(it)) {
            return Ok(Entry::Fresh);
        }
        let shown = cookies(&request.headers)
            .filter_map(|(name, value)| (name == self.cookie).then_some(value))
            .chain(bearer(&request.headers));
        if shown.into_iter().any(|it| token.is(it)) {
            return Ok(Entry::Known);
        }
        Err(Refused::new(
            StatusCode::UNAUTHORIZED,
            "the token is missing or wrong: open the whole URL that load-gen printed",
        ))
    }

    fn remember(&self, response: &mut Response) {
        let Some(token) = &self.token else {
            return;
        };
        let cookie = format!(
            "{}={}; Path=/; HttpOnly; SameSite=Strict",
            self.cookie,
            token.text.expose()
        );
        if let Ok(mut value) = HeaderValue::from_str(&cookie) {
            value.set_sensitive(true);
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

/// Lets a request through, or answers why not; every answer says what a browser may do with it.
pub(super) async fn check(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let mut response = match site.guard.admit(&parts) {
        Err(refused) => refused.into_response(),
        Ok(entry) => {
            let mut response = next.run(Request::from_parts(parts, body)).await;
            if entry == Entry::Fresh {
                site.guard.remember(&mut response);
            }
            response
        }
    };
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// Refuses what another site makes a browser ask. Other programs than browsers send neither header.
fn refuse_strangers(headers: &HeaderMap, host: &Authority) -> Result<(), Refused> {
    let refused = || Refused::new(StatusCode::FORBIDDEN, "another site may not ask for this");
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if site.is_some_and(|it| it != b"same-origin" && it != b"none") {
        return Err(refused());
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().ok().and_then(|it| it.split_once("://"));
    let is_ours = origin.is_some_and(|(scheme, authority)| {
        matches!(scheme, "http" | "https") && authority.eq_ignore_ascii_case(host.as_str())
    });
    is_ours.then_some(()).ok_or_else(refused)
}

fn host_of(request: &Parts) -> Option<Authority> {
    let named = request.headers.get(header::HOST);
    match named {
        Some(host) => host.to_str().ok()?.parse().ok(),
        None => request.uri.authority().cloned(),
    }
}

fn is_loopback(host: &Authority) -> bool {
    let name = host.host().trim_matches(['[', ']']);
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
}

fn query_token(request: &Parts) -> Option<&str> {
    let mut pairs = request.uri.query()?.split('&');
    pairs.find_map(|it| it.strip_prefix("token="))
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(';'))
        .filter_map(|it| it.trim().split_once('='))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ")
}
