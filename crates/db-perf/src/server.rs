//! What the server says about itself: versions and the settings that matter.

use std::collections::BTreeMap;

use serde::Serialize;
use tokio_postgres::{Client, Error};

/// Facts about the server, for the report and the checks.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Server {
    /// One line for people.
    pub description: String,
    /// `throwaway`, `given` or `table`.
    pub kind: String,
    /// Version of PostgreSQL.
    pub postgresql: String,
    /// Version of PostGIS; null where it is not installed.
    pub postgis: Option<String>,
    /// Other extensions of the database with their versions.
    pub extensions: BTreeMap<String, String>,
    /// Settings that matter for this work, as the server shows them.
    pub settings: BTreeMap<String, String>,
    /// Sizes among the settings, in bytes.
    pub setting_bytes: BTreeMap<String, i64>,
    /// Whether the server runs on this machine, so that its settings can be compared with it.
    pub is_local: bool,
}

const SETTINGS: &[&str] = &[
    "shared_buffers",
    "effective_cache_size",
    "work_mem",
    "maintenance_work_mem",
    "max_wal_size",
    "random_page_cost",
    "effective_io_concurrency",
    "max_connections",
    "max_parallel_workers_per_gather",
    "jit",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_level",
    "autovacuum",
    "statement_timeout",
    "track_io_timing",
    "plan_cache_mode",
];

const SIZES: &[&str] = &[
    "shared_buffers",
    "effective_cache_size",
    "work_mem",
    "maintenance_work_mem",
    "max_wal_size",
];

impl Server {
    /// Asks a server about itself.
    pub async fn observe(
        client: &Client,
        kind: &str,
        place: &str,
        is_local: bool,
    ) -> Result<Self, Error> {
        let postgresql: String = client
            .query_one("SELECT current_setting('server_version')", &[])
            .await?
            .get(0);
        let extensions: BTreeMap<String, String> = client
            .query(
                "SELECT extname::text, extversion FROM pg_extension ORDER BY 1",
                &[],
            )
            .await?
            .iter()
            .map(|row| (row.get(0), row.get(1)))
            .collect();
        let settings = client
            .query(
                "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY($1) ORDER BY 1",
                &[&SETTINGS],
            )
            .await?
            .iter()
            .map(|row| (row.get(0), row.get(1)))
            .collect();
        let setting_bytes = client
            .query(
                "SELECT name, pg_size_bytes(current_setting(name)) FROM pg_settings
                 WHERE name = ANY($1) ORDER BY 1",
                &[&SIZES],
            )
            .await?
            .iter()
            .map(|row| (row.get(0), row.get(1)))
            .collect();
        let postgis = extensions.get("postgis").cloned();
        let with_postgis = postgis
            .as_ref()
            .map_or_else(|| "no PostGIS".into(), |it| format!("PostGIS {it}"));
        Ok(Self {
            description: format!("{place}: PostgreSQL {postgresql}, {with_postgis}"),
            kind: kind.to_owned(),
            postgresql,
            postgis,
            extensions,
            settings,
            setting_bytes,
            is_local,
        })
    }

    /// A setting as a number, where it is one.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.settings.get(name)?.parse().ok()
    }
}
