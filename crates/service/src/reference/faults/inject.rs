//! Decides what befalls which request, and counts it.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use super::timer::Timer;
use super::{Fault, FaultKind, Share, Stall};

/// What befalls one request.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Injection {
    /// Added before the work begins.
    pub(crate) delay: Option<Duration>,
    /// What happens to the answer.
    pub(crate) answer: Option<AnswerFault>,
    /// The body comes at this rate, bytes a second.
    pub(crate) bytes_per_sec: Option<f64>,
}

/// What happens to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AnswerFault {
    /// A status in place of it.
    Error(u16),
    /// None comes.
    Drop,
    /// An HTML page in place of it.
    ErrorPage,
    /// Broken JSON in place of it.
    Garbage,
    /// Half of it.
    Truncate {
        /// In chunks, without an announced length.
        chunked: bool,
    },
}

/// What befalls a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JobFault {
    /// It fails.
    Fail,
    /// It never ends.
    Hang,
}

/// All faults of a service.
pub(crate) struct Faults {
    rules: Vec<Rule>,
    /// When the service began to listen.
    begin: OnceLock<Instant>,
    timer: Option<Timer>,
}

struct Rule {
    fault: Fault,
    /// Decides together with the number of the request what is drawn.
    key: u64,
    seen: AtomicU64,
    injected: AtomicU64,
}

impl Faults {
    pub(crate) fn new(faults: &[Fault], seed: u64) -> std::io::Result<Self> {
        let waits = faults
            .iter()
            .any(|it| matches!(it.kind, FaultKind::Latency(_) | FaultKind::Stall(_)));
        let rules = faults.iter().zip(1_u64..).map(|(fault, number)| Rule {
            fault: fault.clone(),
            key: scramble(seed ^ scramble(number)),
            seen: AtomicU64::new(0),
            injected: AtomicU64::new(0),
        });
        Ok(Self {
            rules: rules.collect(),
            begin: OnceLock::new(),
            timer: waits.then(Timer::start).transpose()?,
        })
    }

    /// The moment from which stalls are counted; only the first call counts.
    pub(crate) fn begin(&self, now: Instant) {
        let _ = self.begin.set(now);
    }

    /// Whether there is any fault at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What befalls the next request to a path. Counts all but cuts, which may find nothing to cut.
    pub(crate) fn on_request(&self, path: &str) -> Injection {
        let mut injection = Injection::default();
        let is_of_requests =
            |rule: &&Rule| !matches!(rule.fault.kind, FaultKind::FailJobs | FaultKind::HangJobs);
        for rule in self.rules.iter().filter(is_of_requests) {
            let Some((first, second)) = rule.strikes(path) else {
                continue;
            };
            let answer = match rule.fault.kind {
                FaultKind::Latency(delay) => {
                    let delay = delay.draw(first, second);
                    injection.delay = Some(injection.delay.unwrap_or_default() + delay);
                    rule.count();
                    continue;
                }
                FaultKind::SlowBody { bytes_per_sec } => {
                    injection.bytes_per_sec = Some(bytes_per_sec);
                    rule.count();
                    continue;
                }
                FaultKind::Error { status } => AnswerFault::Error(status),
                FaultKind::Drop => AnswerFault::Drop,
                FaultKind::ErrorPage => AnswerFault::ErrorPage,
                FaultKind::Garbage => AnswerFault::Garbage,
                FaultKind::Truncate => AnswerFault::Truncate { chunked: false },
                FaultKind::TruncateChunked => AnswerFault::Truncate { chunked: true },
                FaultKind::Stall(_) | FaultKind::FailJobs | FaultKind::HangJobs => continue,
            };
            if injection.answer.is_none() {
                injection.answer = Some(answer);
                if !matches!(answer, AnswerFault::Truncate { .. }) {
                    rule.count();
                }
            }
        }
        injection
    }

    /// What befalls the next job.
    pub(crate) fn on_job(&self) -> Option<JobFault> {
        let mut befalls = None;
        for rule in &self.rules {
            let fault = match rule.fault.kind {
                FaultKind::FailJobs => JobFault::Fail,
                FaultKind::HangJobs => JobFault::Hang,
                _ => continue,
            };
            if rule.strikes("").is_some() {
                befalls = befalls.or(Some(fault));
            }
        }
        befalls
    }

    /// Counts a fault of a job that has come true.
    pub(crate) fn count_job(&self, fault: JobFault) {
        self.count_first(|kind| match fault {
            JobFault::Fail => matches!(kind, FaultKind::FailJobs),
            JobFault::Hang => matches!(kind, FaultKind::HangJobs),
        });
    }

    /// Counts a body that was cut.
    pub(crate) fn count_cut(&self, cut_in_chunks: bool) {
        self.count_first(|kind| match kind {
            FaultKind::Truncate => !cut_in_chunks,
            FaultKind::TruncateChunked => cut_in_chunks,
            _ => false,
        });
    }

    fn count_first(&self, is_it: impl Fn(&FaultKind) -> bool) {
        if let Some(rule) = self.rules.iter().find(|it| is_it(&it.fault.kind)) {
            rule.count();
        }
    }

    /// Waits for an added latency, counted from the arrival of the request.
    pub(crate) async fn delay(&self, arrived: Instant, delay: Duration) {
        if let Some(timer) = &self.timer {
            timer.wait_until(arrived + delay).await;
        }
    }

