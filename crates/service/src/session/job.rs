//! A job from its submission to its end: started where needed, asked with a pause that backs off or by
//! UWS's WAIT, timed by the service's own clock where it tells its times.

use std::time::Duration;

use common::sky::Target;
use jiff::Timestamp;
use tokio::time::Instant;

use super::capture::{self, Keep};
use super::draws::Occasion;
use super::{Answer, Problem, Session, job_name, kinds};
use crate::profile::{Job, Operation, PhaseSource, PhaseWords};
use crate::protocol::parse_uws_job;

/// Longest WAIT of a blocking poll; shorter than what proxies cut off.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// Times in whole seconds (as UWS services often give) say nothing of jobs that are shorter than this.
const LEAST_COARSE_S: i64 = 20;

/// Where queue wait and processing time come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitSource {
    /// The service's own times of creation, start and end.
    Service,
    /// The phases seen by asking, as fine as the pauses between.
    Polling,
}

/// A job that ended well.
#[derive(Debug, Clone)]
pub struct JobAnswer {
    /// From the start to the answer of the submission, with that of the start where there is one.
    pub submission: Duration,
    /// How long the job waited before it was worked on.
    pub queue_wait: Option<Duration>,
    /// How long it was worked on.
    pub processing: Option<Duration>,
    /// From the start of the submission until its end was seen.
    pub completion: Duration,
    /// Where `queue_wait` and `processing` come from.
    pub source: WaitSource,
    /// How long before the end was seen it was last asked: the end may have been this much earlier.
    pub resolution: Duration,
    /// How often it was asked.
    pub polls: u32,
    /// Bytes that were processed, as the service says or as they were sent.
    pub bytes: Option<u64>,
    /// The answer that brought the result, where the profile fetches it.
    pub result: Option<Answer>,
    /// The target that was asked for.
    pub target: Option<Target>,
    /// The name of the job.
    pub name: String,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Waiting,
    Running,
    Done,
    Failed,
}

impl PhaseWords {
    fn standing(&self, word: &str) -> Option<Standing> {
        let has = |list: &[String]| list.iter().any(|it| it.eq_ignore_ascii_case(word));
        [
            (&self.waiting, Standing::Waiting),
            (&self.running, Standing::Running),
            (&self.done, Standing::Done),
            (&self.failed, Standing::Failed),
        ]
        .into_iter()
        .find_map(|(list, standing)| has(list).then_some(standing))
    }
}

/// What an answer to a poll tells.
struct Seen {
    word: String,
    standing: Standing,
    /// Creation, start and end by the service's clock.
    times: [Option<Timestamp>; 3],
    bytes: Option<u64>,
    message: Option<String>,
}

/// The pointers to keep of the answer to a poll: the phase, three times, the bytes, two explanations.
fn poll_captures(job: &Job) -> Keep {
    let PhaseSource::Json(phase) = &job.phase else {
        return Keep::default();
    };
    let nothing = || "/\u{0}".to_owned();
    let mut captures = vec![phase.clone()];
    captures.extend(
        job.times
            .iter()
            .map(|it| it.clone().unwrap_or_else(nothing)),
    );
    captures.push(job.bytes.clone().unwrap_or_else(nothing));
    captures.extend(["/error".to_owned(), "/message".to_owned()]);
    Keep::pointers(captures)
}

