//! From flags and environment to a [`ConnectSpec`], with libpq's precedence and defaults.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use common::redact::Secret;

use super::conninfo::{self, Parameters};
use super::environment::LibpqEnv;
use super::error::SpecError;
use super::flags::ConnectionFlags;
use super::server_list::{passwords_from_file, servers};
use super::service_file;
use super::spec::{ConnectSpec, Host, SessionKind};
use super::tls::{SslMode, TlsFiles};

const DEFAULT_TIME_LIMIT: Duration = Duration::from_secs(10);
const APPLICATION_NAME: &str = "db-perf";

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

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
