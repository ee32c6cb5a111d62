//! One run that all tests of this room share: two minutes of an observatory's users, with a stall, failures
//! and a worker that is away for a while.

use std::borrow::Cow;
use std::time::Duration;

use common::load::{Done, Failure, Labels, Spans, Tags};
use common::record::Times;
use common::sky::RadiusClass;
use common::units::{count_f64, seconds};
use jiff::Timestamp;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use service::profile::Group;

use super::{Absence, Audit, Ending, Harvest, Second, WorkerAudit};
use crate::crowd::{Dropped, Roster, Tape};
use crate::live::{
    Generator, IterationCounts, LimitRow, Moment, Row, SkyFigures, Snapshot, State, Wanted,
    WorkerRow,
};

/// What an attacker's service might answer.
pub(crate) const NASTY: &str = "</td><script>alert('sky')</script> \"quoted\", comma\nsecond line";

/// Requests: name, method, kind, and the median response time in milliseconds.
const REQUESTS: [(&str, &str, Group, f64); 9] = [
    ("health", "GET", Group::Health, 2.0),
    ("metrics", "GET", Group::Monitoring, 6.0),
    ("cone_search", "GET", Group::Catalog, 18.0),
    ("magnitude_search", "GET", Group::Catalog, 42.0),
    ("object_type_search", "GET", Group::Catalog, 37.0),
    ("cross_match", "POST", Group::Catalog, 120.0),
    ("variability_search", "GET", Group::Catalog, 75.0),
    ("submit", "POST", Group::Processing, 310.0),
    ("job_status", "GET", Group::Processing, 4.0),
];
const CONE: usize = 2;
const SUBMIT: usize = 7;
const PERSONAS: [&str; 3] = ["researcher", "pipeline", "student"];
/// The index of `processing` in the parts of a session, and of `queue_wait`.
const PROCESSING: u8 = 4;
const QUEUE_WAIT: u8 = 3;

/// When the run began.
pub(crate) fn began() -> Timestamp {
    "2026-11-23T20:00:00Z".parse().unwrap()
}

/// The names of the run.
pub(crate) fn roster() -> Roster {
    let names = REQUESTS.iter().map(|it| it.0.to_owned());
    let personas = PERSONAS.iter().map(|it| format!("persona {it}"));
    let radii = RadiusClass::ALL.iter().map(|it| format!("radius {it}"));
    Roster {
        labels: Labels::new(names.chain(personas).chain(radii), service::session::PARTS),
        requests: REQUESTS.iter().map(|it| it.0.to_owned()).collect(),
        methods: REQUESTS.iter().map(|it| it.1.to_owned()).collect(),
        groups: REQUESTS.iter().map(|it| it.2).collect(),
        personas: PERSONAS.map(str::to_owned).to_vec(),
        tasks: PERSONAS.iter().map(|it| format!("{it}.look")).collect(),
    }
}

/// An empty tape of the run.
pub(crate) fn empty() -> Tape {
    let roster = roster();
    Tape::new(&roster.labels, roster.tasks.len())
}

/// What was seen in each second.
pub(crate) fn tapes(length_s: u64) -> Vec<Tape> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let roster = roster();
    (0..length_s)
        .map(|second| tape_of(second, &roster, &mut random))
        .collect()
}

fn users(second: u64) -> u64 {
    (1 + second * 3).min(60)
}

fn tape_of(second: u64, roster: &Roster, random: &mut ChaCha8Rng) -> Tape {
    let mut tape = empty();
    for _ in 0..users(second) / 2 {
        let request = usize::from(random.random_range(0..10_u16)).min(REQUESTS.len() - 1);
        let persona = usize::from(random.random_range(0..3_u16));
        let wait = random.random_range(0.0..2.0);
        record(&mut tape, roster, random, (second, wait), request, persona);
    }
    if second == 71 {
        tape.iterations.dropped.insert(Dropped::NoFreeUser, 12);
    }
    tape
}

fn record(
    tape: &mut Tape,
    roster: &Roster,
    random: &mut ChaCha8Rng,
    (second, wait): (u64, f64),
    request: usize,
    persona: usize,
) {
    // The service answers nothing for two seconds; elsewhere times are log-normal.
    let stalled = (70..72).contains(&second);
    let normal: f64 = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
    let ms = REQUESTS[request].3 * libm::exp(0.5 * normal);
    let time = seconds(ms / 1e3 + if stalled { wait } else { 0.0 });
    let start = Duration::from_secs(second);
    let times = Times {
        due: start,
        start: start + Duration::from_micros(120),
        end: start + time,
        idle: true,
    };
    let index = |place: usize| u16::try_from(place).unwrap();
    let mut tags = vec![index(request), index(roster.persona_label(persona))];
    let mut spans = Spans::NONE;
    if request == CONE {
        let class = RadiusClass::ALL[usize::from(random.random_range(0..5_u16))];
        tags.push(index(roster.radius_label(class)));
    }
    if request == SUBMIT {
        spans = spans.and(QUEUE_WAIT, time / 4).and(PROCESSING, time * 12);
    }
    let tags = Tags::of(&tags);
    let outcome = match random.random_range(0..150_u32) {
        0 => Err(Failure::new("timeout", "no answer within 30 s").tagged(tags)),
        1 => Err(Failure::new("http_status_503", NASTY).tagged(tags)),
        2 => Err(Failure::new(Cow::Borrowed("wrong_count"), "0 rows, expected 12").tagged(tags)),
        _ => Ok(Done {
            items: 12,
            bytes: 4096,
            tags,
            spans,
        }),
    };
    tape.record(index(request), &times, &outcome);
    tape.iterations.started += 1;
    tape.iterations.by_task[persona] += 1;
    match outcome {
        Ok(_) => tape.iterations.response.record(times.response()),
        Err(_) => tape.iterations.failed += 1,
    }
}

