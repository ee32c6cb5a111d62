//! From flags and environment to a [`ConnectSpec`], with libpq's precedence and defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::redact::{Secret, mask_urls};

use super::conninfo::{self, Parameters};
use super::environment::LibpqEnv;
use super::error::SpecError;
use super::pgpass::{PasswordFile, Wanted};
use super::service_file;
use super::spec::{ConnectSpec, Host, Server, SessionKind};
use super::tls::{SslMode, TlsFiles};

const DEFAULT_PORT: u16 = 5432;
const DEFAULT_TIME_LIMIT: Duration = Duration::from_secs(10);
const APPLICATION_NAME: &str = "db-perf";
/// Where distributions and PostgreSQL's own build put the socket of a local server.
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// libpq's keywords that are read here.
const USED: [&str; 17] = [
    "application_name",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "host",
    "hostaddr",
    "options",
    "passfile",
    "password",
    "port",
    "service",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
    "user",
];

/// libpq's keywords that are accepted and have no effect here.
const IGNORED: [&str; 22] = [
    "channel_binding",
    "client_encoding",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "replication",
    "require_auth",
    "requirepeer",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslsni",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "tcp_user_timeout",
];

/// What the user said about the connection, from flags.
#[derive(Clone, Default)]
pub struct ConnectionFlags {
    /// A `postgres://` URL or a key/value connection string; may hold a password.
    pub url: Option<String>,
    /// A host name, an address, a socket folder, or a list of them.
    pub host: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// The database.
    pub database: Option<String>,
    /// The user.
    pub user: Option<String>,
    /// The password, from the flag only (`PGPASSWORD` is read from the environment).
    pub password: Option<Secret>,
    /// libpq's `sslmode`.
    pub sslmode: Option<String>,
    /// The file of trusted root certificates, or `system`.
    pub sslrootcert: Option<PathBuf>,
}

impl fmt::Debug for ConnectionFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            url,
            host,
            port,
            database,
            user,
            password,
            sslmode,
            sslrootcert,
        } = self;
        f.debug_struct("ConnectionFlags")
            .field("url", &url.as_deref().map(mask_urls))
            .field("host", host)
            .field("port", port)
            .field("database", database)
            .field("user", user)
            .field("password", password)
            .field("sslmode", sslmode)
            .field("sslrootcert", sslrootcert)
            .finish()
    }
}

impl ConnectionFlags {
    fn is_empty(&self) -> bool {
        let Self {
            url,
            host,
            port,
            database,
            user,
            password,
            sslmode,
            sslrootcert,
        } = self;
        url.is_none()
            && host.is_none()
            && port.is_none()
            && database.is_none()
            && user.is_none()
            && password.is_none()
            && sslmode.is_none()
            && sslrootcert.is_none()
    }

    fn parameters(&self) -> Parameters {
        let root = self
            .sslrootcert
            .as_ref()
            .map(|path| path.display().to_string());
        let password = self
            .password
            .as_ref()
            .map(|secret| secret.expose().to_owned());
        [
            ("host", self.host.clone()),
            ("port", self.port.map(|port| port.to_string())),
            ("dbname", self.database.clone()),
            ("user", self.user.clone()),
            ("password", password),
            ("sslmode", self.sslmode.clone()),
            ("sslrootcert", root),
        ]
        .into_iter()
        .filter_map(|(keyword, value)| Some((keyword.to_owned(), value?)))
        .collect()
    }
}

impl ConnectSpec {
    /// Puts flags, URL, service file and environment together, in this order of precedence (libpq's;
    /// a host given on one level also replaces the `hostaddr` of the levels below it).
    ///
    /// `None` means that no connection was given at all: no flag, and no variable that names a
    /// server, a database, a user or a service (`PGPASSWORD`, `PGPASSFILE`, `PGSSLMODE` and the like
    /// do not count).
    pub fn resolve(
        flags: &ConnectionFlags,
        env: &LibpqEnv,
    ) -> Result<Option<ConnectSpec>, SpecError> {
        if flags.is_empty() && !env.names_a_connection() {
            return Ok(None);
        }
        if let Some(name) = env.not_utf8() {
            return Err(SpecError::NotUtf8 {
                name: name.to_owned(),
            });
        }
        let home = home(env);
        let parameters = merge(flags, env, home.as_deref())?;
        Self::from_parameters(&parameters, home).map(Some)
    }

