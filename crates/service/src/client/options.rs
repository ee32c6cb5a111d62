//! How a service is asked.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use common::redact::Secret;
use http::header::{HeaderName, HeaderValue};

use super::BaseUrl;

/// Which version of HTTP is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HttpVersion {
    /// HTTP/2 where TLS negotiates it (ALPN), else HTTP/1.1.
    #[default]
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only; without TLS by prior knowledge (h2c).
    Http2,
}

/// What is trusted and shown in TLS.
#[derive(Debug, Clone, Default)]
pub struct TlsOptions {
    /// PEM file of the authorities that are trusted, in place of those of the system.
    pub ca_file: Option<PathBuf>,
    /// PEM file of the client's certificate chain.
    pub certificate_file: Option<PathBuf>,
    /// PEM file of the client's key.
    pub key_file: Option<PathBuf>,
    /// Whether any certificate of the server is accepted.
    pub insecure: bool,
}

/// How the client says who it is.
#[derive(Debug, Clone)]
pub enum Auth {
    /// A bearer token (RFC 6750).
    Bearer(Secret),
    /// User and password (RFC 7617).
    Basic {
        /// The user, without a colon.
        user: String,
        /// The password.
        password: Secret,
    },
}

/// How a service is asked: everything that is the same for all requests.
#[derive(Clone)]
pub struct ClientOptions {
    /// Below what requests go.
    pub base: BaseUrl,
    /// The version of HTTP.
    pub version: HttpVersion,
    /// What is trusted and shown in TLS.
    pub tls: TlsOptions,
    /// Who asks; if given, it replaces a user in the base URL.
    pub auth: Option<Auth>,
    /// Headers of every request. A value that is marked sensitive is sent to the base URL's server only
    /// and never printed.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Whether a connection is used for more than one exchange.
    pub reuse: bool,
    /// Whether compressed answers (gzip, zstd) are asked for.
    pub compression: bool,
    /// Whether each client keeps the cookies that it is given and shows them again (RFC 6265).
    pub cookies: bool,
    /// Addresses of this machine that connections come from, in turn; where there is none, the system
    /// chooses. One address has about 28,000 ports for connections to the same server.
    pub source_addresses: Vec<IpAddr>,
    /// The limit for name resolution, TCP and TLS together.
    pub connect_timeout: Duration,
    /// The limit of an answer's body in bytes, both as received and decompressed.
    pub max_body_bytes: u64,
    /// The value of `User-Agent`.
    pub user_agent: String,
}

impl ClientOptions {
    /// 64 GiB: more than any answer of a service here, so that an endless one ends.
    pub const MAX_BODY_BYTES: u64 = 1 << 36;

    /// The usual options: connections reused, no compression, no cookies, 10 s to connect.
    pub fn new(base: BaseUrl) -> Self {
        Self {
            base,
            version: HttpVersion::default(),
            tls: TlsOptions::default(),
            auth: None,
            headers: Vec::new(),
            reuse: true,
            compression: false,
            cookies: false,
            source_addresses: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            max_body_bytes: Self::MAX_BODY_BYTES,
            user_agent: concat!("astro-perf/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }

    /// Adds a header whose value is a secret.
    pub fn secret_header(
        &mut self,
        name: HeaderName,
        value: &Secret,
    ) -> Result<(), http::header::InvalidHeaderValue> {
        let mut value = HeaderValue::from_str(value.expose())?;
        value.set_sensitive(true);
        self.headers.push((name, value));
        Ok(())
    }
}

/// Headers are shown by name only: which of them hold a secret is not always marked.
impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("ClientOptions")
            .field("base", &self.base)
            .field("version", &self.version)
            .field("tls", &self.tls)
            .field("auth", &self.auth)
            .field("headers", &names)
            .field("reuse", &self.reuse)
            .field("compression", &self.compression)
            .field("cookies", &self.cookies)
            .field("source_addresses", &self.source_addresses)
            .field("connect_timeout", &self.connect_timeout)
            .field("max_body_bytes", &self.max_body_bytes)
            .field("user_agent", &self.user_agent)
            .finish()
    }
}
