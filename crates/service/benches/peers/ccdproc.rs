//! The comparison with astropy and ccdproc.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, ensure};
use common::report::Host;
use common::units::size_f64;
use serde::Deserialize;
use service::calibration::quality::COSMIC_RAY;
use service::calibration::{Calibrated, Frame};

use crate::calibration_scene::{Scene, Simulated};

/// Pairs of calibrations.
const PAIRS: usize = 5;
/// Wall time of each step and of all, and processor time of all: on a busy machine only that is steady.
const STEPS: [&str; 6] = [
    "reduce",
    "cosmic_rays",
    "background",
    "measure",
    "total",
    "processor",
];
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/ccdproc.py");

/// What the script prints for each calibration.
#[derive(Deserialize)]
struct Answer {
    seconds: BTreeMap<String, f64>,
    sources: usize,
}

/// Calibrates in turn with `ours` and with the Python packages, prints medians and how well the cosmic
/// rays agree.
pub(crate) fn compare(
    scene: &Scene,
    simulated: &Simulated,
    ours: impl Fn() -> Calibrated,
) -> anyhow::Result<()> {
    let host = Host::observe();
    let cpu = host.cpu_model.unwrap_or_default();
    let load = host.load_before.unwrap_or_default();
    println!(
        "{cpu}, {} cores, one of them used, load {load:.1}",
        host.cores
    );
    let first = ours();
    let folder = tempfile::tempdir()?;
    write_inputs(folder.path(), scene, simulated, &first)?;
    let mut peer = Peer::start(folder.path());
    match &peer {
        Ok(peer) => println!("beside {}", peer.versions),
        Err(reason) => println!("without astropy and ccdproc: {reason:#}"),
    }
    let mut own: Vec<BTreeMap<&str, f64>> = Vec::new();
    let mut theirs: Vec<Answer> = Vec::new();
    for _ in 0..PAIRS {
        own.push(timed(&ours));
        if let Ok(peer) = &mut peer {
            theirs.push(peer.calibrate()?);
        }
    }
    show(&own, &theirs);
    println!("sources: {}", first.sources.len());
    agreement("truth", &first, &truth(simulated));
    if let (Ok(peer), Some(answer)) = (peer, theirs.first()) {
        println!("sources of the peer: {}", answer.sources);
        peer.finish()?;
        for (name, file) in [
            ("astroscrappy as ccdproc calls it", "cosmic_rays"),
            ("astroscrappy with exact medians", "cosmic_rays_exact"),
        ] {
            let mask = std::fs::read(folder.path().join(file))?;
            agreement(name, &first, &mask);
            completeness(name, simulated, scene, |at| mask[at] != 0);
        }
    }
    completeness("ours", simulated, scene, |at| {
        first.quality[at] & COSMIC_RAY != 0
    });
    Ok(())
}

/// Prints the medians of both sides and of the ratios of the pairs.
fn show(own: &[BTreeMap<&str, f64>], theirs: &[Answer]) {
    for step in STEPS {
        let ours_ms: Vec<f64> = own
            .iter()
            .filter_map(|it| it.get(step))
            .map(|it| 1e3 * it)
            .collect();
        if ours_ms.len() < PAIRS {
            continue;
        }
        let theirs_ms: Vec<f64> = theirs.iter().map(|it| 1e3 * it.seconds[step]).collect();
        let ratios = theirs_ms
            .iter()
            .zip(&ours_ms)
            .map(|(theirs, ours)| theirs / ours);
        let ratio = median(ratios.collect());
        let ours = median(ours_ms);
        if theirs.is_empty() {
            println!("{step}: {ours:.1} ms");
        } else {
            let theirs = median(theirs_ms);
            println!("{step}: {ours:.1} ms, ccdproc {theirs:.0} ms, ratio {ratio:.1}");
        }
    }
}

/// Calibrates once; the seconds of each step.
fn timed(calibrate: impl Fn() -> Calibrated) -> BTreeMap<&'static str, f64> {
    let before = processor_seconds();
    let times = calibrate().times;
    let after = processor_seconds();
    let steps = [
        times.reduce,
        times.cosmic_rays,
        times.background,
        times.measure,
    ];
    let seconds = steps.map(|it| it.as_secs_f64());
    let total = seconds.iter().sum();
    let processor = before.zip(after).map(|(before, after)| after - before);
    STEPS
        .into_iter()
        .zip(seconds.into_iter().chain([total]).chain(processor))
        .collect()
}

/// Processor time of this thread, where the system tells it (Linux, proc(5)).
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos: f64 = text.split(' ').next()?.parse().ok()?;
    Some(nanos / 1e9)
}

