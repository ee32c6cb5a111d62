//! The mark on a schema of ours: a comment that says whose it is, and a lock that says whether its
//! run is still going on.

use serde::{Deserialize, Serialize};
use tokio_postgres::Client;

use super::process::{ProcessIdentity, host_name};

/// How the names of our schemas begin.
pub(super) const PREFIX: &str = "astro_perf_";

/// The comment on a schema of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The marker's version, 1.
    pub astro_perf: u32,
    /// The database user who made the schema.
    pub owner: String,
    /// When, as RFC 3339.
    pub created: String,
    /// The run.
    pub run: String,
    /// The machine that the run was on.
    pub host: String,
    /// The run's process.
    #[serde(flatten)]
    pub process: ProcessIdentity,
}

impl Marker {
    pub(super) fn new(owner: &str, run: &str) -> Self {
        Self {
            astro_perf: 1,
            owner: owner.to_owned(),
            created: jiff::Timestamp::now().to_string(),
            run: run.to_owned(),
            host: host_name(),
            process: ProcessIdentity::own(),
        }
    }

    /// Reads the comment of the schema `name`; `None` if it is not ours.
    pub(super) fn of(name: &str, comment: &str) -> Option<Self> {
        let marker: Self = serde_json::from_str(comment).ok()?;
        (marker.astro_perf == 1 && name == schema_name(&marker.run)).then_some(marker)
    }

    /// Whether the run's process is known to be gone: it was on this machine and runs no more.
    pub(super) fn process_is_gone(&self) -> bool {
        self.host == host_name() && !self.process.is_alive()
    }
}

/// The schema of a run.
pub(super) fn schema_name(run: &str) -> String {
    format!("{PREFIX}{run}")
}

/// The `application_name` of a run's sessions.
pub(super) fn application_name(run: &str) -> String {
    format!("db-perf {run}")
}

/// The advisory lock of a schema: FNV-1a of its name.
pub(super) fn lock_key(schema: &str) -> i64 {
    let hash = schema
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    hash.cast_signed()
}

/// Releases the lock of a schema now: a closed session keeps it for a moment.
pub(super) async fn release_lock(client: &Client, schema: &str) {
    if let Err(error) = client
        .query("SELECT pg_advisory_unlock($1)", &[&lock_key(schema)])
        .await
    {
        tracing::debug!("the lock of `{schema}` goes with its session: {error}");
    }
}

/// The marker of the schema `name`, if there is such a schema and it is ours.
pub(super) async fn read_marker(
    client: &Client,
    name: &str,
) -> Result<Option<Marker>, tokio_postgres::Error> {
    let sql = "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = $1";
    let row = client.query_opt(sql, &[&name]).await?;
    let comment: Option<String> = row.and_then(|row| row.get(0));
    Ok(comment.and_then(|comment| Marker::of(name, &comment)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_read_back_only_for_its_own_schema() {
        let marker = Marker::new("app", "r1");
        let comment = serde_json::to_string(&marker).unwrap();
        assert_eq!(Marker::of("astro_perf_r1", &comment), Some(marker));
        assert_eq!(Marker::of("astro_perf_r2", &comment), None);
        assert_eq!(Marker::of("astro_perf_r1", "my notes"), None);
    }

    #[test]
    fn the_process_of_a_marker_is_gone_only_on_this_machine() {
        let mut marker = Marker::new("app", "r1");
        assert!(!marker.process_is_gone());
        marker.process.start_ticks = Some(1);
        assert!(marker.process_is_gone());
        marker.host = "elsewhere".to_owned();
        assert!(!marker.process_is_gone());
    }
}
