//! Answers of real services as they are classified.

use std::path::PathBuf;

use service::protocol::{
    QueryState, UwsPhase, VotableReader, VotableSummary, looks_like_html, parse_uws_job,
};

fn fixture(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fixtures/votable"
    ));
    std::fs::read(folder.join(name)).expect("the fixture is there")
}

fn votable(name: &str) -> VotableSummary {
    let body = fixture(name);
    assert!(!looks_like_html(&body));
    let mut reader = VotableReader::default();
    reader.feed(&body, &mut |_| {});
    reader.finish().expect("the fixture is complete")
}

#[test]
fn a_cone_search_that_failed_says_so_without_a_query_status() {
    let summary = votable("cone_error.xml");
    assert_eq!(summary.query_status, None);
    let error = summary.error.unwrap();
    assert_eq!(
        error,
        "Field RA: 'abc' is not a valid literal for a real number"
    );
    let summary = votable("cone_error_param.xml");
    assert_eq!(summary.version.as_deref(), Some("1.1"));
    assert_eq!(summary.error.unwrap(), "Error in input RA value: as3d4");
}

#[test]
fn a_tap_query_that_failed_has_status_error() {
    let status = votable("tap_error.xml").query_status.unwrap();
    assert_eq!(status.state, QueryState::Error);
    assert_eq!(
        status.message,
        "Field query: Could not locate table 'no.such'"
    );
}

#[test]
fn an_overflow_after_the_rows_overrules_the_ok_before_them() {
    let summary = votable("tap_overflow.xml");
    assert_eq!(summary.query_status.unwrap().state, QueryState::Overflow);
    assert_eq!((summary.rows, summary.tables), (2, 1));
    assert_eq!(summary.position_columns, (Some(1), Some(2)));
    assert_eq!(summary.error, None);
}

#[test]
fn a_failed_job_says_when_and_why() {
    let job = parse_uws_job(&fixture("job_failed.xml")).unwrap();
    assert_eq!(job.phase, UwsPhase::Error);
    assert_eq!(job.run_id.as_deref(), Some("astro-perf-1"));
    let waited = job.start_time.unwrap() - job.creation_time.unwrap();
    assert_eq!(waited.as_secs(), 6);
    assert_eq!(
        job.error.unwrap().message,
        "Could not locate table 'no.such'"
    );
}
