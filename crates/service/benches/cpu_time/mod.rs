//! The time that the processor spent on this thread, as a measurement for criterion.

use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use tokio::time::Instant;

static WALL: WallTime = WallTime;

/// Processor time of the thread; time on the wall where the system does not tell.
pub(crate) struct CpuTime;

/// Nanoseconds that the thread has run (`proc(5)`, schedstat).
fn thread_nanos() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

impl Measurement for CpuTime {
    type Intermediate = (Instant, Option<u64>);
    type Value = Duration;

    fn start(&self) -> Self::Intermediate {
        (Instant::now(), thread_nanos())
    }

    fn end(&self, (start, before): Self::Intermediate) -> Duration {
        match (before, thread_nanos()) {
            (Some(before), Some(after)) => Duration::from_nanos(after - before),
            _ => start.elapsed(),
        }
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WALL.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WALL.formatter()
    }
}