/// The middle one; NaN of nothing.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// 1 where a cosmic ray was put in that is worth finding.
fn truth(simulated: &Simulated) -> Vec<u8> {
    let mut mask = vec![0; simulated.raw.data.len()];
    for (at, _) in &simulated.rays {
        mask[*at] = 1;
    }
    mask
}

fn agreement(name: &str, ours: &Calibrated, mask: &[u8]) {
    let pairs = || ours.quality.iter().zip(mask);
    let own = |flags: &u16| flags & COSMIC_RAY != 0;
    let both = pairs()
        .filter(|(flags, it)| own(flags) && **it != 0)
        .count();
    let only_ours = ours.cosmic_ray_pixels - both;
    let only_theirs = mask.iter().filter(|it| **it != 0).count() - both;
    let union = size_f64(both + only_ours + only_theirs);
    println!(
        "cosmic rays, {name}: {both} pixels in both, {only_ours} only ours, {only_theirs} only there, \
         {:.1} % of all shared",
        100.0 * size_f64(both) / union
    );
}

fn completeness(name: &str, simulated: &Simulated, scene: &Scene, found: impl Fn(usize) -> bool) {
    let noise_e = (scene.sky_e + f64::from(scene.detector.read_noise_e).powi(2)).sqrt();
    let rays = simulated.rays.iter().filter(|(at, electrons)| {
        *electrons > 10.0 * noise_e && f64::from(simulated.light.data[*at]) < 1.2 * scene.sky_e
    });
    let all: Vec<usize> = rays.map(|it| it.0).collect();
    let seen = all.iter().filter(|at| found(**at)).count();
    let share = 100.0 * size_f64(seen) / size_f64(all.len());
    println!(
        "cosmic rays above 10 standard deviations on the sky, {name}: {seen} of {} pixels, {share:.1} %",
        all.len()
    );
}

fn write_inputs(
    folder: &Path,
    scene: &Scene,
    simulated: &Simulated,
    ours: &Calibrated,
) -> anyhow::Result<()> {
    let write = |name: &str, frame: &Frame| {
        let bytes: Vec<u8> = frame.data.iter().flat_map(|it| it.to_ne_bytes()).collect();
        common::files::write_whole(&folder.join(name), &bytes)
    };
    write("raw", &simulated.raw)?;
    write("bias", &simulated.bias)?;
    write("dark_rate", &simulated.dark_rate)?;
    write("flat", &simulated.flat)?;
    let detector = &scene.detector;
    let aperture_px = median(ours.sources.iter().map(|it| it.aperture_px).collect());
    let document = serde_json::json!({
        "width": scene.width,
        "height": scene.height,
        "gain_e_per_adu": detector.gain_e_per_adu,
        "read_noise_e": detector.read_noise_e,
        "saturation_adu": detector.saturation_adu,
        "exposure_s": detector.exposure_s,
        "fwhm_px": scene.fwhm_px,
        "aperture_px": aperture_px,
    });
    let text = document.to_string();
    common::files::write_whole(&folder.join("scene.json"), text.as_bytes())?;
    Ok(())
}

/// The running script.
struct Peer {
    child: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    versions: String,
}

impl Peer {
    fn start(folder: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new("python3");
        command
            .arg(SCRIPT)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for threads in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] {
            command.env(threads, "1");
        }
        let mut child = command.spawn().context("python3 cannot be started")?;
        let requests = child.stdin.take().context("no standard input")?;
        let stdout = child.stdout.take().context("no standard output")?;
        let mut peer = Self {
            child,
            requests,
            answers: BufReader::new(stdout),
            versions: String::new(),
        };
        // The first calibration loads and allocates what later ones find in place.
        let ready = peer.line().and_then(|versions| {
            peer.versions = versions;
            peer.calibrate()
        });
        if ready.is_err() {
            let output = peer.child.wait_with_output()?;
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            anyhow::bail!("{}", errors.lines().last().unwrap_or("python3 ended early"))
        }
        Ok(peer)
    }

    fn calibrate(&mut self) -> anyhow::Result<Answer> {
        self.requests.write_all(b"go\n")?;
        Ok(serde_json::from_str(&self.line()?)?)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        ensure!(!line.is_empty(), "the script ended");
        Ok(line.trim_end().to_owned())
    }

    /// Lets the script write its masks.
    fn finish(mut self) -> anyhow::Result<()> {
        drop(self.requests);
        ensure!(self.child.wait()?.success(), "the script failed");
        Ok(())
    }
}
