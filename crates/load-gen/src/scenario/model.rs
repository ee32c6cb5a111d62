//! A scenario after it was checked: plain data that the crowd plays.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use common::load::Think;
use serde::{Deserialize, Serialize};
use service::profile::{Profile, Template};

/// Who uses the service, what they do, and how many of them there are.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name, for people.
    pub name: String,
    /// What it describes.
    pub description: String,
    /// All requests of the scenario, its own and those of its API, as operations.
    pub profile: Arc<Profile>,
    /// The personas in the order of the file; at least one.
    pub personas: Vec<Persona>,
    /// How much is offered unless the command line says otherwise.
    pub load: LoadSpec,
    /// Limits that decide the exit status.
    pub limits: Vec<LimitSpec>,
    /// Words that go into the report, such as the site.
    pub tags: BTreeMap<String, String>,
    /// Records that users take their values from.
    pub feeders: Vec<Feeder>,
    /// Requests at the times of a log instead of personas' own pace.
    pub replay: Option<Arc<Replay>>,
}

/// A kind of user.
#[derive(Debug, Clone)]
pub struct Persona {
    /// The name in reports.
    pub name: String,
    /// How many of the users are of this kind.
    pub presence: Presence,
    /// The pause before each iteration.
    pub think: Think,
    /// What a user does once, before its first iteration.
    pub on_start: Vec<Step>,
    /// What a user does once, at its end.
    pub on_stop: Vec<Step>,
    /// What an iteration may be, with weights above 0; one alone is what every iteration is.
    pub tasks: Vec<Task>,
}

/// How many of the users are of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// A share of those that no fixed number takes, relative to the other weights.
    Weight(f64),
    /// So many, before all others.
    Count(u64),
}

/// One iteration.
#[derive(Debug, Clone)]
pub struct Task {
    /// The name in reports.
    pub name: String,
    /// How often it comes up, relative to the other tasks of the persona.
    pub weight: f64,
    /// What is done, one after the other; the first failure ends it.
    pub steps: Vec<Step>,
}

/// A part of an iteration.
#[derive(Debug, Clone)]
pub enum Step {
    /// A request, by its index into the operations of the profile.
    Request {
        /// The index of the operation.
        operation: usize,
        /// Whether the job that it starts is followed to its end.
        follow: bool,
    },
    /// A pause that is no part of any response time.
    Pause(Think),
    /// Steps several times.
    Repeat {
        /// How often: a template of a number.
        times: Template,
        /// What is repeated.
        steps: Vec<Step>,
    },
    /// Steps as long as a condition holds.
    While {
        /// The condition, looked at before each round.
        condition: Condition,
        /// At most this many rounds.
        most: u32,
        /// What is repeated.
        steps: Vec<Step>,
    },
    /// Steps that depend on a condition.
    If {
        /// The condition.
        condition: Condition,
        /// What is done where it holds.
        then: Vec<Step>,
        /// What is done where it does not.
        otherwise: Vec<Step>,
    },
    /// Steps that are done with a probability.
    Chance {
        /// The probability (0–1).
        probability: f64,
        /// What is done.
        steps: Vec<Step>,
    },
    /// Gives a value of the user's a new content.
    Set {
        /// The name, for `{value.NAME}`.
        name: String,
        /// The content.
        value: Template,
    },
}

/// A comparison of two texts, as numbers where both are numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The left side.
    pub left: Template,
    /// How they are compared.
    pub comparison: Comparison,
    /// The right side; empty for `exists`.
    pub right: Template,
}

/// How two values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `contains`
    Contains,
    /// `exists`: the left side is not empty.
    Exists,
}

/// Records from a file.
#[derive(Debug, Clone)]
pub struct Feeder {
    /// The name, for `{feed.NAME.COLUMN}`.
    pub name: String,
    /// In which order users get them.
    pub order: FeedOrder,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The records, each with a text for every column; at least one.
    pub records: Arc<Vec<Vec<String>>>,
}

/// In which order records are given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeedOrder {
    /// One after the other, from the first again when they are used up.
    Circular,
    /// Any, with the user's seed.
    Random,
    /// One after the other; a user that finds none left ends.
    Once,
}

/// How much is offered, as a file or a command line says it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadSpec {
    /// Users of a closed load.
    pub users: Option<u64>,
    /// How many users start in a second.
    pub spawn_rate: Option<f64>,
    /// How long the load is offered.
    pub run_time: Option<Duration>,
    /// Arrivals per second of an open load.
    pub rate: Option<f64>,
    /// Whether arrivals come at random (Poisson) instead of evenly.
    pub poisson: bool,
    /// Users that an open load may need at once.
    pub max_users: Option<u64>,
    /// Stretches of load, one after the other, in place of users, rate and run time.
    pub stages: Vec<StageSpec>,
    /// Iterations after which the run ends.
    pub iterations: Option<u64>,
    /// What is left out of the figures at the start.
    pub warm_up: Option<Duration>,
    /// How long what is under way may take after the end.
    pub graceful_stop: Option<Duration>,
}

/// A stretch of load: from what was before to this, linearly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StageSpec {
    /// What there is at its end.
    pub to: Level,
    /// How long it takes; zero is a jump.
    pub over: Duration,
}

/// A height of load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Level {
    /// Users of a closed load.
    Users(u64),
    /// Arrivals per second of an open load.
    Rate(f64),
}

/// A limit as it was written, with what happens when it breaks during the run.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitSpec {
    /// The limit: `cone_search.p95 < 500ms`.
    pub text: String,
    /// Whether the run ends when it is broken.
    pub abort: bool,
    /// For how long it is not looked at, from the start.
    pub after: Duration,
}

/// Requests of a log with their times.
#[derive(Debug, Clone)]
pub struct Replay {
    /// When each is due, since the first, and the index of its operation and line.
    pub entries: Vec<ReplayEntry>,
    /// How much faster than the log (1 is the original timing).
    pub speed: f64,
}

/// One request of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayEntry {
    /// When it came, since the first request of the log.
    pub at: Duration,
    /// The operation.
    pub operation: usize,
    /// The path with its query, as the log has it.
    pub target: String,
}

/// A scenario as it was given, with every file it needs, so that it can be sent to another machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The name of the file, or `built in`, for messages.
    pub origin: String,
    /// Whether the text is YAML; TOML otherwise.
    pub is_yaml: bool,
    /// The text.
    pub text: String,
    /// The files that the text names: their names as they stand there, and their contents.
    pub files: BTreeMap<PathBuf, String>,
    /// Variables that replace those of the file.
    pub variables: BTreeMap<String, String>,
}