pub(super) async fn follow(
    session: &mut Session,
    operation: &Operation,
) -> Result<JobAnswer, Problem> {
    let Some(job) = &operation.job else {
        return Err(Problem::new(
            kinds::BAD_REQUEST,
            format!("`{}` starts no job", operation.name),
        ));
    };
    let mut occasion = session.draws.occasion();
    let begin = Instant::now();
    let submitted = session
        .call(&operation.call, &occasion, Keep::of(operation))
        .await?;
    let name = job_name(&job.id, &submitted)?;
    occasion.job = Some(name.clone());
    session.draws.scene.litter.add(&operation.name, &name);
    session.keep(operation, &submitted, capture::offset(operation))?;
    if let Some(start) = &job.start {
        session.call(start, &occasion, Keep::default()).await?;
    }
    let submission = begin.elapsed();
    let end = watch(session, job, &occasion, begin).await?;
    let completion = end.at.duration_since(begin);
    if !job.cleanup_finished {
        session.draws.scene.litter.forget(&name);
    }
    let result = match &job.result {
        Some(call) => Some(session.call(call, &occasion, Keep::default()).await?),
        None => None,
    };
    let by_service = by_service(&end.seen.times);
    let (queue_wait, processing) = if let Some((queue, work)) = by_service {
        (Some(queue), Some(work))
    } else {
        let started = end
            .running_at
            .map(|it| it.duration_since(begin).saturating_sub(submission));
        (started, end.running_at.map(|it| end.at.duration_since(it)))
    };
    Ok(JobAnswer {
        submission,
        queue_wait,
        processing,
        completion,
        source: if by_service.is_some() {
            WaitSource::Service
        } else {
            WaitSource::Polling
        },
        resolution: end.resolution,
        polls: end.polls,
        bytes: end.seen.bytes.or_else(|| {
            let uploads = operation.call.request.uploads_fits();
            let file = session.draws.file(&occasion).filter(|_| uploads)?;
            Some(common::units::size_u64(file.bytes.len()))
        }),
        result,
        target: occasion.asked.map(|it| it.target),
        name,
    })
}

/// Queue wait and processing time by the clock of the service.
fn by_service(times: &[Option<Timestamp>; 3]) -> Option<(Duration, Duration)> {
    let [created, started, finished] = *times;
    let (created, started, finished) = (created?, started?, finished?);
    let is_whole = |it: Timestamp| it.subsec_nanosecond() == 0;
    let are_coarse = [created, started, finished].into_iter().all(is_whole);
    let length = finished.duration_since(created);
    if are_coarse && length.as_secs() < LEAST_COARSE_S {
        return None;
    }
    let between = |a: Timestamp, b: Timestamp| Duration::try_from(b.duration_since(a)).ok();
    Some((between(created, started)?, between(started, finished)?))
}

/// How a job ended well, as it was seen.
struct End {
    seen: Seen,
    at: Instant,
    running_at: Option<Instant>,
    resolution: Duration,
    polls: u32,
}

async fn watch(
    session: &mut Session,
    job: &Job,
    occasion: &Occasion,
    begin: Instant,
) -> Result<End, Problem> {
    let limit = session.job_limit(job.timeout);
    let polling = session.draws.scene.polling;
    // The answer must come within the limit of the exchange.
    let longest_wait = LONGEST_WAIT.min(session.draws.scene.timeout / 2);
    let mut running_at = None;
    let mut last_asked = Instant::now();
    let mut polls = 0;
    let mut word = String::new();
    loop {
        let elapsed = begin.elapsed();
        if elapsed >= limit {
            let phase = if word.is_empty() {
                "no phase seen".to_owned()
            } else {
                format!("phase {word}")
            };
            let message = format!(
                "the job had not ended after {:.1} s ({phase})",
                elapsed.as_secs_f64()
            );
            return Err(Problem::new(kinds::JOB_TIMEOUT, message));
        }
        let left = limit.saturating_sub(elapsed);
        let blocking = job.wait && polls > 0;
        if !blocking {
            tokio::time::sleep(polling.pause(elapsed).min(left)).await;
        }
        let asked_at = Instant::now();
        let wait = blocking.then(|| {
            let seconds = left.min(longest_wait).as_secs().max(1);
            format!("WAIT={seconds}&PHASE={word}")
        });
        let answer = session
            .poll(&job.poll, occasion, poll_captures(job), wait.as_deref())
            .await?;
        polls += 1;
        let seen = see(job, &answer)?;
        let now = Instant::now();
        match seen.standing {
            Standing::Waiting => {}
            Standing::Running => {
                running_at.get_or_insert(now);
            }
            Standing::Done => {
                return Ok(End {
                    seen,
                    at: now,
                    running_at,
                    // A blocking poll answers when the phase changes, so its own time is no uncertainty.
                    resolution: if blocking {
                        Duration::ZERO
                    } else {
                        now.duration_since(last_asked)
                    },
                    polls,
                });
            }
            Standing::Failed => {
                let why = seen.message.map(|it| format!(": {it}")).unwrap_or_default();
                return Err(Problem::new(
                    kinds::JOB_FAILED,
                    format!("the job ended as {}{why}", seen.word),
                ));
            }
        }
        // A service that does not know WAIT answers at once: it must not be asked without a pause.
        if blocking && seen.word == word && asked_at.elapsed() < polling.shortest {
            tokio::time::sleep(polling.pause(begin.elapsed())).await;
        }
        last_asked = asked_at;
        word = seen.word;
    }
}

