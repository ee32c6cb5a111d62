//! The connection as the command line gives it.

use std::fmt;
use std::path::PathBuf;

use common::redact::{Secret, mask_urls};

use super::conninfo::Parameters;

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
    pub(super) fn is_empty(&self) -> bool {
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

    pub(super) fn parameters(&self) -> Parameters {
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
