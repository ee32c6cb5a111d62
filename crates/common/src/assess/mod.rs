//! From figures to verdicts: bands of the field, the user's thresholds, recommendations.

mod band;
mod recommendation;
mod threshold;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cli::Exit;

pub use band::{Band, BandVerdict, Better, Rating};
pub use recommendation::{Category, Effort, Priority, Recommendation};
pub use threshold::{Operator, Threshold, ThresholdError, ThresholdVerdict, Verdict, metric_of};

/// The verdicts on a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Assessment {
    /// How the figures stand against the bands of the field.
    pub bands: Vec<BandVerdict>,
    /// Whether they keep the thresholds that the user gave.
    pub thresholds: Vec<ThresholdVerdict>,
}

impl Assessment {
    /// The exit status of a run with these verdicts; `is_sound` tells whether everything ran and the target
    /// was there to the end.
    pub fn exit(&self, is_sound: bool) -> Exit {
        match self.verdict() {
            Verdict::Fail => Exit::Failed,
            _ if !is_sound => Exit::Target,
            Verdict::NoData => Exit::Inconclusive,
            Verdict::Pass => Exit::Success,
        }
    }

    /// The worst verdict on the thresholds: a failure, else missing data, else a pass.
    pub fn verdict(&self) -> Verdict {
        let has = |wanted| self.thresholds.iter().any(|it| it.verdict == wanted);
        if has(Verdict::Fail) {
            Verdict::Fail
        } else if has(Verdict::NoData) {
            Verdict::NoData
        } else {
            Verdict::Pass
        }
    }
}