    /// A connection of our own making.
    pub(super) fn from_url(url: &str) -> Result<Self, SpecError> {
        let parameters = conninfo::parse(url).map_err(|reason| SpecError::BadUrl { reason })?;
        Self::from_parameters(&parameters, None)
    }

    fn from_parameters(
        parameters: &Parameters,
        home: Option<PathBuf>,
    ) -> Result<ConnectSpec, SpecError> {
        let get = |name: &str| {
            parameters
                .get(name)
                .map(String::as_str)
                .filter(|v| !v.is_empty())
        };
        let user = match get("user") {
            Some(user) => user.to_owned(),
            None => system_user().ok_or(SpecError::NoUser)?,
        };
        let database = get("dbname").unwrap_or(&user).to_owned();
        let mut warnings = Vec::new();
        let mut servers = servers(get("host"), get("hostaddr"), get("port"))?;
        if let Some(password) = get("password") {
            for server in &mut servers {
                server.password = Some(Secret::new(password));
            }
        } else {
            let file = get("passfile")
                .map(PathBuf::from)
                .or_else(|| home.as_ref().map(|home| home.join(".pgpass")));
            warnings.extend(passwords_from_file(&mut servers, file, &database, &user));
        }
        let files = TlsFiles {
            mode: get("sslmode").map(SslMode::parse).transpose()?,
            root: get("sslrootcert").map(ToOwned::to_owned),
            certificate: get("sslcert").map(PathBuf::from),
            key: get("sslkey").map(PathBuf::from),
            home,
        };
        let only_local = servers
            .iter()
            .all(|server| matches!(server.host, Host::Unix(_)));
        let files = if only_local {
            // A Unix socket is never encrypted: its files are not read.
            TlsFiles {
                mode: Some(SslMode::Disable),
                ..TlsFiles::default()
            }
        } else {
            files
        };
        let application_name = get("application_name")
            .or(get("fallback_application_name"))
            .unwrap_or(APPLICATION_NAME);
        Ok(ConnectSpec {
            servers,
            user,
            database,
            tls: files.load()?,
            options: get("options").unwrap_or_default().to_owned(),
            settings: BTreeMap::from([("client_min_messages".to_owned(), "warning".to_owned())]),
            application_name: application_name.to_owned(),
            time_limit: time_limit(get("connect_timeout"))?,
            session: session_kind(get("target_session_attrs"))?,
            warnings,
        })
    }
}

fn merge(
    flags: &ConnectionFlags,
    env: &LibpqEnv,
    home: Option<&Path>,
) -> Result<Parameters, SpecError> {
    let url = match &flags.url {
        Some(url) => conninfo::parse(url).map_err(|reason| SpecError::BadUrl { reason })?,
        None => Parameters::new(),
    };
    check_keywords(&url, "`--url`")?;
    let service = match url
        .get("service")
        .map(String::as_str)
        .or(env.get("PGSERVICE"))
    {
        Some(name) => service_file::lookup(name, &service_file::candidates(env, home))?,
        None => Parameters::new(),
    };
    check_keywords(&service, "the service file")?;
    let mut merged = Parameters::new();
    for layer in [env.parameters(), service, url, flags.parameters()] {
        if layer.contains_key("host") {
            merged.remove("hostaddr");
        }
        merged.extend(layer);
    }
    Ok(merged)
}

fn check_keywords(parameters: &Parameters, origin: &'static str) -> Result<(), SpecError> {
    let unknown = parameters
        .keys()
        .find(|key| !USED.contains(&key.as_str()) && !IGNORED.contains(&key.as_str()));
    match unknown {
        Some(name) => Err(SpecError::UnknownParameter {
            name: name.clone(),
            origin,
        }),
        None => Ok(()),
    }
}

fn home(env: &LibpqEnv) -> Option<PathBuf> {
    env.get("HOME").map(PathBuf::from).or_else(|| {
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok()??;
        Some(user.dir)
    })
}

fn system_user() -> Option<String> {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok()??;
    Some(user.name)
}

