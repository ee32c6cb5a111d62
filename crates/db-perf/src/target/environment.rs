//! The libpq environment variables, read in one place.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// The `PG*` variables (and `HOME`) as they were when the program started.
///
/// [`LibpqEnv::from_process`] reads the real environment; tests give a map.
#[derive(Debug, Clone, Default)]
pub struct LibpqEnv {
    variables: BTreeMap<String, String>,
    not_utf8: Vec<String>,
}

/// The variables that become connection parameters, with the libpq keyword of each.
const KEYWORDS: [(&str, &str); 14] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGOPTIONS", "options"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
];

impl LibpqEnv {
    /// Reads the environment of this process.
    pub fn from_process() -> Self {
        Self::from_os(std::env::vars_os())
    }

    /// Takes the variables from `pairs`; those without a meaning here are ignored.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self {
            variables: pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            not_utf8: Vec::new(),
        }
    }

    fn from_os(pairs: impl Iterator<Item = (OsString, OsString)>) -> Self {
        let mut env = Self::default();
        for (name, value) in pairs {
            let Ok(name) = name.into_string() else {
                continue;
            };
            if !name.starts_with("PG") && name != "HOME" {
                continue;
            }
            match value.into_string() {
                Ok(value) => {
                    env.variables.insert(name, value);
                }
                Err(_) => env.not_utf8.push(name),
            }
        }
        env
    }

    /// The value of `name`; as in libpq an empty variable counts as unset.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The connection parameters that the environment sets, by libpq keyword.
    pub(super) fn parameters(&self) -> BTreeMap<String, String> {
        KEYWORDS
            .iter()
            .filter_map(|(name, keyword)| Some(((*keyword).to_owned(), self.get(name)?.to_owned())))
            .collect()
    }

    /// Whether a variable names a server, a database, a user or a service.
    pub(super) fn names_a_connection(&self) -> bool {
        [
            "PGHOST",
            "PGHOSTADDR",
            "PGPORT",
            "PGDATABASE",
            "PGUSER",
            "PGSERVICE",
        ]
        .iter()
        .any(|name| self.get(name).is_some())
    }

    /// The first `PG*` variable whose value is not UTF-8.
    pub(super) fn not_utf8(&self) -> Option<&str> {
        self.not_utf8.first().map(String::as_str)
    }
}
