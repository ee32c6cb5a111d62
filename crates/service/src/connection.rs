//! How a service is asked, from the flags that all tools share: version, TLS, who asks.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use common::cli::Mistake;
use common::files;
use common::redact::Secret;
use http::header::{HeaderName, HeaderValue};

use crate::client::{Auth, BaseUrl, ClientOptions, HttpVersion, TlsOptions};

/// How the service is asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionFlags {
    /// Limit of one exchange in seconds.
    #[arg(long, value_name = "S", default_value_t = 30.0)]
    pub timeout: f64,
    /// Limit of one job.
    #[arg(long, value_name = "TIME", default_value = "300s")]
    pub job_timeout: String,
    /// Version of HTTP.
    #[arg(long, value_enum, default_value_t)]
    pub http: HttpName,
    /// Open a new connection for each request.
    #[arg(long)]
    pub no_reuse: bool,
    /// Ask for compressed answers (gzip, zstd).
    #[arg(long)]
    pub compression: bool,
    /// File with the certificates of the authorities to trust (PEM).
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// File with a client certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,
    /// File with its key (PEM).
    #[arg(long, value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,
    /// Accept any certificate of the server.
    #[arg(long)]
    pub insecure: bool,
    /// File with a bearer token; or the variable `ASTRO_PERF_TOKEN`.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// A bearer token, from the environment only, since others may see a command line.
    #[arg(long, env = "ASTRO_PERF_TOKEN", hide = true, hide_env_values = true)]
    pub token: Option<Secret>,
    /// User of basic authentication; the password is in `--password-file` or `ASTRO_PERF_PASSWORD`.
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// File with the password.
    #[arg(long, value_name = "FILE", requires = "user")]
    pub password_file: Option<PathBuf>,
    /// The password, from the environment only.
    #[arg(long, env = "ASTRO_PERF_PASSWORD", hide = true, hide_env_values = true)]
    pub password: Option<Secret>,
    /// A header `Name: value`, or `Name: @FILE` for a value that is in a file; repeatable.
    #[arg(long, value_name = "HEADER")]
    pub header: Vec<String>,
}

/// A version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum HttpName {
    /// HTTP/2 where TLS offers it, else HTTP/1.1.
    #[default]
    Auto,
    /// HTTP/1.1.
    #[value(name = "1.1")]
    Http1,
    /// HTTP/2, without TLS by prior knowledge.
    #[value(name = "2")]
    Http2,
}

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

    /// Checks the flags, and the value of `--url` or `--host`; `None` when something is wrong.
    pub fn check(
        url: Option<&str>,
        flags: ConnectionFlags,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Self> {
        let ConnectionFlags {
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
        } = flags;
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
        let password =
            from_file("--password-file", password_file.as_deref(), mistakes).or(password);
        let auth = check_auth(token, user, password, mistakes);
        let headers = header
            .iter()
            .filter_map(|it| check_header(it, mistakes))
            .collect();
        (mistakes.len() == before).then(|| Self {
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
            connect_timeout: CONNECT_LIMIT
                .min(common::units::seconds(timeout.clamp(0.001, 86_400.0))),
        })
    }

    /// Whether connections are used for more than one request.
    pub fn reuses(&self) -> bool {
        self.reuse
    }
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
fn from_file(flag: &str, path: Option<&Path>, mistakes: &mut Vec<Mistake>) -> Option<Secret> {
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
        Some(path) => from_file("--header", Some(Path::new(path)), mistakes)?,
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
