//! Faults on demand: what is known to be wrong with the answers, so that a tester can be checked
//! against it.
//!
//! A fault is written as `KIND=VALUE[,path=PREFIX][,share=SHARE]`:
//!
//! | fault | what happens |
//! |---|---|
//! | `latency=50ms` | every answer comes 50 ms later |
//! | `latency=uniform:10ms-30ms` | later by a time between the two |
//! | `latency=exponential:20ms` | later by a time of that mean |
//! | `latency=lognormal:20ms:0.5` | later by a time of that median, with that sigma of its logarithm |
//! | `stall=2s@10s` | no answer leaves from 10 s after the start until 2 s later |
//! | `stall=2s/20s` | the same in the last 2 s of every 20 s |
//! | `error=SHARE[:STATUS]` | the status 500, or another one from 400 to 599, in place of the answer |
//! | `drop=SHARE` | the connection is closed without an answer |
//! | `error-page=SHARE` | 200 with an HTML error page |
//! | `garbage=SHARE` | 200 with JSON that ends in the middle, its `Content-Length` right |
//! | `truncate=SHARE` | half of the body, then the connection is closed, though `Content-Length` said more |
//! | `truncate-chunked=SHARE` | half of the body in chunks, then the connection is closed |
//! | `slow-body=10kB/s` | the body trickles |
//! | `fail-jobs=SHARE` | jobs end as `FAILED` |
//! | `hang-jobs=SHARE` | jobs stay `PROCESSING` until they are cancelled; they block no worker |
//!
//! An added latency is counted from the arrival of the request and ends 10 to 30 µs late in the median
//! (see the timer); a client that waits for one answer after the other sees it 0.1 to 0.25 ms late over
//! HTTP/1.1 and 0.25 to 0.35 ms over HTTP/2 (5 ms added, two shared cores, medians, less what an answer
//! takes without a fault), since threads and caches are cold after the sleep.
//!
//! `SHARE` is `1/50` for exactly every 50th request that the fault applies to, or `1%` for a random
//! share, drawn from the seed. `latency` and `slow-body` take `share=` too. `path=` limits a fault to
//! paths that begin so. At most one of the faults that replace or cut an answer befalls a request:
//! the one given first; only that one is counted.

mod body;
mod delay;
mod inject;
mod parse;
mod timer;

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

pub(crate) use body::FaultyBody;
pub use delay::Delay;
pub(crate) use inject::{AnswerFault, Faults, Injection, JobFault, scramble};
pub use parse::BadFault;

/// One fault, read from its text with [`str::parse`].
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// To which requests or jobs.
    pub share: Share,
    /// Only to paths that begin so.
    pub path: Option<String>,
    text: String,
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq)]
pub enum FaultKind {
    /// Answers come later.
    Latency(Delay),
    /// All answers freeze for a while.
    Stall(Stall),
    /// An error status in place of the answer.
    Error {
        /// The status, 400 to 599.
        status: u16,
    },
    /// The connection is closed without an answer.
    Drop,
    /// An HTML page with status 200.
    ErrorPage,
    /// Broken JSON with status 200.
    Garbage,
    /// Half of the body that `Content-Length` announced.
    Truncate,
    /// Half of the body, in chunks without the last one.
    TruncateChunked,
    /// The body trickles.
    SlowBody {
        /// Bytes each second.
        bytes_per_sec: f64,
    },
    /// Jobs end as `FAILED`.
    FailJobs,
    /// Jobs never end.
    HangJobs,
}

impl FaultKind {
    /// The word before the `=`, which also counts it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Latency(_) => "latency",
            Self::Stall(_) => "stall",
            Self::Error { .. } => "error",
            Self::Drop => "drop",
            Self::ErrorPage => "error-page",
            Self::Garbage => "garbage",
            Self::Truncate => "truncate",
            Self::TruncateChunked => "truncate-chunked",
            Self::SlowBody { .. } => "slow-body",
            Self::FailJobs => "fail-jobs",
            Self::HangJobs => "hang-jobs",
        }
    }

    fn is_of_jobs(&self) -> bool {
        matches!(self, Self::FailJobs | Self::HangJobs)
    }
}

/// When no answer leaves, counted from the moment the service listens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stall {
    /// Once.
    Once {
        /// For how long.
        length: Duration,
        /// Since when.
        begin: Duration,
    },
    /// At the end of every period.
    Every {
        /// For how long.
        length: Duration,
        /// From one end to the next.
        period: Duration,
    },
}

impl Stall {
    /// How much longer the stall lasts at a time after the start; none when there is none.
    pub fn left_at(self, since_start: Duration) -> Option<Duration> {
        let (begin, length) = match self {
            Self::Once { length, begin } => (begin, length),
            Self::Every { length, period } => {
                let rounds = since_start.as_nanos() / period.as_nanos();
                let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
                (period * rounds + period.saturating_sub(length), length)
            }
        };
        let end = begin + length;
        let left = end.checked_sub(since_start)?;
        (since_start >= begin && !left.is_zero()).then_some(left)
    }
}

/// Which of the requests or jobs a fault befalls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Share {
    /// All of them.
    All,
    /// Exactly every n-th.
    EveryNth(u64),
    /// A random share, 0 to 1.
    Random(f64),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_lasts_from_its_begin_to_its_end() {
        let secs = Duration::from_secs;
        let once = Stall::Once {
            length: secs(2),
            begin: secs(10),
        };
        assert_eq!(once.left_at(secs(9)), None);
        assert_eq!(once.left_at(secs(10)), Some(secs(2)));
        assert_eq!(once.left_at(secs(11)), Some(secs(1)));
        assert_eq!(once.left_at(secs(12)), None);
        let every = Stall::Every {
            length: secs(2),
            period: secs(20),
        };
        assert_eq!(every.left_at(secs(0)), None);
        assert_eq!(every.left_at(secs(19)), Some(secs(1)));
        assert_eq!(every.left_at(secs(20)), None);
        assert_eq!(every.left_at(secs(58)), Some(secs(2)));
    }
}
