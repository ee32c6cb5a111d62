//! Scenarios as data: who uses the service, what they do, how many of them there are.
//!
//! A scenario is a TOML or YAML file of the form below. `load-gen scenario show NAME` prints the built-in ones,
//! which are the best examples; `load-gen scenario check FILE` tells what would run, or what is wrong and where.
//!
//! ```toml
//! format = 1
//! name = "my-archive"
//! description = "people who look around in my archive"
//! api = "astro-pipeline"         # a built-in API profile or a file beside this one; steps name its operations
//! tags = { site = "paranal" }    # words for the report
//! thresholds = ["cone_search.p95 < 500ms", { limit = "errors < 1%", abort = true, after = "30s" }]
//!
//! [variables]                    # {var.table} in templates, over those of the API; `--set table=…` over both
//! table = "gaia.source"
//!
//! [load]                         # unless the command line says otherwise
//! users = 100
//! spawn_rate = 10                # users that start in a second
//! run_time = "5m"
//!
//! [[persona]]
//! name = "researcher"
//! weight = 3                     # or count = 2: so many, however many users there are
//! think = { uniform = ["2s", "10s"] }
//! tasks = [
//!     { request = "cone_search", weight = 4 },
//!     { name = "reduce", flow = ["health", { request = "submit", follow = true }] },
//! ]
//! ```
//!
//! **`[load]`** is closed (`users`, `spawn_rate`, `run_time`) or open (`rate` in iterations per second,
//! `arrivals = "even"` or `"poisson"`, `max_users`, `run_time`), or has
//! `stages = [{ users = 100, over = "1m" }, …]` (or `rate`), each reached linearly from the one before.
//! `iterations` ends it earlier, `warm_up` is left out of the figures, `graceful_stop` is how long what is
//! under way may take at the end.
//!
//! **`[[persona]]`**: `think` is the pause before each iteration: `"none"`, `{ constant = "1s" }`,
//! `{ uniform = ["2s", "10s"] }`, `{ exponential = "3s" }` (the mean),
//! `{ log_normal = { median = "5s", sigma = 0.5 } }`. An iteration is one of `tasks` by weight, or of the tasks
//! of `sets = { catalog = 70, processing = 30 }` (shares of `[[task_set]]`s, each with `name` and `tasks`), or
//! always the same `flow`. `on_start` and `on_stop` are steps that are done once.
//! In an open load the rate says when an iteration begins: nobody thinks, and `count` is a weight.
//!
//! **A task** has `request` (with `follow = true` to the end of the job that it starts) or `flow` (steps; then a
//! `name` too), `weight` (1), `chance` (0–1).
//!
//! **A step** is the name of a request or one of `{ request, follow }`, `{ pause = THINK }`,
//! `{ repeat = 3, flow }` (or a template, `"{int:1..5}"`), `{ while = CONDITION, most = 100, flow }`,
//! `{ if = CONDITION, flow, else }`, `{ chance = 0.1, flow }` (or `request`), `{ set = { name = TEMPLATE } }`.
//! The first failure ends the iteration. A condition is `"{value.status} != COMPLETED"` with `==`, `!=`, `<`,
//! `<=`, `>`, `>=`, `contains`, or `"{value.next} exists"`: numbers are compared as numbers, `''` is an empty
//! text, values that the user does not have are empty.
//!
//! **`[[request]]`** is an operation in the form of API profiles (see [`service::profile`]), with `capture` for
//! values that later requests and conditions use as `{value.NAME}`; `group` may be left out. A user keeps its
//! values from one iteration to the next. `set`s between two requests see the same target.
//!
//! **`[[feeder]]`** gives every iteration a record, `{feed.NAME.COLUMN}`: `file` (CSV with a header, or a JSON
//! list of objects) or `records`, and `order`: `circular`, `random` or `once` (users end when none is left).
//!
//! **`[replay]`** asks what a log has, at its times, in place of personas: `file`, a CSV file with the columns
//! `at_s` (seconds since the first request, in order), `request` (the operation that says what a right answer
//! is) and `target` (path and query), and `speed` (1).

pub mod args;
mod builtin;
mod check;
pub(crate) mod command;
mod document;
mod error;
mod fields;
pub(crate) mod import;
mod model;
mod read;
mod source;
mod times;

pub use builtin::{BUILT_IN, built_in};
pub use error::{ScenarioError, ScenarioErrors};
pub use model::{
    Comparison, Condition, FeedOrder, Feeder, Level, LimitSpec, LoadSpec, Persona, Presence,
    Replay, ReplayEntry, Scenario, Source, StageSpec, Step, Task,
};

#[cfg(test)]
mod tests;
