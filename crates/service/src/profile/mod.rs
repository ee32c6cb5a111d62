//! API profiles: what can be asked of a service and what a right answer is, as data.
//!
//! A profile is a TOML file. `app-perf apis NAME` prints the built-in ones, which are the best examples.
//!
//! ```toml
//! format = 1
//! name = "my-archive"
//! description = "the catalogue service of my archive"
//!
//! [variables]                    # {var.table} in templates; `--set table=…` overrides
//! table = "gaia.source"
//!
//! [mixed]                        # shares of the groups in the mixed workload
//! health = 10
//! catalog = 90
//!
//! [[operation]]
//! name = "cone_search"           # the name in reports
//! group = "catalog"              # health, monitoring, catalog or processing
//! weight = 4                     # among the operations of its group
//! description = "sources around a target, nearest first"
//! request = { method = "GET", path = "/search", query = { ra = "{ra}", dec = "{dec}", sr = "{radius}", n = "{int:50..500}" } }
//! success = { content = "json", rows = "/objects", position = ["ra", "dec"], inside_cone = true, limit = "n" }
//! ```
//!
//! An operation with `needs = ["dataset"]` is left out where that variable is empty. One that is
//! `like = "cone_search"` takes request, success, job and captures of that one, which stands before it, where
//! it has none of its own.
//!
//! **`capture`** is a list of values that a user keeps of the answer for later requests, where `{value.NAME}`
//! stands for them: `{ name = "first", json = "/objects/0/id" }`, `{ name = "etag", header = "ETag" }`,
//! `{ name = "next", regex = 'href="([^"]+)"' }` (the one group; the first 256 KiB of a body are searched).
//! An answer without the value is a failure, `capture_missing`, unless the capture has a `default`. Of an
//! operation with a job it is the answer to the submission.
//!
//! **Templates** are strings with placeholders; `{{` and `}}` are braces. One request has one target:
//! `{ra}`, `{dec}`, `{radius}` (degrees), `{radius_arcmin}`, `{radius_arcsec}`. Values drawn anew:
//! `{int:1..9}`, `{real:0.1..5}`, `{log:0.001..1}` (log-uniform), `{bool}`, `{choice:STAR*7|GALAXY*3}`
//! (with weights), `{uuid}`. Facts: `{run}`, `{user}`, `{now}`, `{var.NAME}`, `{fits.key}` (an input of the
//! FITS jobs), `{job}` (a job of this user), `{value.NAME}` (captured before).
//!
//! **`request`**: `method`, `path`, `query`, `headers`, one of `form`, `json`, `multipart`, and `timeout_s`.
//! A JSON value that is one placeholder of a number or truth becomes a number or truth. A part of
//! `multipart` has `name` and `text`, or `file = "fits"` (an input file) or `file = "votable:10..200"`
//! (a table of that many positions).
//!
//! **`success`**: `status` (200 unless given), `content` (`json`, `votable`, `csv`, `text`, `prometheus`,
//! `fits`, `availability`, `xml`, `any`, `none`), `content_type` (the usual ones of the content unless
//! given), `rows` (JSON pointer of the rows), `position` (names of the coordinates in a JSON row; a
//! VOTable tells by its UCDs), `inside_cone` (every row lies in the cone that was asked for), `count`
//! (`"cone"`: as many rows as the catalogue has there, where that is known), `min_rows`, `max_rows`,
//! `limit` (the query or form parameter that limits the rows), `equal`, `present`, `absent` (JSON
//! pointers), `overflow` (whether a VOTable may say OVERFLOW; always where there is a `limit`).
//!
//! **`[workflow]`** names the operations `submit`, `sources` and `lookup`; the `brightest` sources (10) of a
//! calibrated image are looked up within `radius_arcsec` (3), and the catalogue must have the share
//! `least_found` (0.8) of them.
//!
//! **`job`** makes an operation one that goes on after its answer: `id` (`"json:/jobId"` or
//! `"header:Location"`), `start`, `poll`, `result`, `cleanup` (each with `request` and `success`), `phase`
//! (JSON pointer; `"uws"` for a UWS job document), `waiting`, `running`, `done`, `failed` (the words of the
//! phases), `created_at`, `started_at`, `finished_at` (pointers to times of the service), `bytes` (pointer),
//! `wait` (the poll takes UWS's WAIT), `cleanup_finished` (whether `cleanup` is for jobs too that have
//! ended; true unless given), `timeout_s`.

mod builtin;
mod capture;
mod check;
mod draft;
mod error;
mod file;
mod openapi;
mod template;
mod variables;

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderName, Method, StatusCode};
use serde::Serialize;

pub use builtin::{BUILT_IN, built_in};
pub use capture::{Capture, CaptureSource};
pub use draft::OperationDraft;
pub use error::{ProfileError, place_of};
pub use openapi::{OpenApiError, from_openapi};
pub use template::{Placeholder, Scope, Template, Value, is_value_name};
pub use variables::given_variables;

