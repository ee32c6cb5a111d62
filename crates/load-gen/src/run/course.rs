//! The course of a run: a moment a second, wider ones in long runs.

use std::time::Duration;

use common::record::Series;
use common::units::count_f64;

use super::collector::SecondOf;
use crate::crowd::Program;
use crate::live::Moment;

/// Beyond this many moments two become one, so that a day's run stays small.
const MOST_MOMENTS: usize = 1800;

/// The course of a run.
#[derive(Debug, Default)]
pub(super) struct Course {
    moments: Vec<Moment>,
    /// Seconds that make a moment.
    width: u32,
    /// The moment that goes on, and how many seconds it has.
    open: Option<(Moment, Series, u32)>,
}

impl Course {
    /// Adds a second that began at a time.
    pub(super) fn add(&mut self, at: Duration, length: f64, second: &SecondOf, program: &Program) {
        let class = &second.tape.requests.total;
        let succeeded = count_f64(class.response.count());
        let (mut moment, mut series, seconds) = self.open.take().unwrap_or_else(|| {
            let moment = Moment {
                t_s: at.as_secs_f64(),
                ..Moment::default()
            };
            (moment, Series::default(), 0)
        });
        series.merge(&class.response);
        let before = moment.seconds;
        let whole = before + length;
        let mean = |old: f64, now: f64| (old * before + now) / whole;
        moment.succeeded_per_sec = mean(moment.succeeded_per_sec, succeeded);
        moment.failed_per_sec = mean(moment.failed_per_sec, count_f64(class.failed));
        moment.cpu_ratio = match (moment.cpu_ratio, second.generator.cpu_ratio) {
            (Some(old), Some(now)) => Some(mean(old, now * length)),
            (old, now) => old.or(now),
        };
        moment.seconds = whole;
        moment.dropped += second.tape.iterations.dropped();
        moment.users = second.users.iter().sum();
        moment.wanted_per_sec = match program {
            Program::Users(_) => None,
            Program::Arrivals(_) => Some(program.height(at)),
        };
        moment.median_ms = series.quantile_ms(0.5);
        moment.p95_ms = series.quantile_ms(0.95);
        moment.p99_ms = series.quantile_ms(0.99);
        moment.max_ms = series.max_ms();
        let seconds = seconds + 1;
        if seconds >= self.width.max(1) {
            self.moments.push(moment);
            self.widen();
        } else {
            self.open = Some((moment, series, seconds));
        }
    }

    /// Two moments become one. Percentiles of two are not those of both together: the larger is kept, so that
    /// no peak is lost.
    fn widen(&mut self) {
        if self.moments.len() < MOST_MOMENTS {
            return;
        }
        self.width = 2 * self.width.max(1);
        self.moments = self.moments.chunks(2).map(join).collect();
    }

    pub(super) fn moments(&self) -> &[Moment] {
        &self.moments
    }

    pub(super) fn into_moments(mut self) -> Vec<Moment> {
        self.moments.extend(self.open.take().map(|it| it.0));
        self.moments
    }
}

fn join(pair: &[Moment]) -> Moment {
    let [first, second] = pair else {
        return pair[0].clone();
    };
    let seconds = first.seconds + second.seconds;
    let mean = |a: f64, b: f64| (a * first.seconds + b * second.seconds) / seconds;
    let larger = |a: Option<f64>, b: Option<f64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    };
    Moment {
        t_s: first.t_s,
        seconds,
        users: second.users,
        wanted_per_sec: second.wanted_per_sec.or(first.wanted_per_sec),
        succeeded_per_sec: mean(first.succeeded_per_sec, second.succeeded_per_sec),
        failed_per_sec: mean(first.failed_per_sec, second.failed_per_sec),
        dropped: first.dropped + second.dropped,
        median_ms: larger(first.median_ms, second.median_ms),
        p95_ms: larger(first.p95_ms, second.p95_ms),
        p99_ms: larger(first.p99_ms, second.p99_ms),
        max_ms: larger(first.max_ms, second.max_ms),
        cpu_ratio: larger(first.cpu_ratio, second.cpu_ratio),
    }
}
