//! Limits that a load must keep: `cone_search.p95 < 500ms`, `errors < 1%`, `rate > 100/s`.
//!
//! A limit is `[NAME.]FIGURE OP VALUE[UNIT]`. NAME is a request, `persona.NAME`, `iterations`, or absent for
//! all requests. It is judged over the whole measured part, also while the run goes on.

mod figure;
mod limit;
mod parse;

#[cfg(test)]
mod tests;

use std::time::Duration;

use common::assess::{ThresholdVerdict, Verdict};
use common::cli::Mistake;

use crate::crowd::{Roster, Tape};
use crate::live::LimitRow;
use crate::scenario::LimitSpec;

pub use limit::Limit;

/// The limits of a run.
#[derive(Debug, Clone, Default)]
pub struct Limits(Vec<Watched>);

/// A limit with what happens when it breaks during the run.
#[derive(Debug, Clone)]
struct Watched {
    limit: Limit,
    abort: bool,
    after: Duration,
}

impl Limits {
    /// Reads the limits of a command line or a scenario.
    ///
    /// # Errors
    /// A sentence for each that cannot be read or concerns nothing of the scenario.
    pub fn parse(specs: &[LimitSpec], roster: &Roster) -> Result<Self, Vec<Mistake>> {
        let (mut limits, mut mistakes) = (Vec::new(), Vec::new());
        for spec in specs {
            match Limit::parse(&spec.text, roster) {
                Ok(limit) => limits.push(Watched {
                    limit,
                    abort: spec.abort,
                    after: spec.after,
                }),
                Err(reason) => {
                    mistakes.push(Mistake::new(format!(
                        "threshold `{}`: {reason}",
                        spec.text.trim()
                    )));
                }
            }
        }
        if mistakes.is_empty() {
            Ok(Self(limits))
        } else {
            Err(mistakes)
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The verdicts on what a tape has seen in a measured time.
    pub fn judge(&self, tape: &Tape, measured: Duration) -> Vec<ThresholdVerdict> {
        let judged = self.0.iter().map(|it| it.limit.judge_tape(tape, measured));
        judged.collect()
    }

    /// What the limits say so far, for views.
    pub fn rows(&self, tape: &Tape, measured: Duration) -> Vec<LimitRow> {
        let verdicts = self.judge(tape, measured);
        verdicts
            .into_iter()
            .map(|it| LimitRow {
                limit: it.threshold,
                figure: it.figure,
                holds: match it.verdict {
                    Verdict::Pass => Some(true),
                    Verdict::Fail => Some(false),
                    Verdict::NoData => None,
                },
            })
            .collect()
    }

    /// Why the run should end now, if it should: a limit that ends it is broken over the whole measured part
    /// so far, and its delay since the start of the load is over.
    pub fn broken(&self, tape: &Tape, measured: Duration, since_start: Duration) -> Option<String> {
        self.0
            .iter()
            .filter(|it| it.abort && since_start >= it.after && !it.limit.is_settled_at_the_end())
            .find_map(|it| {
                let verdict = it.limit.judge_tape(tape, measured);
                (verdict.verdict == Verdict::Fail).then(|| {
                    format!(
                        "the threshold `{}` is broken over the {:.0} s measured so far: {}",
                        verdict.threshold,
                        measured.as_secs_f64(),
                        verdict.reason
                    )
                })
            })
    }
}
