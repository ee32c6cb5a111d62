//! Which index is the fastest right one, and what the cast that defeats an index costs.

use common::assess::{Effort, Priority, Recommendation};
use common::render::figure;

use super::{Evidence, performance, times};
use crate::cone::Strategy;

/// The radius at which strategies are compared.
const GROUP: &str = "radius 1'";

/// A strategy must be this much faster to be worth a change.
const WORTH: f64 = 1.5;

/// The cast must cost this much to be worth a warning.
const WORTH_A_WARNING: f64 = 3.0;

/// Reports the verdict on the index strategies.
pub(super) fn check(evidence: &Evidence<'_>) -> Vec<Recommendation> {
    let mut found = Vec::new();
    let Some((best, best_ms)) = best(evidence) else {
        return found;
    };
    found.extend(cast(evidence, best, best_ms));
    found.extend(change(evidence, best, best_ms));
    found
}

fn name(strategy: Strategy) -> String {
    format!("index_strategies.{}", strategy.as_str())
}

/// The fastest strategy that gave only right answers.
fn best(evidence: &Evidence<'_>) -> Option<(Strategy, f64)> {
    Strategy::ALL
        .into_iter()
        .filter(|strategy| strategy.is_sound())
        .filter(|strategy| {
            evidence
                .test(&name(*strategy))
                .is_some_and(|test| test.error_count == 0)
        })
        .filter_map(|it| Some((it, evidence.median_of(&name(it), GROUP)?)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
}

fn cast(evidence: &Evidence<'_>, best: Strategy, best_ms: f64) -> Option<Recommendation> {
    let naive = name(Strategy::CastDefeatsIndex);
    let naive_ms = evidence.median_of(&naive, GROUP)?;
    let sphere_ms = evidence.median_of(&name(Strategy::GeographySphere), GROUP)?;
    // A table of some hundred rows is read from end to end as fast as an index.
    if naive_ms < WORTH_A_WARNING * sphere_ms {
        return None;
    }
    Some(Recommendation {
        issue: format!(
            "a query that casts an indexed geometry to geography cannot use its index: a 1' cone \
             takes {} ms by a sequential scan",
            figure(naive_ms)
        ),
        recommendation: format!(
            "Index the expression that the query uses, and search on the sphere:\n\
             CREATE INDEX CONCURRENTLY ON {table} {index};\n\
             … WHERE ST_DWithin(position::geography, point::geography, radians(r) * \
             6371008.7714150598, false)",
            table = crate::catalog::tables::OBJECTS,
            index = Strategy::GeographySphere.index_on(&evidence.cone_table.columns),
        ),
        expected_impact: format!(
            "{} faster with this one line ({} ms), {} with {} ({} ms)",
            times(naive_ms, sphere_ms),
            figure(sphere_ms),
            times(naive_ms, best_ms),
            best.as_str(),
            figure(best_ms)
        ),
        ..performance("database/index", Priority::High, Effort::Low)
    })
}

/// The change from the strategy that `cone_search` used to the best one.
fn change(evidence: &Evidence<'_>, best: Strategy, best_ms: f64) -> Option<Recommendation> {
    let used = evidence.cone_table.strategy;
    let used_ms = evidence.median_of(&name(used), GROUP)?;
    if best == used || used_ms < WORTH * best_ms {
        return None;
    }
    let columns = &evidence.cone_table.columns;
    let ddl = match best {
        Strategy::Healpix => format!(
            "ALTER TABLE {0} ADD COLUMN hpx29 bigint; -- HEALPix pixel of order 29, nested, filled by \
             the loader\nCREATE INDEX CONCURRENTLY ON {0} (hpx29);\n-- in the \
             sessions that ask:\nSET plan_cache_mode = force_generic_plan; SET enable_seqscan = \
             off;\n{1};",
            columns.table,
            Strategy::Healpix.sql(columns)
        ),
        other => format!(
            "CREATE INDEX CONCURRENTLY ON {} {};\n{};",
            columns.table,
            other.index_on(columns),
            other.sql(columns)
        ),
    };
    let size = |strategy| {
        evidence
            .parameter(&name(strategy), "size_bytes")
            .unwrap_or(0.0)
            / 1e6
    };
    Some(Recommendation {
        issue: format!(
            "cones through {} take {} ms at 1' (median) where {} takes {} ms on the same rows, both \
             with every answer right; their indexes have {} and {} MB",
            used.as_str(),
            figure(used_ms),
            best.as_str(),
            figure(best_ms),
            figure(size(used)),
            figure(size(best))
        ),
        recommendation: ddl,
        expected_impact: format!("{} faster cones of 1'", times(used_ms, best_ms)),
        ..performance("database/index", Priority::Medium, Effort::Medium)
    })
}