fn see(job: &Job, answer: &Answer) -> Result<Seen, Problem> {
    let seen = match &job.phase {
        PhaseSource::Uws => see_uws(answer)?,
        PhaseSource::Json(pointer) => {
            let capture = |place: usize| answer.captures.get(place).cloned().flatten();
            let word = capture(0).ok_or_else(|| {
                Problem::new(
                    kinds::WRONG_CONTENT,
                    format!("the answer tells no phase at `{pointer}`"),
                )
            })?;
            let time = |place| capture(place).and_then(|it| it.parse().ok());
            Seen {
                word,
                standing: Standing::Waiting,
                times: [time(1), time(2), time(3)],
                bytes: capture(4).and_then(|it| it.parse().ok()),
                message: capture(5).or_else(|| capture(6)),
            }
        }
    };
    let standing = job.words.standing(&seen.word).ok_or_else(|| {
        let message = format!("the job is in the unknown phase `{}`", seen.word);
        Problem::new(kinds::WRONG_CONTENT, message)
    })?;
    Ok(Seen { standing, ..seen })
}

fn see_uws(answer: &Answer) -> Result<Seen, Problem> {
    let document = parse_uws_job(&answer.body).map_err(|error| {
        Problem::new(
            kinds::WRONG_CONTENT,
            format!("no UWS job document: {error}"),
        )
    })?;
    Ok(Seen {
        word: document.phase.as_str().to_owned(),
        standing: Standing::Waiting,
        times: [
            document.creation_time,
            document.start_time,
            document.end_time,
        ],
        bytes: None,
        message: document.error.map(|it| it.message),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(texts: [&str; 3]) -> [Option<Timestamp>; 3] {
        texts.map(|it| it.parse().ok())
    }

    #[test]
    fn the_services_own_times_part_waiting_from_work() {
        let fine = times([
            "2026-01-01T00:00:00.1Z",
            "2026-01-01T00:00:00.3Z",
            "2026-01-01T00:00:01Z",
        ]);
        let ms = Duration::from_millis;
        assert_eq!(by_service(&fine), Some((ms(200), ms(700))));
        assert_eq!(by_service(&times(["2026-01-01T00:00:00.1Z", "", ""])), None);
    }

    #[test]
    fn whole_seconds_say_nothing_of_a_short_job() {
        let at = |second: &str| format!("2026-01-01T00:{second}Z");
        let job = |end: &str| times([&at("00:00"), &at("00:01"), &at(end)]);
        assert_eq!(by_service(&job("00:02")), None);
        let long = by_service(&job("01:01"));
        assert_eq!(long, Some((Duration::from_secs(1), Duration::from_mins(1))));
    }

    #[test]
    fn phases_are_words_without_case() {
        let words = PhaseWords {
            waiting: vec!["QUEUED".into()],
            running: vec!["PROCESSING".into()],
            done: vec!["COMPLETED".into()],
            failed: vec!["FAILED".into()],
        };
        assert_eq!(words.standing("completed"), Some(Standing::Done));
        assert_eq!(words.standing("LOST"), None);
    }
}
