//! Lines on standard error for logs and for those who want no live view.

use std::collections::BTreeMap;

use common::cli;
use common::render::figure;
use common::units::count_f64;

use super::{Snapshot, State, View, Wanted, words};

/// Writes lines until the run is over.
pub async fn follow(mut view: View) {
    let mut log = Log::default();
    loop {
        let now = view.now();
        for line in log.lines(&now) {
            cli::narrate(&line);
        }
        if now.state == State::Finished || !view.changed().await {
            return;
        }
    }
}

/// Lines of figures between two headers.
const LINES_PER_HEADER: u32 = 20;

/// Intervals between two tables of the requests.
const INTERVALS_PER_TABLE: f64 = 20.0;

/// Requests that are shown apart, the most frequent.
const TOP: usize = 5;

/// Seconds for which a warning is not told again, nor that it is over.
const CALM_S: f64 = 60.0;

/// Decides what is worth a line: given each picture of a run, it tells the lines to write.
#[derive(Debug, Default)]
pub struct Log {
    state: Option<State>,
    /// When the last line of figures was written, and how many iterations had started; seconds since the start.
    last: Option<(f64, u64)>,
    /// When the requests were last written.
    requests_at: f64,
    since_header: u32,
    /// Warnings that were told: whether they hold as far as the reader knows, and since when.
    told: BTreeMap<String, (bool, f64)>,
}

impl Log {
    /// The lines for this picture, without line ends and control characters; mostly none.
    pub fn lines(&mut self, now: &Snapshot) -> Vec<String> {
        let mut lines = Vec::new();
        if self.state.is_none() {
            lines.push(format!("{} at {}: {}", now.scenario, now.target, plan(now)));
        }
        lines.extend(self.news(now));
        let changed = self.state.replace(now.state) != Some(now.state);
        if changed {
            lines.push(format!(
                "{} {}",
                words::clock(now.elapsed_s),
                words::state(now.state)
            ));
        }
        let shown = now.elapsed_s > 0.0 && (changed || self.is_due(now));
        if shown && self.last.is_none_or(|(at, _)| at < now.elapsed_s) {
            if self.since_header == 0 {
                lines.push(header(now));
            }
            self.since_header = (self.since_header + 1) % LINES_PER_HEADER;
            lines.push(self.figures(now));
            self.last = Some((now.elapsed_s, now.iterations.started));
        }
        if self.requests_are_due(now, changed) {
            self.requests_at = now.elapsed_s;
            self.since_header = 0;
            lines.extend(requests(now));
        }
        lines.iter().map(|line| words::one_line(line)).collect()
    }

    /// Warnings that were not there before, and those that are over; one that comes and goes is not told each
    /// time.
    fn news(&mut self, now: &Snapshot) -> Vec<String> {
        let warnings = words::warnings(now);
        let at = words::clock(now.elapsed_s);
        let mut lines = Vec::new();
        for warning in &warnings {
            self.told
                .entry(warning.clone())
                .or_insert((false, f64::NEG_INFINITY));
        }
        for (warning, (holds, since_s)) in &mut self.told {
            let is_so = warnings.contains(warning);
            if is_so != *holds && now.elapsed_s - *since_s >= CALM_S {
                (*holds, *since_s) = (is_so, now.elapsed_s);
                lines.push(format!(
                    "{at} {}: {warning}",
                    if is_so { "warning" } else { "over" }
                ));
            }
        }
        lines
    }

    /// Whether it is time for a line; the longer a run, the fewer.
    fn is_due(&self, now: &Snapshot) -> bool {
        let Some((last, _)) = self.last else {
            return true;
        };
        // Pictures come once a second, but not to the millisecond.
        now.elapsed_s - last >= interval_s(now.elapsed_s) - 0.2
    }

    fn requests_are_due(&self, now: &Snapshot, changed: bool) -> bool {
        let ended = changed && now.state == State::Finished;
        let asked = now.total.succeeded + now.total.failed > 0;
        asked
            && (ended
                || now.elapsed_s - self.requests_at
                    >= INTERVALS_PER_TABLE * interval_s(now.elapsed_s))
    }

    fn figures(&self, now: &Snapshot) -> String {
        let load = match now.wanted {
            Wanted::Users(_) => format!("{:>12}", words::users_of_wanted(now)),
            Wanted::Rate(rate) => format!(
                "{:>9} {:>9} {:>6}",
                figure(rate),
                words::or_dash(self.achieved(now)),
                words::users(now)
            ),
        };
        let total = &now.total;
        format!(
            "{:>8} {load} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>6}",
            words::clock(now.elapsed_s),
            figure(total.now_per_sec),
            figure(total.now_failed_per_sec),
            words::or_dash(total.now_median_ms),
            words::or_dash(total.now_p95_ms),
            words::or_dash(total.now_p99_ms),
            words::dropped(now),
            now.generator
                .cpu_ratio
                .map_or_else(|| "–".to_owned(), words::percent),
        )
    }

    /// Iterations per second that were started since the last line.
    fn achieved(&self, now: &Snapshot) -> Option<f64> {
        let (at, started) = self.last.unwrap_or_default();
        let seconds = now.elapsed_s - at;
        let fresh = now.iterations.started.checked_sub(started)?;
        (seconds > 0.0).then(|| count_f64(fresh) / seconds)
    }
}

/// Seconds between two lines at a time of the run.
fn interval_s(elapsed_s: f64) -> f64 {
    match elapsed_s {
        it if it < 10.0 => 1.0,
        it if it < 30.0 => 2.0,
        it if it < 120.0 => 5.0,
        it if it < 900.0 => 10.0,
        _ => 30.0,
    }
}

fn plan(now: &Snapshot) -> String {
    let length = match now.planned_s {
        Some(seconds) => format!("for {}", words::clock(seconds)),
        None => "until its iterations are done or somebody stops it".to_owned(),
    };
    format!("{} {length}", words::wanted(now.wanted))
}

fn header(now: &Snapshot) -> String {
    let load = match now.wanted {
        Wanted::Users(_) => format!("{:>12}", "users"),
        Wanted::Rate(_) => format!("{:>9} {:>9} {:>6}", "wanted/s", "started/s", "users"),
    };
    format!(
        "{:>8} {load} {:>9} {:>8} {:>8} {:>8} {:>8} {:>8} {:>6}",
        "time", "req/s", "fail/s", "p50 ms", "p95 ms", "p99 ms", "dropped", "CPU"
    )
}

/// The most frequent requests and the most frequent failures since the start.
fn requests(now: &Snapshot) -> Vec<String> {
    let mut rows: Vec<_> = now.requests.iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.succeeded + row.failed));
    let mut lines = vec![format!(
        "  so far {:<30} {:>10} {:>8} {:>8} {:>8} {:>8}",
        "request", "ok", "failed", "p50 ms", "p95 ms", "p99 ms"
    )];
    lines.extend(rows.iter().take(TOP).map(|row| {
        format!(
            "         {:<30} {:>10} {:>8} {:>8} {:>8} {:>8}",
            row.name,
            row.succeeded,
            row.failed,
            words::or_dash(row.median_ms),
            words::or_dash(row.p95_ms),
            words::or_dash(row.p99_ms),
        )
    }));
    if rows.len() > TOP {
        lines.push(format!("         and {} more", rows.len() - TOP));
    }
    lines.extend(now.failures.iter().take(2).map(|it| {
        format!(
            "  failed {}: {} {} times, such as: {}",
            it.request, it.kind, it.count, it.example
        )
    }));
    lines
}