/// What can be asked of a service.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name, for people.
    pub name: String,
    /// What it describes.
    pub description: String,
    /// Shares of the groups in the mixed workload; groups that are absent have none.
    pub mixed: BTreeMap<Group, f64>,
    /// The workflow from end to end, where the API has one.
    pub workflow: Option<Workflow>,
    /// The operations in the order of the file.
    pub operations: Vec<Operation>,
    /// The variables as they were filled in.
    pub variables: BTreeMap<String, String>,
}

/// An image is calibrated, then its brightest sources are looked up in the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct Workflow {
    /// The operation that calibrates an image.
    pub submit: String,
    /// The operation that lists the sources that were measured, the brightest first.
    pub sources: String,
    /// The operation that looks a source up.
    pub lookup: String,
    /// The radius of that search in degrees.
    pub radius_deg: f64,
    /// How many sources are looked up.
    pub brightest: usize,
    /// The share (0–1) of them that the catalogue must have.
    pub least_found: f64,
}

/// The kind of an operation; it decides in which tests it takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Whether the service is well.
    Health,
    /// Metrics and other things that monitoring reads.
    Monitoring,
    /// Questions to the catalogue.
    Catalog,
    /// Image-processing jobs.
    Processing,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 4] = [
        Self::Health,
        Self::Monitoring,
        Self::Catalog,
        Self::Processing,
    ];

    /// The name in profiles and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Monitoring => "monitoring",
            Self::Catalog => "catalog",
            Self::Processing => "processing",
        }
    }
}

/// Something that can be asked.
#[derive(Debug, Clone)]
pub struct Operation {
    /// The name in reports.
    pub name: String,
    /// Its kind.
    pub group: Group,
    /// How often it comes up among the operations of its group, relative to their weights; 0 for those
    /// that only the workflow asks.
    pub weight: f64,
    /// What it asks, in a sentence.
    pub description: String,
    /// The request and what a right answer is.
    pub call: Call,
    /// What follows, for operations that start a job.
    pub job: Option<Job>,
    /// What the user keeps of a right answer.
    pub captures: Vec<Capture>,
}

impl Operation {
    /// Whether a user must have submitted a job before.
    pub fn needs_job(&self) -> bool {
        self.call.request.uses(&Placeholder::Job)
    }
}

/// A request and what a right answer to it is.
#[derive(Debug, Clone)]
pub struct Call {
    /// The request.
    pub request: RequestTemplate,
    /// The right answer.
    pub success: Success,
}

/// A request with placeholders.
#[derive(Debug, Clone)]
pub struct RequestTemplate {
    /// The method.
    pub method: Method,
    /// Path below the base URL, or a whole address where a placeholder holds one.
    pub path: Template,
    /// Parameters behind the question mark, in alphabetical order.
    pub query: Vec<(String, Template)>,
    /// Headers.
    pub headers: Vec<(HeaderName, Template)>,
    /// The body.
    pub body: BodyTemplate,
    /// The limit of the exchange; the tool's own where none is given.
    pub timeout: Option<Duration>,
}

/// A body with placeholders.
#[derive(Debug, Clone)]
pub enum BodyTemplate {
    /// No body.
    Empty,
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, Template)>),
    /// `application/json`.
    Json(JsonTemplate),
    /// `multipart/form-data`.
    Multipart(Vec<PartTemplate>),
}

/// A JSON value with placeholders in its strings.
#[derive(Debug, Clone)]
pub enum JsonTemplate {
    /// A value without placeholders.
    Plain(serde_json::Value),
    /// A string with placeholders.
    Text(Template),
    /// A list.
    List(Vec<JsonTemplate>),
    /// An object.
    Object(Vec<(String, JsonTemplate)>),
}

/// A part of a multipart body.
#[derive(Debug, Clone)]
pub struct PartTemplate {
    /// The name of the field.
    pub name: String,
    /// What it holds.
    pub content: PartContent,
}

/// What a part of a multipart body holds.
#[derive(Debug, Clone)]
pub enum PartContent {
    /// A text.
    Text(Template),
    /// An input file of the FITS jobs.
    Fits,
    /// A VOTable with as many positions as an inclusive range says.
    Positions {
        /// At least this many.
        low: u64,
        /// At most this many.
        high: u64,
    },
}

/// How a body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// One JSON document.
    Json,
    /// A VOTable with the statuses of DALI and Simple Cone Search.
    Votable,
    /// Comma- or tab-separated values with a header.
    Csv,
    /// A text that is not an HTML page.
    Text,
    /// The text format of Prometheus.
    Prometheus,
    /// A FITS file.
    Fits,
    /// A VOSI availability document that says `true`.
    Availability,
    /// Any well-formed XML document.
    Xml,
    /// Anything.
    Any,
    /// Nothing: no body, as for 204 and 303.
    None,
}

