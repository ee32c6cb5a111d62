//! The parts of an answer's time, as spans of a recorder.

use std::time::Duration;

use common::load::Spans;

use super::{Answer, JobAnswer};

/// The parts of an iteration that asks a service, in the order of [`Answer::spans`] and
/// [`JobAnswer::spans`].
pub const PARTS: [&str; 9] = [
    "connect",
    "first_byte",
    "submission",
    "queue_wait",
    "processing",
    "completion",
    "poll_resolution",
    "source_list",
    "lookups",
];

const CONNECT: u8 = 0;
const FIRST_BYTE: u8 = 1;
const SUBMISSION: u8 = 2;
const QUEUE_WAIT: u8 = 3;
const PROCESSING: u8 = 4;
const COMPLETION: u8 = 5;
const POLL_RESOLUTION: u8 = 6;
/// How long the list of sources took, in a workflow.
pub const SOURCE_LIST: u8 = 7;
/// How long all lookups took, in a workflow.
pub const LOOKUPS: u8 = 8;

impl Answer {
    /// Its parts, by their indexes into [`PARTS`].
    pub fn spans(&self) -> Spans {
        let spans = Spans::one(FIRST_BYTE, self.first_byte);
        match self.connect {
            Some(connect) => spans.and(CONNECT, connect),
            None => spans,
        }
    }
}

impl JobAnswer {
    /// Its parts, by their indexes into [`PARTS`].
    pub fn spans(&self) -> Spans {
        let optional = |spans: Spans, index, time: Option<Duration>| match time {
            Some(time) => spans.and(index, time),
            None => spans,
        };
        let spans = Spans::one(SUBMISSION, self.submission)
            .and(COMPLETION, self.completion)
            .and(POLL_RESOLUTION, self.resolution);
        optional(
            optional(spans, QUEUE_WAIT, self.queue_wait),
            PROCESSING,
            self.processing,
        )
    }
}