/// Pairs the lists of hosts, addresses and ports.
fn servers(
    hosts: Option<&str>,
    addresses: Option<&str>,
    ports: Option<&str>,
) -> Result<Vec<Server>, SpecError> {
    let hosts: Vec<_> = hosts
        .map(|list| list.split(',').collect())
        .unwrap_or_default();
    let addresses = addresses
        .map(|list| {
            list.split(',')
                .map(parse_address)
                .collect::<Result<Vec<_>, _>>()
        })
        .transpose()?
        .unwrap_or_default();
    let ports = ports
        .map(|list| {
            list.split(',')
                .map(parse_port)
                .collect::<Result<Vec<_>, _>>()
        })
        .transpose()?
        .unwrap_or_default();
    let count = hosts.len().max(addresses.len()).max(1);
    let mismatch = |others, what| SpecError::Mismatch {
        hosts: count,
        others,
        what,
    };
    if !hosts.is_empty() && !addresses.is_empty() && hosts.len() != addresses.len() {
        return Err(SpecError::Mismatch {
            hosts: hosts.len(),
            others: addresses.len(),
            what: "addresses",
        });
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(mismatch(ports.len(), "ports"));
    }
    let server = |index: usize| {
        let port = ports
            .get(index)
            .or(ports.first())
            .copied()
            .unwrap_or(DEFAULT_PORT);
        let address = addresses.get(index).copied().flatten();
        let host = match hosts.get(index).copied().filter(|host| !host.is_empty()) {
            Some(folder) if folder.starts_with('/') => Host::Unix(PathBuf::from(folder)),
            Some(name) => Host::Tcp {
                name: name.to_owned(),
                address,
            },
            None => match address {
                Some(ip) => Host::Tcp {
                    name: ip.to_string(),
                    address,
                },
                None => default_host(port),
            },
        };
        Server {
            host,
            port,
            password: None,
        }
    };
    Ok((0..count).map(server).collect())
}

/// The local server's socket: the first usual folder that has one for this port, else the
/// distribution's folder when it exists, else TCP to this machine.
fn default_host(port: u16) -> Host {
    let socket = format!(".s.PGSQL.{port}");
    let folders = SOCKET_FOLDERS.map(Path::new);
    let found = folders
        .iter()
        .find(|folder| folder.join(&socket).exists())
        .or(folders[..1].iter().find(|folder| folder.is_dir()));
    match found {
        Some(folder) => Host::Unix(folder.to_path_buf()),
        None => Host::Tcp {
            name: "localhost".to_owned(),
            address: None,
        },
    }
}

fn parse_address(text: &str) -> Result<Option<IpAddr>, SpecError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| SpecError::BadValue {
        name: "hostaddr",
        value: text.to_owned(),
        rule: "an IP address",
    })
}

fn parse_port(text: &str) -> Result<u16, SpecError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(DEFAULT_PORT);
    }
    text.parse()
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| SpecError::BadValue {
            name: "port",
            value: text.to_owned(),
            rule: "a number from 1 to 65535",
        })
}

fn time_limit(text: Option<&str>) -> Result<Option<Duration>, SpecError> {
    let Some(text) = text else {
        return Ok(Some(DEFAULT_TIME_LIMIT));
    };
    let seconds: i64 = text.trim().parse().map_err(|_| SpecError::BadValue {
        name: "connect_timeout",
        value: text.to_owned(),
        rule: "a whole number of seconds",
    })?;
    // As in libpq, 0 and below wait for ever.
    Ok(u64::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds > 0)
        .map(Duration::from_secs))
}

fn session_kind(text: Option<&str>) -> Result<SessionKind, SpecError> {
    let text = text.unwrap_or("any");
    SessionKind::ALL
        .into_iter()
        .find(|kind| kind.name() == text)
        .ok_or_else(|| SpecError::BadValue {
            name: "target_session_attrs",
            value: text.to_owned(),
            rule: "one of any, read-write, read-only, primary, standby, prefer-standby",
        })
}

/// Fills in the passwords of the servers that the password file knows.
fn passwords_from_file(
    servers: &mut [Server],
    file: Option<PathBuf>,
    database: &str,
    user: &str,
) -> Option<String> {
    let (file, warning) = PasswordFile::read(&file?);
    for server in servers {
        let hosts = match &server.host {
            Host::Tcp { name, .. } => vec![name.clone()],
            Host::Unix(folder)
                if SOCKET_FOLDERS
                    .iter()
                    .any(|usual| Path::new(usual) == folder) =>
            {
                vec!["localhost".to_owned(), folder.display().to_string()]
            }
            Host::Unix(folder) => vec![folder.display().to_string()],
        };
        let wanted = Wanted {
            hosts: &hosts,
            port: server.port,
            database,
            user,
        };
        server.password = file.lookup(wanted).cloned();
    }
    warning
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
