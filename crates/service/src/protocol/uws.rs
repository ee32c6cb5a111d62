//! Jobs of the Universal Worker Service (UWS 1.1, 1.0): their documents and phases.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use thiserror::Error;

use super::Malformed;
use super::xml::Node;

/// A job as its service describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UwsJob {
    /// Its identifier.
    pub job_id: String,
    /// What the client named it.
    pub run_id: Option<String>,
    /// Where it is in its life.
    pub phase: UwsPhase,
    /// When the service made it; UWS 1.0 does not say.
    pub creation_time: Option<Timestamp>,
    /// When it began to execute.
    pub start_time: Option<Timestamp>,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// When the service expects it to end.
    pub quote: Option<Timestamp>,
    /// When the service will remove it.
    pub destruction: Option<Timestamp>,
    /// Seconds that it may execute; `None` when unknown, 0 without a limit.
    pub execution_duration_s: Option<u64>,
    /// What it made.
    pub results: Vec<UwsResult>,
    /// Why it failed.
    pub error: Option<UwsError>,
}

/// A result of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UwsResult {
    /// Its identifier, such as `result`.
    pub id: String,
    /// Where it is.
    pub href: String,
    /// Its size, bytes.
    pub size_bytes: Option<u64>,
}

/// The summary of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UwsError {
    /// What the service says.
    pub message: String,
    /// Whether trying again cannot help.
    pub is_fatal: bool,
}

/// Where a job is in its life (UWS 1.1 section 2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UwsPhase {
    /// Made, not yet started by the client.
    Pending,
    /// Waiting for the service.
    Queued,
    /// Running.
    Executing,
    /// Ended well.
    Completed,
    /// Ended with an error.
    Error,
    /// Ended by the client or an administrator.
    Aborted,
    /// Held back until the client starts it again.
    Held,
    /// Interrupted by the service, which will go on by itself.
    Suspended,
    /// Ended; the results are gone.
    Archived,
    /// The service does not know.
    Unknown,
}

/// A word that is no phase.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is no phase of a UWS job")]
pub struct UnknownPhase(String);

impl UwsPhase {
    /// All phases.
    pub const ALL: [Self; 10] = [
        Self::Pending,
        Self::Queued,
        Self::Executing,
        Self::Completed,
        Self::Error,
        Self::Aborted,
        Self::Held,
        Self::Suspended,
        Self::Archived,
        Self::Unknown,
    ];

    /// The word of the standard.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Queued => "QUEUED",
            Self::Executing => "EXECUTING",
            Self::Completed => "COMPLETED",
            Self::Error => "ERROR",
            Self::Aborted => "ABORTED",
            Self::Held => "HELD",
            Self::Suspended => "SUSPENDED",
            Self::Archived => "ARCHIVED",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Whether a blocking poll (`WAIT`) waits in this phase: it changes by itself.
    pub fn is_active(self) -> bool {
        matches!(self, Self::Pending | Self::Queued | Self::Executing)
    }

    /// Whether the job has ended.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Error | Self::Aborted | Self::Archived
        )
    }
}

impl FromStr for UwsPhase {
    type Err = UnknownPhase;

    /// Reads the word, white space and case ignored: `GET /{job}/phase` answers it as plain text.
    fn from_str(text: &str) -> Result<Self, UnknownPhase> {
        let word = text.trim();
        Self::ALL
            .into_iter()
            .find(|it| it.as_str().eq_ignore_ascii_case(word))
            .ok_or_else(|| UnknownPhase(word.chars().take(40).collect()))
    }
}

impl fmt::Display for UwsPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Reads the document of a job, with any namespace prefix; at most 4 MiB.
pub fn parse_uws_job(body: &[u8]) -> Result<UwsJob, Malformed> {
    let job = Node::read(body, "job")?;
    let missing = |what: &str| Malformed::at(0, format!("a job without {what}"));
    let phase = job.child_text("phase").ok_or_else(|| missing("a phase"))?;
    let time = |name| job.child_text(name).as_deref().and_then(timestamp);
    Ok(UwsJob {
        job_id: job
            .child_text("jobId")
            .ok_or_else(|| missing("an identifier"))?,
        run_id: job.child_text("runId"),
        phase: phase
            .parse()
            .map_err(|error: UnknownPhase| Malformed::at(0, error.to_string()))?,
        creation_time: time("creationTime"),
        start_time: time("startTime"),
        end_time: time("endTime"),
        quote: time("quote"),
        destruction: time("destruction"),
        execution_duration_s: job
            .child_text("executionDuration")
            .and_then(|it| it.parse().ok()),
        results: job
            .children("results")
            .flat_map(|it| it.children("result"))
            .map(result)
            .collect(),
        error: job.child("errorSummary").map(|summary| UwsError {
            message: summary
                .child_text("message")
                .unwrap_or_else(|| summary.text()),
            is_fatal: summary.attribute("type") == Some("fatal"),
        }),
    })
}

