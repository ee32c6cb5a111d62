//! Server settings against the machine.

use common::assess::{Category, Effort, Priority, Recommendation};
use common::units::count_f64;

use super::{Evidence, performance};

const MIB: f64 = 1_048_576.0;

/// Reports settings that are far from what the machine allows. Sizes are compared only where the
/// server runs on this machine.
pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    let mut found = Vec::new();
    found.extend(random_page_cost(evidence));
    found.extend(work_mem(evidence));
    found.extend(shared_buffers(evidence));
    found.extend(durability(evidence));
    found
}

fn setting(priority: Priority, issue: String, statement: &str, impact: &str) -> Recommendation {
    Recommendation {
        issue,
        recommendation: format!("{statement}; SELECT pg_reload_conf();"),
        expected_impact: impact.to_owned(),
        ..performance("database/settings", priority, Effort::Low)
    }
}

fn random_page_cost(evidence: &Evidence<'_>) -> Option<Recommendation> {
    let cost = evidence
        .server
        .number("random_page_cost")
        .filter(|cost| *cost >= 3.0)?;
    Some(setting(
        Priority::Medium,
        format!(
            "random_page_cost is {cost}, as for a rotating disk: the planner shies away from the many \
             small index reads of cone searches"
        ),
        "ALTER SYSTEM SET random_page_cost = 1.1",
        "Index scans in place of sequential and bitmap scans on SSDs and cached data",
    ))
}

fn work_mem(evidence: &Evidence<'_>) -> Option<Recommendation> {
    let bytes = size(evidence, "work_mem").filter(|bytes| *bytes < 8.0 * MIB)?;
    Some(setting(
        Priority::Low,
        format!(
            "work_mem is {:.0} MB: bitmaps of wide cones become lossy and sorts of joins go to disk",
            bytes / MIB
        ),
        "ALTER SYSTEM SET work_mem = '32MB'",
        "Sorts and bitmaps in memory; each sort of each session may use that much",
    ))
}

fn shared_buffers(evidence: &Evidence<'_>) -> Option<Recommendation> {
    if !evidence.server.is_local || evidence.memory_bytes == 0 {
        return None;
    }
    let bytes = size(evidence, "shared_buffers")?;
    let memory = count_f64(evidence.memory_bytes);
    // A quarter is the manual's advice; below a sixteenth something was forgotten.
    let forgotten = bytes < memory / 16.0 && bytes < 1024.0 * MIB;
    forgotten.then(|| {
        let target = (memory / 4.0).min(16_384.0 * MIB) / MIB;
        Recommendation {
            implementation_effort: Effort::Medium,
            recommendation: format!(
                "ALTER SYSTEM SET shared_buffers = '{target:.0}MB'; and restart the server"
            ),
            ..setting(
                Priority::Medium,
                format!(
                    "shared_buffers is {:.0} MB on a machine with {:.1} GiB",
                    bytes / MIB,
                    memory / MIB / 1024.0
                ),
                "",
                "Index pages stay in the server's own cache",
            )
        }
    })
}

fn durability(evidence: &Evidence<'_>) -> Option<Recommendation> {
    let off: Vec<&str> = ["fsync", "full_page_writes"]
        .into_iter()
        .filter(|name| {
            evidence
                .server
                .settings
                .get(*name)
                .is_some_and(|it| it == "off")
        })
        .collect();
    (!off.is_empty()).then(|| Recommendation {
        category: Category::Reliability,
        ..setting(
            Priority::High,
            format!(
                "{} is off: a crash can destroy the database, and ingest figures look better than they \
                 are",
                off.join(" and ")
            ),
            "ALTER SYSTEM SET fsync = on; ALTER SYSTEM SET full_page_writes = on",
            "No loss after a crash",
        )
    })
}

fn size(evidence: &Evidence<'_>, name: &str) -> Option<f64> {
    let bytes = evidence.server.setting_bytes.get(name)?;
    u64::try_from(*bytes).ok().map(count_f64)
}
