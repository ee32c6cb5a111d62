//! How the service is asked, from the flags: address, version, TLS, who asks.

use std::time::Duration;

use common::files;
use common::redact::Secret;
use http::header::{HeaderName, HeaderValue};
use service::client::{Auth, BaseUrl, ClientOptions, HttpVersion, TlsOptions};

use crate::args::{Http, HttpName};
use crate::plan::Mistake;

/// The limit for name resolution, TCP and TLS.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How the service is asked, apart from where. Secrets mask themselves.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The given service; the reference service without one.
    pub base: Option<BaseUrl>,
    version: HttpVersion,
    tls: TlsOptions,
    auth: Option<Auth>,
    headers: Vec<(HeaderName, HeaderValue)>,
    reuse: bool,
    compression: bool,
    connect_timeout: Duration,
}

impl Connection {
    /// The client's options for a service at an address.
    pub fn options(&self, base: BaseUrl) -> ClientOptions {
        ClientOptions {
            version: self.version,
            tls: self.tls.clone(),
            auth: self.auth.clone(),
            headers: self.headers.clone(),
            reuse: self.reuse,
            compression: self.compression,
            connect_timeout: self.connect_timeout,
            ..ClientOptions::new(base)
        }
    }

    /// Whether connections are used for more than one request.
    pub fn reuses(&self) -> bool {
        self.reuse
    }
}

/// Checks the flags of a connection; `None` when something is wrong.
pub(crate) fn check(
    url: Option<&str>,
    http: Http,
    mistakes: &mut Vec<Mistake>,
) -> Option<Connection> {
    let Http {
        timeout,
        job_timeout: _,
        http: version,
        no_reuse,
        compression,
        ca,
        cert,
        key,
        insecure,
        token_file,
        token,
        user,
        password_file,
        password,
        header,
    } = http;
    let before = mistakes.len();
    let base = match url.map(str::parse::<BaseUrl>) {
        None => None,
        Some(Ok(base)) => Some(base),
        Some(Err(error)) => {
            mistakes.push(Mistake::new(format!("`--url`: {error}")));
            None
        }
    };
    let token = from_file("--token-file", token_file.as_deref(), mistakes).or(token);
    let password = from_file("--password-file", password_file.as_deref(), mistakes).or(password);
    let auth = check_auth(token, user, password, mistakes);
    let headers = header
        .iter()
        .filter_map(|it| check_header(it, mistakes))
        .collect();
    (mistakes.len() == before).then(|| Connection {
        base,
        version: match version {
            HttpName::Auto => HttpVersion::Auto,
            HttpName::Http1 => HttpVersion::Http1,
            HttpName::Http2 => HttpVersion::Http2,
        },
        tls: TlsOptions {
            ca_file: ca,
            certificate_file: cert,
            key_file: key,
            insecure,
        },
        auth,
        headers,
        reuse: !no_reuse,
        compression,
        connect_timeout: CONNECT_LIMIT.min(common::units::seconds(timeout.clamp(0.001, 86_400.0))),
    })
}

fn check_auth(
    token: Option<Secret>,
    user: Option<String>,
    password: Option<Secret>,
    mistakes: &mut Vec<Mistake>,
) -> Option<Auth> {
    match (token, user) {
        (Some(_), Some(_)) => {
            let message = "a bearer token and `--user` exclude each other";
            mistakes.push(Mistake::new(message));
            None
        }
        (Some(token), None) => Some(Auth::Bearer(token)),
        (None, Some(user)) => {
            let Some(password) = password else {
                let message =
                    "`--user` needs a password in `--password-file` or ASTRO_PERF_PASSWORD";
                mistakes.push(Mistake::new(message));
                return None;
            };
            Some(Auth::Basic { user, password })
        }
        (None, None) => None,
    }
}

/// A secret that is the first line of a file.
fn from_file(
    flag: &str,
    path: Option<&std::path::Path>,
    mistakes: &mut Vec<Mistake>,
) -> Option<Secret> {
    match files::read(path?) {
        Ok(text) => {
            let line = text.lines().next().unwrap_or_default().trim();
            if line.is_empty() {
                mistakes.push(Mistake::new(format!("`{flag}`: the file is empty")));
            }
            Some(Secret::new(line))
        }
        Err(error) => {
            mistakes.push(Mistake::new(format!("`{flag}`: {error}")));
            None
        }
    }
}

/// `Name: value`, or `Name: @FILE`. The value may be a secret, so that no message shows it.
fn check_header(text: &str, mistakes: &mut Vec<Mistake>) -> Option<(HeaderName, HeaderValue)> {
    let rule = "`--header` must be `Name: value` or `Name: @FILE`";
    let Some((name, value)) = text.split_once(':') else {
        mistakes.push(Mistake::new(rule));
        return None;
    };
    let Ok(name) = HeaderName::from_bytes(name.trim().as_bytes()) else {
        mistakes.push(Mistake::new(format!(
            "{rule}: `{}` is no name of a header",
            name.trim()
        )));
        return None;
    };
    let value = value.trim();
    let secret = match value.strip_prefix('@') {
        Some(path) => from_file("--header", Some(std::path::Path::new(path)), mistakes)?,
        None => Secret::new(value),
    };
    let Ok(mut value) = HeaderValue::from_str(secret.expose()) else {
        let message =
            format!("`--header`: the value of `{name}` has characters that no header can hold");
        mistakes.push(Mistake::new(message));
        return None;
    };
    value.set_sensitive(true);
    Some((name, value))
}
