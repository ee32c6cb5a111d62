//! Rows: each one inside the cone, all together as many as they should be.

use common::sky::{Cone, Position};

use super::super::draws::Occasion;
use super::super::{CountRange, Problem, kinds};
use crate::profile::Success;
use crate::protocol::RowPosition;

/// A service may round its coordinates: rows this far outside of the cone are taken as inside, degrees
/// (10 milliarcseconds).
const EDGE_DEG: f64 = 0.01 / 3600.0;

/// Checks rows as they come.
#[derive(Debug)]
pub(super) struct RowCheck {
    cone: Option<Cone>,
    expected: Option<CountRange>,
    outside: u64,
    /// The farthest row and its distance from the centre, degrees.
    worst: Option<(Position, f64)>,
    without_position: u64,
    seen: u64,
    /// The first positions, where the caller wants them.
    kept: Vec<Position>,
    keep: usize,
}

/// Positions that are kept of an answer that is asked for its positions and not for a cone.
const KEPT_POSITIONS: usize = 1000;

impl RowCheck {
    pub(super) fn new(rules: &Success, occasion: &Occasion) -> Self {
        Self {
            cone: occasion
                .asked
                .filter(|_| rules.inside_cone)
                .map(|it| it.target.cone),
            expected: occasion
                .asked
                .filter(|_| rules.count_cone)
                .and_then(|it| it.expected),
            outside: 0,
            worst: None,
            without_position: 0,
            seen: 0,
            kept: Vec::new(),
            keep: if rules.inside_cone || rules.position.is_none() {
                0
            } else {
                KEPT_POSITIONS
            },
        }
    }

    pub(super) fn see(&mut self, row: RowPosition) {
        if self.kept.len() < self.keep
            && let (Some(ra), Some(dec)) = (row.ra_deg, row.dec_deg)
        {
            self.kept.push(Position::new(ra, dec));
        }
        let Some(cone) = self.cone else { return };
        self.seen += 1;
        let (Some(ra), Some(dec)) = (row.ra_deg, row.dec_deg) else {
            self.without_position += 1;
            return;
        };
        let position = Position::new(ra, dec);
        let distance = cone.center.separation_deg(position);
        if distance > cone.radius_deg + EDGE_DEG {
            self.outside += 1;
            if self.worst.is_none_or(|it| distance > it.1) {
                self.worst = Some((position, distance));
            }
        }
    }

    /// The positions that were kept.
    pub(super) fn positions(&mut self) -> Vec<Position> {
        std::mem::take(&mut self.kept)
    }

    /// The verdict; whether the number of rows was compared with what the catalogue has.
    pub(super) fn check(
        &self,
        rules: &Success,
        rows: Option<u64>,
        limit: Option<u64>,
    ) -> Result<bool, Problem> {
        if let (Some((position, distance)), Some(cone)) = (self.worst, self.cone) {
            let message = format!(
                "{} of {} rows lie outside of the cone of {}° around {} {}: {} {} is {distance:.6}° away",
                self.outside,
                self.seen,
                cone.radius_deg,
                cone.center.ra_deg,
                cone.center.dec_deg,
                position.ra_deg,
                position.dec_deg
            );
            return Err(Problem::new(kinds::OUTSIDE_CONE, message));
        }
        if self.without_position > 0 {
            let message = format!(
                "{} of {} rows have no position",
                self.without_position, self.seen
            );
            return Err(Problem::new(kinds::WRONG_CONTENT, message));
        }
        let Some(rows) = rows else { return Ok(false) };
        let most = [rules.max_rows, limit].into_iter().flatten().min();
        let wrong = |rule: String| {
            let message = format!("{rows} rows where there must be {rule}");
            Err(Problem::new(kinds::WRONG_COUNT, message))
        };
        match (rules.min_rows, most) {
            (Some(least), _) if rows < least => return wrong(format!("at least {least}")),
            (_, Some(most)) if rows > most => return wrong(format!("at most {most}")),
            _ => {}
        }
        let Some(expected) = self.expected else {
            return Ok(false);
        };
        let cut = |count: u64| limit.map_or(count, |it| count.min(it));
        let (low, high) = (cut(expected.low), cut(expected.high));
        if (low..=high).contains(&rows) {
            return Ok(true);
        }
        let count = if low == high {
            low.to_string()
        } else {
            format!("{low} to {high}")
        };
        let center = self.cone.map(|it| (it.center, it.radius_deg));
        let place = center.map_or_else(String::new, |(center, radius)| {
            format!(
                " around {} {} within {radius}°",
                center.ra_deg, center.dec_deg
            )
        });
        wrong(format!("{count}{place}, as the catalogue has"))
    }
}
