//! What the tests of the session share.

use std::time::Duration;

use common::sky::{Radii, TargetSampler};

use super::{Asked, Litter, Polling, Scene};

/// A scene with targets and without images.
pub(super) fn scene() -> Scene {
    let mut sampler = TargetSampler::new(1, Vec::new(), Radii::LogUniform);
    let asked = || Asked {
        target: sampler.next_target(),
        expected: None,
    };
    Scene {
        run: "0123456789ab".to_owned(),
        seed: 1,
        targets: std::iter::repeat_with(asked).take(100).collect(),
        keys: Vec::new(),
        files: Vec::new(),
        timeout: Duration::from_secs(5),
        job_timeout: Duration::from_secs(5),
        polling: Polling::default(),
        litter: Litter::default(),
    }
}
