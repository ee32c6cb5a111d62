//! Where and as whom to connect: the values of flags, URL, service file and environment in one.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use common::redact::Secret;

use super::conninfo::encode;
use super::tls::Tls;

/// Everything needed to open connections. Neither `Debug` nor [`ConnectSpec::describe`] shows the
/// password.
#[derive(Clone)]
pub struct ConnectSpec {
    pub(super) servers: Vec<Server>,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) tls: Tls,
    /// What the user wants in the start-up options, before our settings.
    pub(super) options: String,
    pub(super) settings: BTreeMap<String, String>,
    pub(super) application_name: String,
    /// The limit of one attempt at one server; `None` waits for ever, as libpq's 0 does.
    pub(super) time_limit: Option<Duration>,
    pub(super) session: SessionKind,
    pub(super) warnings: Vec<String>,
}

/// One server of the list.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) password: Option<Secret>,
}

/// The address of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// A name, for look-up and the certificate, and an address that replaces the look-up.
    Tcp {
        name: String,
        address: Option<IpAddr>,
    },
    /// The folder of a Unix socket.
    Unix(PathBuf),
}

/// libpq's `target_session_attrs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum SessionKind {
    #[default]
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

impl SessionKind {
    pub(super) const ALL: [Self; 6] = [
        Self::Any,
        Self::ReadWrite,
        Self::ReadOnly,
        Self::Primary,
        Self::Standby,
        Self::PreferStandby,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::ReadWrite => "read-write",
            Self::ReadOnly => "read-only",
            Self::Primary => "primary",
            Self::Standby => "standby",
            Self::PreferStandby => "prefer-standby",
        }
    }
}

impl ConnectSpec {
    /// The connection as a URL without the password: `postgres://app@db:5432/sky`.
    pub fn describe(&self) -> String {
        self.url(None)
    }

    /// The connection as a URL that holds the password, for the one who is to use it.
    pub fn url_with_password(&self) -> String {
        self.url(
            self.servers
                .iter()
                .find_map(|server| server.password.as_ref()),
        )
    }

    fn url(&self, password: Option<&Secret>) -> String {
        let user = encode(&self.user);
        let password = password.map(|secret| format!(":{}", encode(secret.expose())));
        let password = password.unwrap_or_default();
        let database = encode(&self.database);
        if let [
            Server {
                host: Host::Unix(folder),
                port,
                ..
            },
        ] = self.servers.as_slice()
        {
            let folder = folder.display();
            let port = if *port == 5432 {
                String::new()
            } else {
                format!("&port={port}")
            };
            return format!("postgres://{user}{password}@/{database}?host={folder}{port}");
        }
        let servers: Vec<_> = self.servers.iter().map(Server::in_url).collect();
        format!(
            "postgres://{user}{password}@{}/{database}",
            servers.join(",")
        )
    }

    /// What was odd about the connection's files, one line each, to be shown to the user.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The user the sessions belong to.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The database connected to.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Whether all servers are on this machine: a Unix socket, or a loopback address or name.
    pub fn is_local(&self) -> bool {
        self.servers.iter().all(|server| match &server.host {
            Host::Unix(_) => true,
            Host::Tcp {
                address: Some(address),
                ..
            } => address.is_loopback(),
            Host::Tcp {
                name,
                address: None,
            } => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()),
        })
    }

    /// The same connection with the server setting `name` set to `value` in every session.
    #[must_use]
    pub fn with_setting(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(super) fn without_setting(mut self, name: &str) -> Self {
        self.settings.remove(name);
        self
    }

    /// The same connection with the setting `search_path` given as schema names, unquoted.
    #[must_use]
    pub fn with_search_path(self, schemas: &[&str]) -> Self {
        let quoted: Vec<_> = schemas
            .iter()
            .map(|schema| quote_identifier(schema))
            .collect();
        self.with_setting("search_path", &quoted.join(","))
    }

    /// The same connection under another `application_name` (at most 63 bytes count).
    #[must_use]
    pub fn with_application_name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.application_name);
        self
    }

    /// The same connection to another database of the server.
    #[must_use]
    pub fn with_database(mut self, name: &str) -> Self {
        name.clone_into(&mut self.database);
        self
    }

    /// The same connection with another limit for one attempt at one server.
    #[must_use]
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = Some(limit);
        self
    }

    /// The `options` of the start-up message: the user's, then our settings, escaped.
    pub(super) fn startup_options(&self) -> String {
        let mut options = self.options.clone();
        for (name, value) in &self.settings {
            if !options.is_empty() {
                options.push(' ');
            }
            options.push_str("-c ");
            for character in format!("{name}={value}").chars() {
                if character.is_whitespace() || character == '\\' {
                    options.push('\\');
                }
                options.push(character);
            }
        }
        options
    }
}

impl fmt::Debug for ConnectSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectSpec")
            .field("url", &self.describe())
            .field("sslmode", &self.tls.mode.name())
            .field("application_name", &self.application_name)
            .field("settings", &self.settings)
            .field("time_limit", &self.time_limit)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ConnectSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe())
    }
}

impl Server {
    fn in_url(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { name, .. } if name.contains(':') => write!(f, "[{name}]"),
            Self::Tcp { name, .. } => f.write_str(name),
            Self::Unix(folder) => f.write_str(&encode(&folder.display().to_string())),
        }
    }
}

/// Quotes a name for SQL.
pub fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
