//! What a user keeps of answers and uses later: captured values, values that are set, records.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod client_support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use client_support::{ENOUGH, Server, options, read_head};
use common::sky::{Radii, TargetSampler};
use service::client::Endpoint;
use service::profile::{OperationDraft, Profile, Scope, Template};
use service::request::Target;
use service::session::{Asked, Litter, Polling, Scene, Session, kinds};
use tokio::io::AsyncWriteExt as _;

const PROFILE: &str = r#"
format = 1
name = "test"

[[operation]]
name = "first"
group = "catalog"
request = { path = "/first" }
success = { content = "json" }
capture = [
    { name = "id", json = "/id" },
    { name = "name", json = "/list/1/name" },
    { name = "etag", header = "ETag" },
    { name = "next", regex = "href='([^']+)'" },
    { name = "none", json = "/none", default = "nothing" },
]

[[operation]]
name = "second"
like = "first"
group = "catalog"
request = { path = "/second/{value.id}", query = { name = "{value.name}" }, headers = { If-Match = "{value.etag}" } }
success = { content = "json", max_rows = 1, rows = "/list" }
capture = [{ name = "lost", json = "/lost" }]

[[operation]]
name = "third"
group = "catalog"
request = { path = "{value.next}" }
success = { content = "json" }

[[operation]]
name = "submit"
group = "processing"
request = { method = "POST", path = "/submit" }
success = { content = "json" }
capture = [{ name = "mine", json = "/list/0/name" }]
[operation.job]
id = "json:/id"
phase = "/phase"
done = ["DONE"]
failed = ["FAILED"]
poll = { request = { path = "/poll/{job}" }, success = { content = "json" } }

[[operation]]
name = "cone"
group = "catalog"
request = { path = "/cone", query = { ra = "{ra}", dec = "{dec}", sr = "{radius}" } }
success = { content = "json", rows = "/list", position = ["ra", "dec"], inside_cone = true }
"#;

const ANSWER: &str = r#"{"id": 7, "phase": "DONE", "html": "<a href='/next?page=2'>",
"list": [{"name": "M 31", "ra": 1, "dec": 2}, {"name": "a/b&c", "ra": 1, "dec": 2}]}"#;

/// Answers everything alike and remembers what was asked.
async fn server() -> (Server, Arc<Mutex<Vec<String>>>) {
    let heads: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&heads);
    let server = Server::start(move |mut stream, _| {
        let seen = Arc::clone(&seen);
        async move {
            while let Some(head) = read_head(&mut stream).await {
                seen.lock().unwrap().push(head);
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nETag: \"abc\"\r\nContent-Length: {}\r\n\r\n{ANSWER}",
                    ANSWER.len()
                );
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    break;
                }
            }
        }
    })
    .await;
    (server, heads)
}

/// A user of the server.
fn user(server: &Server, profile: &str) -> Session {
    let profile = Profile::parse(profile, "test.toml", &BTreeMap::new()).unwrap();
    of_profile(server, profile)
}

fn of_profile(server: &Server, profile: Profile) -> Session {
    let endpoint = Endpoint::new(options(&server.url())).unwrap();
    let mut sampler = TargetSampler::new(1, Vec::new(), Radii::LogUniform);
    let asked = || Asked {
        target: sampler.next_target(),
        expected: None,
    };
    let scene = Scene {
        run: "0123456789ab".to_owned(),
        seed: 1,
        targets: std::iter::repeat_with(asked).take(50).collect(),
        keys: Vec::new(),
        files: Vec::new(),
        timeout: ENOUGH,
        job_timeout: ENOUGH,
        polling: Polling {
            share: 0.05,
            shortest: Duration::from_millis(1),
            longest: Duration::from_millis(10),
        },
        litter: Litter::default(),
    };
    Session::new(Arc::new(endpoint), Arc::new(profile), Arc::new(scene), 1)
}

fn index(session: &Session, name: &str) -> usize {
    let operations = &session.profile().operations;
    operations.iter().position(|it| it.name == name).unwrap()
}

async fn ask(session: &mut Session, name: &str) -> Result<(), String> {
    let answer = session.ask(index(session, name)).await;
    answer.map(|_| ()).map_err(|it| it.kind.into_owned())
}

/// The first line and the rest of the last request.
fn last(heads: &Mutex<Vec<String>>) -> String {
    heads.lock().unwrap().last().unwrap().clone()
}

#[tokio::test]
async fn captured_values_are_used_where_they_are_named() {
    let (server, heads) = server().await;
    let mut session = user(&server, PROFILE);
    ask(&mut session, "first").await.unwrap();
    let values = ["id", "name", "etag", "next", "none", "unheard"].map(|it| session.value(it));
    let expected = ["7", "a/b&c", "\"abc\"", "/next?page=2", "nothing"].map(Some);
    assert_eq!(values[..5], expected);
    assert_eq!(values[5], None);
    // Each place encodes a value as it needs it, and a link stays a link.
    let _ = ask(&mut session, "second").await;
    let head = last(&heads);
    assert!(head.starts_with("GET /second/7?name=a%2Fb%26c "), "{head}");
    assert!(head.to_lowercase().contains("if-match: \"abc\""), "{head}");
    ask(&mut session, "third").await.unwrap();
    assert!(last(&heads).starts_with("GET /next?page=2 "));
}

