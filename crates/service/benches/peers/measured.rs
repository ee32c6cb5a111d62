//! A process on core 1 whose CPU time and memory are measured.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, bail};

/// Clock ticks of `/proc`: Linux has had 100 a second on every machine for decades.
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process used until it ended.
pub(crate) struct Measured {
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_mib: f64,
    pub(crate) output: String,
}

/// Runs a program on core 1 to its end.
pub(crate) fn measure(program: &Command) -> anyhow::Result<Measured> {
    let mut child = Command::new("taskset")
        .args(["-c", "1"])
        .arg(program.get_program())
        .args(program.get_args())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("taskset cannot be started")?;
    // Memory can be seen only while the process runs, its whole CPU time only between its end and
    // the `wait` that removes it.
    let mut peak_mib = 0.0_f64;
    while !has_ended(&child)? {
        peak_mib = peak_mib.max(peak_of(&child).unwrap_or(0.0));
        sleep(Duration::from_millis(20));
    }
    let cpu_seconds = cpu_of(&child)?;
    let mut output = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        stdout.read_to_string(&mut output)?;
    }
    if !child.wait()?.success() {
        bail!("{} failed: {output}", program.get_program().display());
    }
    Ok(Measured {
        cpu_seconds,
        peak_mib,
        output,
    })
}

/// The fields of `/proc/PID/stat` behind the name, which may hold blanks; the first is the state.
fn fields_of(child: &Child) -> anyhow::Result<Vec<String>> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
    let (_, fields) = stat.rsplit_once(") ").context("/proc has another form")?;
    Ok(fields.split_whitespace().map(str::to_owned).collect())
}

fn has_ended(child: &Child) -> anyhow::Result<bool> {
    Ok(fields_of(child)?.first().is_some_and(|state| state == "Z"))
}

/// User and system time: fields 14 and 15 of proc(5).
fn cpu_of(child: &Child) -> anyhow::Result<f64> {
    let fields = fields_of(child)?;
    let ticks = |index: usize| -> anyhow::Result<f64> {
        let field = fields.get(index).context("/proc has another form")?;
        Ok(field.parse()?)
    };
    Ok((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}

fn peak_of(child: &Child) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024.0)
}