/// What a right answer is.
#[derive(Debug, Clone)]
pub struct Success {
    /// The statuses of a right answer.
    pub status: Vec<StatusCode>,
    /// How the body is read.
    pub content: Content,
    /// The media types it may have; empty: any.
    pub content_type: Vec<String>,
    /// JSON pointer of the list of rows.
    pub rows: Option<String>,
    /// Names of right ascension and declination in a JSON row.
    pub position: Option<(String, String)>,
    /// Every row lies in the cone that was asked for.
    pub inside_cone: bool,
    /// As many rows as the catalogue has in the cone, where that is known.
    pub count_cone: bool,
    /// At least this many rows.
    pub min_rows: Option<u64>,
    /// At most this many rows.
    pub max_rows: Option<u64>,
    /// The parameter of the request that limits the rows.
    pub limit: Option<String>,
    /// JSON pointers and the values they must have.
    pub equal: Vec<(String, serde_json::Value)>,
    /// JSON pointers that must lead to something other than null.
    pub present: Vec<String>,
    /// JSON pointers that must lead to nothing or to null.
    pub absent: Vec<String>,
    /// Whether a VOTable may say that it is cut off.
    pub overflow: bool,
}

/// Where the name of a job is found in the answer to its submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobId {
    /// JSON pointer.
    Json(String),
    /// A header, such as `Location`.
    Header(HeaderName),
}

/// How the phase of a job is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhaseSource {
    /// JSON pointer.
    Json(String),
    /// A UWS job document.
    Uws,
}

/// The words of the phases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseWords {
    /// The job waits.
    pub waiting: Vec<String>,
    /// The job is worked on.
    pub running: Vec<String>,
    /// The job ended well.
    pub done: Vec<String>,
    /// The job ended badly.
    pub failed: Vec<String>,
}

/// What follows the submission of a job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Where its name is.
    pub id: JobId,
    /// Starts it, where submission does not.
    pub start: Option<Call>,
    /// Asks how it is.
    pub poll: Call,
    /// Where the answer tells the phase.
    pub phase: PhaseSource,
    /// The words of the phases.
    pub words: PhaseWords,
    /// JSON pointers to the service's own times of creation, start and end.
    pub times: [Option<String>; 3],
    /// JSON pointer to the bytes that were processed.
    pub bytes: Option<String>,
    /// Whether the poll takes UWS's WAIT, so that the service answers when something changes.
    pub wait: bool,
    /// Fetches what it brought.
    pub result: Option<Call>,
    /// Removes it from the service.
    pub cleanup: Option<Call>,
    /// Whether jobs that have ended are removed too, and not only those that have not.
    pub cleanup_finished: bool,
    /// How long it may take.
    pub timeout: Option<Duration>,
}

impl Profile {
    /// Reads a profile; `origin` names the file in errors, `variables` replace those of the file.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line, column and field.
    pub fn parse(
        text: &str,
        origin: &str,
        variables: &BTreeMap<String, String>,
    ) -> Result<Self, ProfileError> {
        check::check(text, origin, variables)
    }

    /// The operation of this name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.iter().find(|it| it.name == name)
    }

    /// The operations of a group in the order of the file.
    pub fn group(&self, group: Group) -> impl Iterator<Item = &Operation> {
        self.operations.iter().filter(move |it| it.group == group)
    }
}

impl RequestTemplate {
    /// Whether a placeholder occurs in it.
    pub fn uses(&self, wanted: &Placeholder) -> bool {
        self.templates().any(|it| it.uses(wanted))
    }

    /// Whether an image is uploaded.
    pub fn uploads_fits(&self) -> bool {
        match &self.body {
            BodyTemplate::Multipart(parts) => parts
                .iter()
                .any(|it| matches!(it.content, PartContent::Fits)),
            _ => false,
        }
    }

    /// Whether the request depends on a target of the sky.
    pub fn has_target(&self) -> bool {
        self.templates().any(Template::has_target)
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        let body: Vec<&Template> = match &self.body {
            BodyTemplate::Empty => Vec::new(),
            BodyTemplate::Form(fields) => fields.iter().map(|it| &it.1).collect(),
            BodyTemplate::Json(json) => json.templates(),
            BodyTemplate::Multipart(parts) => parts
                .iter()
                .filter_map(|part| match &part.content {
                    PartContent::Text(text) => Some(text),
                    PartContent::Fits | PartContent::Positions { .. } => None,
                })
                .collect(),
        };
        std::iter::once(&self.path)
            .chain(self.query.iter().map(|it| &it.1))
            .chain(self.headers.iter().map(|it| &it.1))
            .chain(body)
    }
}

impl JsonTemplate {
    fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Plain(_) => Vec::new(),
            Self::Text(text) => vec![text],
            Self::List(list) => list.iter().flat_map(Self::templates).collect(),
            Self::Object(fields) => fields.iter().flat_map(|it| it.1.templates()).collect(),
        }
    }
}