#[tokio::test]
async fn a_value_that_an_answer_has_not_is_a_failure() {
    let (server, _) = server().await;
    let mut session = user(&server, &PROFILE.replace(", max_rows = 1", ""));
    ask(&mut session, "first").await.unwrap();
    let error = ask(&mut session, "second").await.unwrap_err();
    assert_eq!(error, kinds::CAPTURE_MISSING);
}

#[tokio::test]
async fn a_request_that_needs_a_value_is_not_made_without() {
    let (server, heads) = server().await;
    let mut session = user(&server, PROFILE);
    let error = ask(&mut session, "second").await.unwrap_err();
    assert_eq!(error, kinds::VALUE_MISSING);
    assert!(heads.lock().unwrap().is_empty());
    session.set_value("id", "9".to_owned());
    session.set_value("name", "x".to_owned());
    session.set_value("etag", "y".to_owned());
    let _ = ask(&mut session, "second").await;
    assert!(last(&heads).starts_with("GET /second/9?name=x "));
}

#[tokio::test]
async fn a_job_that_is_followed_gives_its_values_too() {
    let (server, heads) = server().await;
    let mut session = user(&server, PROFILE);
    let submit = index(&session, "submit");
    let job = session.follow(submit).await.unwrap();
    assert_eq!(job.name, "7");
    assert_eq!(session.value("mine"), Some("M 31"));
    assert!(last(&heads).starts_with("GET /poll/7 "));
}

#[tokio::test]
async fn templates_between_two_requests_see_one_target() {
    let (server, _) = server().await;
    let mut session = user(&server, PROFILE);
    let template = |text: &str| Template::parse(text, &BTreeMap::new()).unwrap();
    let (ra, both) = (template("{ra}"), template("{ra} {dec} {value.none}"));
    let first = session.evaluate(&ra);
    assert!(session.evaluate(&both).starts_with(&first));
    ask(&mut session, "first").await.unwrap();
    assert!(session.evaluate(&both).ends_with(" nothing"));
    // Of fifty targets hardly the same ten times.
    let mut others = Vec::new();
    for _ in 0..10 {
        ask(&mut session, "first").await.unwrap();
        others.push(session.evaluate(&ra));
    }
    assert!(others.iter().any(|it| *it != first));
}

#[tokio::test]
async fn values_do_not_grow_without_end() {
    let (server, _) = server().await;
    let mut session = user(&server, PROFILE);
    session.set_value("x", "é".repeat(10));
    let double = Template::parse("{value.x}{value.x}", &BTreeMap::new()).unwrap();
    for _ in 0..40 {
        let text = session.evaluate(&double);
        session.set_value("x", text);
    }
    assert_eq!(session.value("x").unwrap().len(), 4096);
}

#[tokio::test]
async fn a_record_is_named_by_its_feeder_and_column() {
    let (server, heads) = server().await;
    let feeders = [(
        "fields".to_owned(),
        vec!["name".to_owned(), "ra".to_owned()],
    )];
    let text = "name = \"fed\"\ngroup = \"catalog\"\nrequest = { path = \"/f\", query = { a = \"{feed.fields.ra}\" } }\n\
                success = { content = \"json\" }\n";
    let draft: OperationDraft = toml::from_str(text).unwrap();
    let variables = BTreeMap::new();
    let scope = Scope {
        variables: &variables,
        feeders: &feeders,
    };
    let mut profile = Profile::parse(PROFILE, "test.toml", &BTreeMap::new()).unwrap();
    let fed = draft.check((text, "test.toml"), scope, &[]).unwrap();
    profile.operations.push(fed);
    let mut session = of_profile(&server, profile);
    let error = ask(&mut session, "fed").await.unwrap_err();
    assert_eq!(error, kinds::VALUE_MISSING);
    let row = |name: &str, ra: &str| vec![name.to_owned(), ra.to_owned()];
    let table = Arc::new(vec![row("M31", "10.7"), row("LMC", "80.9")]);
    session.set_record(0, &table, 1);
    ask(&mut session, "fed").await.unwrap();
    assert!(last(&heads).starts_with("GET /f?a=80.9 "));
}

#[tokio::test]
async fn an_operation_can_be_asked_at_another_address() {
    let (server, heads) = server().await;
    let mut session = user(&server, PROFILE);
    let cone = index(&session, "cone");
    // The rows are elsewhere than the target, so that only its own cone finds fault with them.
    assert_eq!(
        ask(&mut session, "cone").await.unwrap_err(),
        kinds::OUTSIDE_CONE
    );
    let address = Target::Below("/old?ra=3&x=%20".to_owned());
    let answer = session.ask_target(cone, address).await.unwrap();
    assert_eq!(answer.rows, Some(2));
    assert!(last(&heads).starts_with("GET /old?ra=3&x=%20 "));
}

#[test]
fn a_session_without_values_stays_small() {
    assert!(size_of::<Session>() <= 1024, "{}", size_of::<Session>());
}
