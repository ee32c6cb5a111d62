//! What the generator sees of itself: its share of the machine, descriptors, ports, and whether it is the
//! bottleneck.

use std::time::Duration;

use jiff::Timestamp;
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::time::TimeValLike as _;
use tokio::time::Instant;

use crate::live::Generator;
use crate::outputs::Audit;

/// A lane that uses more than this share of its core starts late.
const BUSY: f64 = 0.95;
/// Being later than this is more than a timer's fault.
const LATE_MS: f64 = 20.0;
/// One bad second is chance; this many in a row are a state.
const SECONDS: u32 = 2;

/// Watches the generator from second to second.
pub(crate) struct Monitor {
    audit: Audit,
    cpu_begin: Option<Duration>,
    cpu_before: Option<Duration>,
    before: Instant,
    bad_seconds: u32,
    limited_since: Option<Timestamp>,
    cores: f64,
}

impl Monitor {
    /// Begins to watch. Raises the number of descriptors as far as the system lets it.
    pub(crate) fn new(lanes: u64) -> Self {
        let limit = raise_descriptors();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            audit: Audit {
                lanes,
                descriptors_limit: limit,
                ports: ports(),
                ..Audit::default()
            },
            cpu_begin: cpu_time(),
            cpu_before: cpu_time(),
            before: Instant::now(),
            bad_seconds: 0,
            limited_since: None,
            cores: common::units::size_f64(cores),
        }
    }

    /// Looks at the last second: how busy the busiest lane was (0–1), and how late what was due began.
    pub(crate) fn second(&mut self, busiest: f64, lag_p99_ms: Option<f64>) -> Generator {
        let now = Instant::now();
        let elapsed = now.duration_since(self.before).as_secs_f64().max(1e-3);
        let cpu = cpu_time();
        let cpu_ratio = cpu
            .zip(self.cpu_before)
            .map(|(now, before)| now.saturating_sub(before).as_secs_f64() / elapsed / self.cores);
        (self.cpu_before, self.before) = (cpu, now);
        self.judge(busiest, lag_p99_ms);
        let memory = own_memory();
        let descriptors = own_descriptors();
        let audit = &mut self.audit;
        audit.peak_cpu_ratio = larger(audit.peak_cpu_ratio, cpu_ratio);
        audit.peak_memory_bytes = audit.peak_memory_bytes.max(memory);
        audit.peak_descriptors = audit.peak_descriptors.max(descriptors);
        Generator {
            cpu_ratio,
            lag_p99_ms,
            limited_since: self.limited_since,
            memory_bytes: memory,
            descriptors,
            descriptors_limit: audit.descriptors_limit,
        }
    }

    fn judge(&mut self, busiest: f64, lag_p99_ms: Option<f64>) {
        let is_bad = busiest > BUSY || lag_p99_ms.is_some_and(|it| it > LATE_MS);
        self.bad_seconds = if is_bad { self.bad_seconds + 1 } else { 0 };
        match self.limited_since {
            None if self.bad_seconds >= SECONDS => {
                let back = jiff::SignedDuration::from_secs(i64::from(self.bad_seconds));
                self.limited_since =
                    Some(Timestamp::now().saturating_sub(back).unwrap_or_default());
            }
            Some(since) if !is_bad => {
                self.audit.limited.push((since, Timestamp::now()));
                self.limited_since = None;
            }
            _ => {}
        }
    }

    /// All that was seen.
    pub(crate) fn finish(mut self) -> Audit {
        if let Some(since) = self.limited_since {
            self.audit.limited.push((since, Timestamp::now()));
        }
        self.audit.cpu_seconds = cpu_time()
            .zip(self.cpu_begin)
            .map(|(now, begin)| now.saturating_sub(begin).as_secs_f64());
        self.audit
    }
}

fn larger(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

/// CPU time of the process.
fn cpu_time() -> Option<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Some(Duration::from_micros(u64::try_from(micros).ok()?))
}

/// Every user may need a descriptor: the soft limit goes up to the hard one.
fn raise_descriptors() -> Option<u64> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok() {
        return Some(hard);
    }
    Some(soft)
}

/// Ports that connections from one address to one server may have.
fn ports() -> Option<u64> {
    let text = common::files::read(std::path::Path::new(
        "/proc/sys/net/ipv4/ip_local_port_range",
    ));
    let text = text.ok()?;
    let mut numbers = text.split_whitespace().map(str::parse::<u64>);
    let (low, high) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    Some((high + 1).saturating_sub(low))
}

/// Resident memory of this process in bytes.
fn own_memory() -> Option<u64> {
    let text = common::files::read(std::path::Path::new("/proc/self/status")).ok()?;
    let line = text.lines().find_map(|it| it.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}

fn own_descriptors() -> Option<u64> {
    let entries = std::fs::read_dir("/proc/self/fd").ok()?;
    // The listing has a descriptor of its own.
    Some(common::units::size_u64(entries.count()).saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_second_is_chance_and_two_are_a_bottleneck() {
        let mut monitor = Monitor::new(1);
        assert_eq!(monitor.second(0.99, None).limited_since, None);
        assert_eq!(monitor.second(0.5, Some(1.0)).limited_since, None);
        monitor.second(0.5, Some(50.0));
        assert!(monitor.second(0.99, None).limited_since.is_some());
        assert_eq!(monitor.second(0.1, Some(0.1)).limited_since, None);
        assert_eq!(monitor.finish().limited.len(), 1);
    }

    #[test]
    fn the_process_sees_itself() {
        let generator = Monitor::new(1).second(0.0, None);
        assert!(generator.memory_bytes.unwrap() > 1 << 20);
        assert!(generator.descriptors.unwrap() > 2);
        assert!(generator.cpu_ratio.unwrap() <= 1.5);
    }
}