fn result(node: &Node) -> UwsResult {
    let text = |name| node.attribute(name).unwrap_or_default().to_owned();
    UwsResult {
        id: text("id"),
        // UWS 1.0 of some services has the address as text.
        href: Some(text("href"))
            .filter(|it| !it.is_empty())
            .unwrap_or_else(|| node.text()),
        size_bytes: node.attribute("size").and_then(|it| it.parse().ok()),
    }
}

/// A time of a job document: UTC, which services write with and without `Z`.
fn timestamp(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| {
        let time: DateTime = text.parse().ok()?;
        TimeZone::UTC.to_timestamp(time).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILED: &str = r#"<?xml version="1.0"?>
        <uws:job xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" xmlns:xlink="http://www.w3.org/1999/xlink"
          xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="1.1">
          <uws:jobId>a1b2</uws:jobId><uws:ownerId xsi:nil="true"/>
          <uws:phase>ERROR</uws:phase><uws:quote xsi:nil="true"></uws:quote>
          <uws:creationTime>2026-01-02T03:04:05.600Z</uws:creationTime>
          <uws:startTime>2026-01-02T03:04:06</uws:startTime>
          <uws:executionDuration>7200</uws:executionDuration>
          <uws:parameters><uws:parameter id="query">SELECT 1 &lt; 2</uws:parameter></uws:parameters>
          <uws:results/>
          <uws:errorSummary type="fatal" hasDetail="true"><uws:message>
            no table &quot;x&quot; &amp; no hope</uws:message></uws:errorSummary>
        </uws:job>"#;

    #[test]
    fn a_failed_job_says_why() {
        let job = parse_uws_job(FAILED.as_bytes()).unwrap();
        assert_eq!(job.job_id, "a1b2");
        assert_eq!(job.phase, UwsPhase::Error);
        assert_eq!(job.quote, None);
        assert_eq!(job.execution_duration_s, Some(7200));
        let created: Timestamp = "2026-01-02T03:04:05.6Z".parse().unwrap();
        assert_eq!(job.creation_time, Some(created));
        let started: Timestamp = "2026-01-02T03:04:06Z".parse().unwrap();
        assert_eq!(job.start_time, Some(started));
        let error = job.error.unwrap();
        assert_eq!(error.message, "no table \"x\" & no hope");
        assert!(error.is_fatal);
    }

    #[test]
    fn results_are_found_without_a_prefix() {
        let text = r#"<job xmlns="u" xmlns:l="x"><jobId>7</jobId><phase> Completed </phase>
            <results><result id="result" l:href="http://h/r?a=1&amp;b=2" size="12"/></results></job>"#;
        let job = parse_uws_job(text.as_bytes()).unwrap();
        let result = UwsResult {
            id: "result".into(),
            href: "http://h/r?a=1&b=2".into(),
            size_bytes: Some(12),
        };
        assert_eq!(
            (job.phase, job.results),
            (UwsPhase::Completed, vec![result])
        );
    }

    #[test]
    fn what_is_no_job_is_refused() {
        for (text, what) in [
            ("<html></html>", "the root element is `html`, not `job`"),
            ("<job><jobId>7</jobId></job>", "a job without a phase"),
            (
                "<job><jobId>7</jobId><phase>RUNNING</phase></job>",
                "`RUNNING` is no phase of a UWS job",
            ),
            (
                "<job><phase>ERROR</phase></job>",
                "a job without an identifier",
            ),
        ] {
            assert_eq!(parse_uws_job(text.as_bytes()).unwrap_err().what, what);
        }
        let cut = &FAILED.as_bytes()[..FAILED.len() - 20];
        let error = parse_uws_job(cut).unwrap_err();
        assert_eq!(error.kind, crate::protocol::Fault::Truncated);
    }

    #[test]
    fn phases_are_active_or_final_or_wait_for_someone() {
        for phase in UwsPhase::ALL {
            assert_eq!(phase.to_string().to_lowercase().parse(), Ok(phase));
            assert!(!(phase.is_active() && phase.is_final()));
        }
        assert!(UwsPhase::Executing.is_active());
        assert!(!UwsPhase::Held.is_active() && !UwsPhase::Held.is_final());
    }
}
