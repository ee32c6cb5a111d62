//! The calibration of a 2048 × 2048 frame on one core, all steps; astropy and ccdproc beside it.
//!
//! `cargo bench -p service --bench calibration`. The peers need a `python3` in the path that has astropy,
//! ccdproc, astroscrappy, photutils and sep; a virtual environment will do. Both sides calibrate the same
//! frame in turn, A B A B …, and the medians of the times and of the ratios count.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark shows its figures"
)]

#[path = "../tests/calibration_scene/mod.rs"]
mod calibration_scene;
#[path = "peers/ccdproc.rs"]
mod ccdproc;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use calibration_scene::{Profile, Scene, Simulated};
use criterion::Criterion;
use service::calibration::{Calibrated, Steps, calibrate};

/// A ground-based exposure of a field with many stars, and far more cosmic rays than usual.
fn scene() -> Scene {
    Scene {
        width: 2048,
        height: 2048,
        stars: 1500,
        flux_e: (500.0, 3e6),
        profile: Profile::Moffat(3.5),
        cosmic_rays: 750,
        dead_pixels: 400,
        ..Scene::default()
    }
}

fn run(scene: &Scene, simulated: &Simulated) -> Calibrated {
    calibrate(
        black_box(&simulated.raw),
        &simulated.masters(),
        &scene.detector,
        Steps::ALL,
    )
    .expect("the frames fit")
}

fn main() -> ExitCode {
    // `cargo test --benches` only wants to know that it starts; `cargo bench` says `--bench`.
    if !std::env::args().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    let scene = scene();
    let simulated = scene.simulate();
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_secs(1))
        .configure_from_args()
        .bench_function("calibrate 2048 × 2048", |bencher| {
            bencher.iter(|| run(&scene, &simulated));
        });
    match ccdproc::compare(&scene, &simulated, || run(&scene, &simulated)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(4)
        }
    }
}