/// Everything recorded together.
pub(crate) fn total(tapes: &[Tape]) -> Tape {
    let mut total = empty();
    for tape in tapes {
        total.merge(tape);
    }
    total
}

/// The picture after so many seconds.
pub(crate) fn snapshot(second: u64, total: &Tape) -> Snapshot {
    let class = &total.requests.total;
    let third = users(second) / 3;
    Snapshot {
        state: State::Running,
        at: began() + Duration::from_secs(second + 1),
        elapsed_s: count_f64(second + 1),
        planned_s: Some(120.0),
        scenario: "observatory".to_owned(),
        target: "http://sky.example:8080".to_owned(),
        wanted: Wanted::Users(users(second)),
        users: PERSONAS
            .iter()
            .map(|it| ((*it).to_owned(), third))
            .collect(),
        total: Row {
            name: "total".to_owned(),
            succeeded: class.response.count(),
            failed: class.failed,
            now_per_sec: 28.0,
            now_failed_per_sec: 1.0,
            ..Row::default()
        },
        requests: Vec::new(),
        personas: Vec::new(),
        radii: Vec::new(),
        iterations: IterationCounts {
            started: total.iterations.started,
            succeeded: total.iterations.succeeded(),
            failed: total.iterations.failed,
            under_way: 0,
            ..IterationCounts::default()
        },
        failures: Vec::new(),
        sky: SkyFigures {
            sources_per_sec: Some(312.0),
            cone_searches_per_sec: Some(2.9),
            fits_files_per_hour: Some(10_440.0),
            job_queue_wait_median_ms: Some(78.0),
            fits_processing_p95_ms: Some(9_120.0),
            ..SkyFigures::default()
        },
        generator: Generator {
            cpu_ratio: Some(0.31),
            lag_p99_ms: Some(0.4),
            memory_bytes: Some(48 << 20),
            descriptors: Some(83),
            descriptors_limit: Some(1024),
            ..Generator::default()
        },
        workers: Vec::new(),
        limits: vec![LimitRow {
            limit: "errors < 1%".to_owned(),
            figure: Some(1.9),
            holds: Some(false),
        }],
        notes: vec!["the service stood still from 70 s to 72 s".to_owned()],
    }
}

fn moment(second: u64, tape: &Tape) -> Moment {
    let class = &tape.requests.total;
    Moment {
        t_s: count_f64(second),
        seconds: 1.0,
        users: users(second),
        wanted_per_sec: None,
        succeeded_per_sec: count_f64(class.response.count()),
        failed_per_sec: count_f64(class.failed),
        dropped: tape.iterations.dropped(),
        median_ms: class.response.quantile_ms(0.5),
        p95_ms: class.response.quantile_ms(0.95),
        p99_ms: class.response.quantile_ms(0.99),
        max_ms: class.response.max_ms(),
        cpu_ratio: Some(0.3),
    }
}

/// The run at its end.
pub(crate) fn harvest(length_s: u64) -> Harvest {
    let tapes = tapes(length_s);
    let total = total(&tapes);
    let last = length_s.saturating_sub(1);
    let mut snapshot = snapshot(last, &total);
    snapshot.state = State::Finished;
    Harvest {
        roster: roster(),
        course: (0..)
            .zip(&tapes)
            .map(|(at, tape)| moment(at, tape))
            .collect(),
        last: snapshot,
        tape: total,
        began: began(),
        measured_s: count_f64(length_s),
        ending: Ending::Finished,
        audit: Audit {
            lanes: 2,
            cpu_seconds: Some(21.5),
            peak_cpu_ratio: Some(0.42),
            peak_memory_bytes: Some(48 << 20),
            peak_descriptors: Some(83),
            descriptors_limit: Some(1024),
            ports: Some(28_232),
            limited: vec![(
                began() + Duration::from_secs(70),
                began() + Duration::from_secs(73),
            )],
        },
        workers: vec![worker("north", &[]), worker("south", &[(70.0, 74.5)])],
    }
}

fn worker(name: &str, away: &[(f64, f64)]) -> WorkerAudit {
    WorkerAudit {
        row: WorkerRow {
            name: name.to_owned(),
            state: "left".to_owned(),
            users: 30,
            now_per_sec: 14.0,
            cpu_ratio: Some(0.3),
            clock_offset_ms: Some(-1.25),
            round_trip_ms: Some(0.4),
        },
        absences: away
            .iter()
            .map(|&(from_s, until_s)| Absence {
                from_s,
                until_s,
                share: 0.5,
            })
            .collect(),
        audit: Audit::default(),
    }
}

/// Shows each second of a run to a stream.
pub(crate) fn play(length_s: u64, mut see: impl FnMut(&Second)) {
    let roster = roster();
    let mut total = empty();
    for (at, tape) in (0..).zip(&tapes(length_s)) {
        total.merge(tape);
        let snapshot = snapshot(at, &total);
        see(&Second {
            at: snapshot.at,
            t_s: count_f64(at),
            tape,
            total: &total,
            snapshot: &snapshot,
            roster: &roster,
        });
    }
}
