//! What the end of a run, the tool's own lateness and other work on the machine mean for its figures.

use super::{Host, Limitation};
use crate::record::{Ending, Tally};
use crate::render::figure;
use crate::units::count_f64;

/// What a tally's end, and the tool's own lateness, mean for its figures.
pub fn limitations_of(test: &str, tally: &Tally) -> Vec<Limitation> {
    let ending = ending_of(test, tally);
    let warm_up = warm_up_failures(test, tally);
    ending
        .into_iter()
        .chain(warm_up)
        .chain(lateness(test, tally))
        .collect()
}

/// Failures of the warm-up are in no figure and must not be hidden by that.
fn warm_up_failures(test: &str, tally: &Tally) -> Option<Limitation> {
    let errors = &tally.recorded.warm_up_errors;
    let (kind, first) = errors.iter().max_by_key(|it| it.1.count)?;
    let failed: u64 = errors.values().map(|it| it.count).sum();
    let message = format!(
        "{failed} of {} iterations of the warm-up failed, most as {kind}: {}",
        tally.accounting.warm_up, first.example
    );
    Some(Limitation::of_test("warm_up_failures", test, message))
}

fn ending_of(test: &str, tally: &Tally) -> Option<Limitation> {
    let accounting = &tally.accounting;
    let left = accounting.not_started + accounting.interrupted;
    match tally.ending {
        Ending::Finished if accounting.interrupted == 0 => None,
        Ending::Finished => Some(Limitation::of_test(
            "interrupted_iterations",
            test,
            format!(
                "{} iterations had not ended when the drain limit was over",
                accounting.interrupted
            ),
        )),
        Ending::TimeLimit => Some(Limitation::of_test(
            "time_limit",
            test,
            format!(
                "the time limit ended it with {left} of {} iterations left",
                accounting.planned
            ),
        )),
        Ending::Stopped => Some(Limitation::of_test(
            "interrupted",
            test,
            format!(
                "it was interrupted with {left} of {} iterations left",
                accounting.planned
            ),
        )),
        Ending::GaveUp => Some(Limitation::of_test(
            "gave_up",
            test,
            format!("nothing succeeded for 15 s, so it was ended with {left} iterations left"),
        )),
    }
}

/// The timer of the tool must be fine against what is measured.
const LAG_SHARE: f64 = 0.5;

/// Says when the tool's timer was late by an amount that is not small against the response time.
fn lateness(test: &str, tally: &Tally) -> Option<Limitation> {
    let lag = tally.recorded.timer_lag.quantile_ms(0.5)?;
    let response = tally.recorded.total.response.quantile_ms(0.5)?;
    (lag > LAG_SHARE * response).then(|| {
        let message = format!(
            "the tool's timer was late by {} ms (median) where a response takes {} ms: requests came \
             somewhat later than planned; their times count from when they were really sent",
            figure(lag),
            figure(response)
        );
        Limitation::of_test("timer_lag", test, message)
    })
}

/// Other work on the machine makes figures worse than they are.
pub fn busy_machine(host: &Host) -> Option<Limitation> {
    let load = host.load_before?;
    let cores = count_f64(host.cores);
    (load > 0.7 * cores).then(|| {
        let message = format!(
            "the machine was busy before the run (load {load:.1} on {} cores): figures are worse than \
             on a quiet one",
            host.cores
        );
        Limitation::of_run("busy_machine", message)
    })
}
