//! What masters and workers say to each other once they know each other.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::live::Order;
use crate::outputs::Audit;

use super::clock::Sight;
use super::{Job, Second, Share};

/// The version of the messages; it changes with their meaning.
pub(super) const PROTOCOL: u32 = 1;

/// How often a worker gives a sign of life.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(500);

/// How long after a sign of life that was answered a worker may begin iterations. It counts from when the
/// sign was sent, so that it is over before [`SILENCE`] is over at the master, whatever their clocks say.
pub(super) const LEASE: Duration = Duration::from_millis(2400);

/// After how much silence a worker is missing.
pub(super) const SILENCE: Duration = Duration::from_millis(2500);

/// What a worker says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToMaster {
    /// A sign of life, and a question for the time.
    Ping {
        /// The worker's clock, nanoseconds.
        sent_ns: u64,
        /// What the worker knows of the clocks so far.
        sight: Option<Sight>,
    },
    /// It is ready for a run, or what is in the way.
    Prepared {
        /// The run.
        run: u64,
        /// A sentence, where it cannot.
        trouble: Option<String>,
    },
    /// It does what an assignment says.
    Obeyed {
        /// The run.
        run: u64,
        /// The assignment.
        generation: u64,
    },
    /// What it has seen.
    Report(Box<Report>),
    /// Somebody ended it: it wants to give its parts away.
    Leaving,
}

/// What a worker has seen in a second.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    /// The run.
    pub(super) run: u64,
    /// Reports of a worker and run are numbered from 1.
    pub(super) number: u64,
    /// The second since the start that it ends with.
    pub(super) second: u64,
    /// Up to when, since the start, this and earlier reports tell everything.
    pub(super) covered: Duration,
    /// The last assignment.
    pub(super) generation: u64,
    /// The assignments that ended because the master was not heard of, and when, since the start.
    pub(super) fences: Vec<(u64, Duration)>,
    /// What was seen.
    pub(super) content: Second,
    /// With the last report: what the engine saw of itself.
    pub(super) audit: Option<Audit>,
}

/// The parts that a worker does from some time on.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Assignment {
    /// The run.
    pub(super) run: u64,
    /// Which assignment: higher ones replace lower ones.
    pub(super) generation: u64,
    /// The parts.
    pub(super) shares: Vec<Share>,
    /// From when on, since the start.
    pub(super) from: Duration,
}

/// A change of the load.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Change {
    /// The run.
    pub(super) run: u64,
    /// Changes of a run are numbered from 1.
    pub(super) number: u64,
    /// What changes.
    pub(super) order: Order,
    /// From when on, since the start.
    pub(super) from: Duration,
}

/// What a master says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum ToWorker {
    /// The answer to a sign of life.
    Pong {
        /// What the worker's clock said.
        sent_ns: u64,
        /// The master's clock when that came.
        received_ns: u64,
        /// The master's clock at the answer.
        answered_ns: u64,
        /// The master's wall clock at the answer, nanoseconds since 1970.
        wall_ns: i64,
    },
    /// Get ready.
    Prepare {
        /// The run.
        run: u64,
        /// All about it.
        job: Box<Job>,
    },
    /// The load starts, or has started, at this time of the master's clock.
    Start {
        /// The run.
        run: u64,
        /// The master's clock, nanoseconds.
        at_ns: u64,
    },
    /// Do these parts and no others from then on.
    Assign(Assignment),
    /// Change the load.
    Order(Change),
    /// Reports up to this one have arrived.
    Received {
        /// The run.
        run: u64,
        /// The number of the report.
        number: u64,
    },
    /// End the run and tell the last.
    Finish {
        /// The run.
        run: u64,
        /// How long what is under way may take.
        graceful: Duration,
    },
    /// There is nothing to do any more.
    Quit,
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use common::load::{Done, Failure, Labels, Tags};
    use common::record::Times;

    use super::*;
    use crate::crowd::Tape;
    use crate::live::Generator;

    /// A report with something in each corner.
    pub(in crate::distributed) fn a_report() -> ToMaster {
        let mut tape = Tape::new(&Labels::new(["cone", "health"], ["wait"]), 2);
        for number in 0..50 {
            let start = Duration::from_micros(number * 997);
            let end = start + Duration::from_micros(300 + number * number);
            let times = Times {
                due: start,
                start,
                end,
                idle: number % 2 == 0,
            };
            let outcome = if number % 7 == 0 {
                Err(Failure::new("timeout", "no answer").tagged(Tags::of(&[1])))
            } else {
                Ok(Done {
                    items: number,
                    tags: Tags::of(&[0]),
                    ..Done::default()
                })
            };
            tape.record(0, &times, &outcome);
            tape.iterations.response.record(times.response());
        }
        ToMaster::Report(Box::new(Report {
            run: 7,
            number: 3,
            second: 2,
            covered: Duration::from_secs(3),
            generation: 4,
            fences: vec![(2, Duration::from_millis(1700))],
            content: Second {
                tape,
                until: Duration::from_secs(3),
                users: vec![3, 4],
                under_way: 1,
                generator: Generator::default(),
                progress: Vec::new(),
                over: false,
            },
            audit: Some(Audit::default()),
        }))
    }

    #[test]
    fn a_tape_travels_without_loss() {
        let before = a_report();
        let frame = super::super::wire::encode(&before).unwrap();
        let after: ToMaster = super::super::wire::decode(&frame[4..]).unwrap();
        assert_eq!(super::super::wire::encode(&after).unwrap(), frame);
        let (ToMaster::Report(before), ToMaster::Report(after)) = (before, after) else {
            panic!("a report became something else");
        };
        let p95 = |it: &Report| it.content.tape.requests.total.response.quantile_ms(0.95);
        assert!(p95(&before).is_some());
        assert_eq!(p95(&before), p95(&after));
    }
}