    /// Holds an answer back while there is a stall; each answer counts once.
    pub(crate) async fn stall(&self, path: &str) {
        let Some(begin) = self.begin.get() else {
            return;
        };
        for rule in &self.rules {
            let FaultKind::Stall(stall) = rule.fault.kind else {
                continue;
            };
            if rule.fault.applies_to(path)
                && let Some(left) = left_now(stall, *begin)
                && let Some(timer) = &self.timer
            {
                rule.count();
                timer.wait_until(Instant::now() + left).await;
            }
        }
    }

    /// How many faults of each kind were injected; each kind that was asked for is there.
    pub(crate) fn injected(&self) -> BTreeMap<String, u64> {
        let mut injected = BTreeMap::new();
        for rule in &self.rules {
            let kind = rule.fault.kind.as_str().to_owned();
            *injected.entry(kind).or_default() += rule.injected.load(Ordering::Relaxed);
        }
        injected
    }
}

fn left_now(stall: Stall, begin: Instant) -> Option<Duration> {
    stall.left_at(Instant::now().saturating_duration_since(begin))
}

impl Fault {
    fn applies_to(&self, path: &str) -> bool {
        self.path
            .as_deref()
            .is_none_or(|prefix| path.starts_with(prefix))
    }
}

impl Rule {
    /// Whether it befalls the next request to a path, with two numbers drawn for it. Those depend on
    /// nothing but the seed and how many such requests came before.
    fn strikes(&self, path: &str) -> Option<(f64, f64)> {
        if !self.fault.applies_to(path) {
            return None;
        }
        let number = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        let draw = |index: u64| share_of(scramble(self.key ^ scramble(4 * number + index)));
        let strikes = match self.fault.share {
            Share::All => true,
            Share::EveryNth(n) => number.is_multiple_of(n),
            Share::Random(share) => draw(0) < share,
        };
        strikes.then(|| (draw(1), draw(2)))
    }

    fn count(&self) {
        self.injected.fetch_add(1, Ordering::Relaxed);
    }
}

/// `SplitMix64` (Steele, Lea and Flood 2014): every bit of the result depends on every bit of `x`.
pub(crate) fn scramble(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A number in [0, 1) of 53 random bits.
fn share_of(bits: u64) -> f64 {
    common::units::count_f64(bits >> 11) / common::units::count_f64(1 << 53)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(texts: &[&str]) -> Faults {
        let parsed: Vec<Fault> = texts.iter().map(|it| it.parse().unwrap()).collect();
        Faults::new(&parsed, 7).unwrap()
    }

    #[test]
    fn every_nth_request_of_a_path_is_befallen_and_counted() {
        let faults = faults(&["error=1/10:503,path=/api", "drop=1/25"]);
        let mut seen = BTreeMap::new();
        for number in 0..1000 {
            let path = if number % 2 == 0 {
                "/api/x"
            } else {
                "/actuator"
            };
            if let Some(answer) = faults.on_request(path).answer {
                *seen.entry(format!("{answer:?}")).or_insert(0_u64) += 1;
            }
        }
        assert_eq!(seen["Error(503)"], 50);
        // Those that fall on a request that is an error already are not injected.
        assert_eq!(faults.injected()["error"], 50);
        assert_eq!(faults.injected()["drop"], seen["Drop"]);
    }

    #[test]
    fn random_shares_repeat_with_the_seed_and_have_the_right_size() {
        let (first, second) = (faults(&["error=5%"]), faults(&["error=5%"]));
        for _ in 0..20_000 {
            assert_eq!(first.on_request("/"), second.on_request("/"));
        }
        let count = first.injected()["error"];
        // 1000 expected, standard deviation 31.
        assert!((880..1120).contains(&count), "{count}");
    }

    #[test]
    fn drawn_latencies_have_the_percentiles_of_their_distribution() {
        for text in [
            "latency=exponential:20ms",
            "latency=lognormal:20ms:0.5",
            "latency=uniform:10ms-30ms",
        ] {
            let faults = faults(&[text]);
            let mut drawn: Vec<Duration> = (0..40_000)
                .map(|_| faults.on_request("/").delay.unwrap())
                .collect();
            drawn.sort_unstable();
            let FaultKind::Latency(delay) = faults.rules[0].fault.kind else {
                panic!("{text} is a latency");
            };
            for (quantile, place) in [(0.5, 20_000), (0.95, 38_000), (0.99, 39_600)] {
                let (is, should) = (drawn[place], delay.quantile(quantile));
                let ratio = is.as_secs_f64() / should.as_secs_f64();
                assert!((0.96..1.04).contains(&ratio), "{text} {quantile}: {ratio}");
            }
        }
    }

    #[test]
    fn job_faults_go_by_the_number_of_the_job() {
        let faults = faults(&["fail-jobs=1/3", "hang-jobs=1/5"]);
        let next = || {
            // Requests between the jobs do not count.
            faults.on_request("/");
            faults.on_job()
        };
        let seen: Vec<_> = std::iter::repeat_with(next).take(15).collect();
        assert_eq!(seen[2], Some(JobFault::Fail));
        assert_eq!(seen[4], Some(JobFault::Hang));
        assert_eq!(seen[14], Some(JobFault::Fail));
        assert_eq!(seen.iter().flatten().count(), 7);
    }
}
