//! Tests of imports: what they bring is a scenario, whatever they read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use common::load::Think;
use jiff::Timestamp;
use proptest::prelude::*;

use super::super::args::{FromAccessLog, FromHar, FromOpenapi};
use super::super::{Presence, Scenario, Source};
use super::{Imported, from_access_log, from_har, from_openapi};

/// A file that lives as long as its folder.
fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    common::files::write_whole(&path, bytes).unwrap();
    (folder, path)
}

/// Fits a log; `change` the flags.
fn fitted(bytes: &[u8], change: impl Fn(&mut FromAccessLog)) -> Result<Imported, String> {
    let (_folder, file) = file("access.log", bytes);
    let mut args = FromAccessLog {
        file,
        visit_gap: "30m".into(),
        with_robots: false,
        most_requests: 50,
        replay: false,
        speed: 1.0,
    };
    change(&mut args);
    from_access_log(&args).map_err(|it| it.to_string())
}

fn recorded(text: &str) -> Result<String, String> {
    let (_folder, file) = file("visit.har", text.as_bytes());
    let (host, with_assets) = (None, false);
    from_har(&FromHar {
        file,
        host,
        with_assets,
    })
    .map_err(|it| it.to_string())
}

fn load(text: &str, beside: Option<&(String, String)>) -> Scenario {
    let mut source = Source::of_text("imported.toml", false, text);
    source.files = beside
        .into_iter()
        .map(|(name, text)| (name.into(), text.clone()))
        .collect();
    Scenario::load(&source).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

fn line(host: &str, at_s: i64, request: &str, status: u16, agent: &str) -> String {
    let time = Timestamp::from_second(at_s)
        .unwrap()
        .strftime("%d/%b/%Y:%H:%M:%S +0000");
    format!("{host} - - [{time}] \"{request} HTTP/1.1\" {status} 512 \"-\" \"{agent}\"\n")
}

/// Deviates that fill (0, 1) evenly, in an order without a pattern.
fn deviates() -> impl Iterator<Item = f64> {
    (1_u32..).map(|it| (f64::from(it) * 0.618_033_988_749_895).fract())
}

const NIGHT: i64 = 1_790_000_000;

/// People who search, three cones for a list; a new one comes every minute.
fn people(think: Think) -> String {
    let mut lines = Vec::new();
    let mut deviates = deviates();
    for client in 0..200_i64 {
        let mut at = common::units::count_f64((NIGHT + 60 * client).unsigned_abs());
        for request in 0..40_i64 {
            let ra = (client * 37 + request * 11) % 360;
            let asked = if request % 4 == 3 {
                format!(
                    "GET /objects?type={}&token=s3cr3t",
                    ["STAR", "GALAXY"][usize::from(request > 19)]
                )
            } else {
                format!(
                    "GET /cone?ra={ra}.25&dec=-{}.5&sr=0.{}",
                    ra % 80,
                    1 + request % 9
                )
            };
            let second = i64::try_from(common::units::round_u64(at.floor())).unwrap();
            let host = format!("10.0.0.{client}");
            lines.push((second, line(&host, second, &asked, 200, "Firefox")));
            at += think.pause(deviates.next().unwrap()).as_secs_f64();
        }
    }
    lines.sort();
    lines.into_iter().map(|it| it.1).collect()
}

const THINK: Think = Think::LogNormal {
    median_seconds: 12.0,
    sigma: 0.8,
};

#[test]
fn a_log_comes_back_as_the_people_who_made_it() {
    let imported = fitted(people(THINK).as_bytes(), |_| {}).unwrap();
    let text = &imported.scenario;
    let scenario = load(text, None);
    let [people] = scenario.personas.as_slice() else {
        panic!("{text}")
    };
    let Think::LogNormal {
        median_seconds,
        sigma,
    } = people.think
    else {
        panic!("{text}")
    };
    assert!(
        (median_seconds - 12.0).abs() < 0.8 && (sigma - 0.8).abs() < 0.06,
        "{text}"
    );
    let weights = people
        .tasks
        .iter()
        .map(|it| common::units::round_u64(it.weight));
    assert_eq!(weights.collect::<Vec<_>>(), [6000, 2000]);
    // 40 requests with a mean pause of 16.5 s: each stays for 11 minutes, a new one comes every minute.
    let rate = common::units::count_f64(scenario.load.users.unwrap()) / people.think.mean_seconds();
    assert!((rate - 0.63).abs() < 0.06, "{rate}\n{text}");
    for part in [
        "\"{ra}\"",
        "\"{dec}\"",
        "\"{radius}\"",
        "{choice:GALAXY*1000|STAR*1000}",
        "200 visits",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("s3cr3t"), "{text}");
}

#[test]
fn memoryless_pauses_are_told_from_those_of_people() {
    let think = Think::Exponential { mean_seconds: 20.0 };
    let imported = fitted(people(think).as_bytes(), |_| {}).unwrap();
    let scenario = load(&imported.scenario, None);
    let Think::Exponential { mean_seconds } = scenario.personas[0].think else {
        panic!("{}", imported.scenario)
    };
    assert!((mean_seconds - 20.0).abs() < 1.0, "{mean_seconds}");
}

/// People, a script by its name, one by its pace, a crawler, and lines that are none.
fn mixed() -> String {
    let mut log = people(THINK);
    for place in 0..100 {
        log += &line(
            "10.1.1.1",
            NIGHT + 5 * place,
            "GET /objects/4711?n=9",
            200,
            "python-requests/2.3",
        );
        log += &line(
            "10.1.1.2",
            NIGHT + place / 3,
            "GET /cone?ra=1&dec=2&sr=0.1",
            200,
            "Tool",
        );
        log += &line(
            "10.1.1.3",
            NIGHT + place,
            "GET /objects/1234?n=3",
            200,
            "Googlebot/2.1",
        );
        log += &line(
            "10.1.1.4",
            NIGHT + place,
            "GET /wp-login.php",
            404,
            "Firefox",
        );
    }
    log += &line("10.1.1.5", NIGHT, "POST /tap/sync", 200, "TOPCAT");
    log += "this is no line of a log\n\u{16}\u{3} \"[\n";
    log
}

#[test]
fn scripts_and_robots_are_personas_of_their_own() {
    let without = fitted(mixed().as_bytes(), |_| {}).unwrap().scenario;
    let names =
        |it: &Scenario| -> Vec<String> { it.personas.iter().map(|it| it.name.clone()).collect() };
    let scenario = load(&without, None);
    assert_eq!(names(&scenario), ["people", "scripts"]);
    let requests: f64 = scenario.personas[1].tasks.iter().map(|it| it.weight).sum();
    assert!((requests - 200.0).abs() < 0.5, "{without}");
    for part in [
        "2 lines are of no known form, the first is line 8402",
        "1 POST requests",
        "100 requests of shapes that never",
        "100 requests of 1 visits of robots",
    ] {
        assert!(without.contains(part), "{part}\n{without}");
    }
    let with = fitted(mixed().as_bytes(), |it| it.with_robots = true)
        .unwrap()
        .scenario;
    let scenario = load(&with, None);
    assert_eq!(names(&scenario), ["people", "scripts", "robots"]);
    let [Presence::Weight(people), Presence::Weight(robots)] =
        [0, 2].map(|it| scenario.personas[it].presence)
    else {
        panic!("{with}")
    };
    assert!(people > 50.0 * robots, "{with}");
    assert!(
        with.contains("/objects/{choice:1234*100|4711*100}"),
        "{with}"
    );
}

#[test]
fn a_compressed_log_says_the_same_and_a_broken_one_is_told() {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(mixed().as_bytes()).unwrap();
    let bytes = gz.finish().unwrap();
    assert_eq!(fitted(&bytes, |_| {}), fitted(mixed().as_bytes(), |_| {}));
    let error = fitted(&bytes[..bytes.len() / 2], |_| {}).unwrap_err();
    assert!(
        error.starts_with("cannot read `") && error.contains("access.log"),
        "{error}"
    );
}

#[test]
fn a_replay_asks_what_the_log_has_at_its_times() {
    let imported = fitted(mixed().as_bytes(), |it| {
        it.replay = true;
        it.speed = 2.5;
    });
    let imported = imported.unwrap();
    let scenario = load(&imported.scenario, imported.beside.as_ref());
    let replay = scenario.replay.unwrap();
    assert_eq!(replay.entries.len(), 8_200);
    assert!((replay.speed - 2.5).abs() < 1e-9);
    let rate = 8_200.0 / replay.entries.last().unwrap().at.as_secs_f64();
    assert!((rate - 0.65).abs() < 0.06, "{rate}");
    let first: Vec<u64> = replay.entries[..4]
        .iter()
        .map(|it| common::units::nanos(it.at) / 1_000_000)
        .collect();
    assert!(
        first.windows(2).all(|it| it[0] < it[1]) && first[3] < 1000,
        "{first:?}"
    );
    let csv = imported.beside.unwrap().1;
    assert!(
        !csv.contains("s3cr3t") && csv.contains("/objects?type=STAR"),
        "{csv:.500}"
    );
}

#[test]
fn logs_without_anything_to_ask_say_so() {
    let of = |text: &str| fitted(text.as_bytes(), |_| {}).unwrap_err();
    assert!(
        of("nothing\n").contains("the first that is not is line 1 of 1"),
        "{}",
        of("nothing\n")
    );
    assert!(of("").contains("no GET or HEAD request"), "{}", of(""));
    let robots = line("h", NIGHT, "GET /", 200, "bingbot/2.0");
    assert!(of(&robots).contains("--with-robots"), "{}", of(&robots));
    let error = fitted(b"", |it| it.visit_gap = "soon".into()).unwrap_err();
    assert_eq!(
        error,
        "`--visit-gap` must be a time from 1s to 24h, got `soon`"
    );
}

/// A page, a form with a password, a search whose answer has an identifier, the object by it.
const RECORDING: &str = r#"{"log": {"version": "1.2", "pages": [{"id": "p1"}], "entries": [
 {"pageref": "p1", "startedDateTime": "2026-09-20T20:00:00Z", "time": 200,
  "request": {"method": "GET", "url": "https://sky.example/", "headers": [
   {"name": "Accept", "value": "text/html"}, {"name": "Cookie", "value": "sid=c00kie"}]},
  "response": {"status": 200, "content": {"mimeType": "text/html; charset=utf-8"}}},
 {"pageref": "p1", "startedDateTime": "2026-09-20T20:00:00.1Z", "time": 20,
  "request": {"method": "GET", "url": "https://sky.example/logo.png"},
  "response": {"status": 200, "content": {"mimeType": "image/png"}}},
 {"pageref": "p2", "startedDateTime": "2026-09-20T20:00:05Z", "time": 100,
  "request": {"method": "POST", "url": "https://sky.example/login", "headers": [{"name": "Authorization", "value": "Basic aHVudGVyMg"}],
   "postData": {"mimeType": "application/x-www-form-urlencoded", "text": "user=ada&password=hunter2"}},
  "response": {"status": 204, "content": {}}},
 {"pageref": "p3", "startedDateTime": "2026-09-20T20:00:15Z", "time": 100,
  "request": {"method": "POST", "url": "https://sky.example/search?api_key=k3y", "postData": {"mimeType": "application/json",
   "text": "{\"cone\": {\"ra\": 10.5, \"name\": \"{M31}\"}, \"after\": null}"}},
  "response": {"status": 200, "content": {"mimeType": "application/json", "text": "{\"rows\": [{\"id\": \"obj-8812\"}], \"total\": 1}"}}},
 {"pageref": "p4", "startedDateTime": "2026-09-20T20:00:25Z", "time": 100,
  "request": {"method": "GET", "url": "https://sky.example/objects/obj-8812/light-curve?band=g"},
  "response": {"status": 200, "content": {"mimeType": "text/csv"}}},
 {"startedDateTime": "2026-09-20T20:00:25Z", "request": {"method": "GET", "url": "https://tracker.example/x"}, "response": {"status": 200}}
]}}"#;

#[test]
fn a_recording_becomes_a_visit_without_its_secrets() {
    let text = recorded(RECORDING).unwrap();
    let scenario = load(&text, None);
    assert_eq!(scenario.profile.operations.len(), 4, "{text}");
    for secret in ["hunter2", "c00kie", "aHVudGVyMg", "k3y", "obj-8812"] {
        assert!(!text.contains(secret), "{secret}\n{text}");
    }
    for part in [
        "path = \"/objects/{value.id}/light-curve\"",
        "json = \"/rows/0/id\"",
        "authorization, cookie",
        "password = \"{var.password}\"",
        "{{M31}}",
        "1 nulls",
        "1 requests to other hosts",
        "content = \"csv\"",
        "status = [204]",
        "median = \"9.",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(text.matches("{ pause =").count(), 3, "{text}");
}

#[test]
fn recordings_that_are_none_say_what_is_wrong() {
    for (text, part) in [
        ("{}", "missing field `log`"),
        (r#"{"log": {"entries": []}}"#, "no http or https request"),
        ("GET /", "no HTTP Archive"),
    ] {
        let error = recorded(text).unwrap_err();
        assert!(
            error.contains(part) && error.contains("visit.har"),
            "{error}"
        );
    }
}

#[test]
fn a_document_becomes_a_persona_that_only_asks() {
    let document = r#"{"openapi": "3.0.3", "info": {"title": "Sky"}, "paths": {
      "/cone": {"get": {"operationId": "cone", "parameters": [
        {"name": "ra", "in": "query", "required": true, "schema": {"type": "number"}},
        {"name": "dec", "in": "query", "required": true, "schema": {"type": "number"}}],
        "responses": {"200": {"description": "rows", "content": {"application/json": {}}}}}},
      "/health": {"get": {"operationId": "health", "responses": {"200": {"description": "well"}}}},
      "/jobs/{id}": {"delete": {"operationId": "remove", "responses": {"204": {"description": "gone"}}}}}}"#;
    let (_folder, path) = file("api.json", document.as_bytes());
    let text = from_openapi(&FromOpenapi { file: path }).unwrap();
    let scenario = load(&text, None);
    assert_eq!(scenario.profile.operations.len(), 3);
    let names: BTreeMap<&str, f64> = scenario.personas[0]
        .tasks
        .iter()
        .map(|it| (it.name.as_str(), it.weight))
        .collect();
    assert_eq!(
        names,
        BTreeMap::from([("cone", 5.0), ("health", 1.0)]),
        "{text}"
    );
    assert!(text.contains("{ra}") && !text.contains("[mixed]"), "{text}");

    let (_folder, path) = file("api.json", b"{\"swagger\": \"2.0\"}");
    let error = from_openapi(&FromOpenapi { file: path })
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("api.json") && error.contains("OpenAPI 3"),
        "{error}"
    );
}

/// A text of the pieces that logs and recordings are made of, in any order.
fn pieces(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    let word =
        prop_oneof![4 => prop::sample::select(words).prop_map(str::to_owned), 1 => "\\PC{0,8}"];
    prop::collection::vec(word, 0..12).prop_map(|it| it.concat())
}

const TARGET: &[&str] = &[
    "/",
    "?",
    "&",
    "=",
    "a",
    "ra=1",
    "&dec=2",
    "&sr=0.1",
    "POS=1,2",
    "%2F",
    "%ff",
    "%0A",
    "{",
    "}",
    "|",
    "*",
    "12345",
    "0.5",
    "-7",
    "1e9",
    "\\\"",
    "token=x",
    "deadbeef00112233",
    "é",
    "%7B",
    "..",
    "nan",
];

proptest! {
    #[test]
    fn whatever_stands_in_a_log_is_an_error_or_a_scenario(
        requests in prop::collection::vec((pieces(TARGET), 0..3000_i64, 0..5_u8), 1..30),
        noise in prop::collection::vec(any::<u8>(), 0..200),
        is_replay: bool,
    ) {
        let mut log = String::new();
        for (target, at, kind) in &requests {
            let agent = ["Firefox", "curl/8", "Googlebot", "", "x"][usize::from(*kind)];
            let status = [200, 206, 304, 404, 302][usize::from(*kind)];
            log += &line("h", NIGHT + at, &format!("GET /{target}"), status, agent);
            let _ = writeln!(log, "{target}");
        }
        let mut bytes = noise;
        bytes.push(b'\n');
        bytes.extend(log.into_bytes());
        if let Ok(imported) = fitted(&bytes, |it| it.replay = is_replay) {
            load(&imported.scenario, imported.beside.as_ref());
        }
    }

    #[test]
    fn whatever_stands_in_a_recording_is_an_error_or_a_scenario(
        requests in prop::collection::vec((pieces(TARGET), pieces(TARGET), 0..4_u8), 1..12),
        status in prop::sample::select(vec![200, 204, 302, 304, 500, -1]),
        name in pieces(TARGET),
        cut in 0..4_usize,
    ) {
        let entries: Vec<serde_json::Value> = requests.iter().enumerate().map(|(place, (target, value, kind))| {
            let media = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data", "text/html"]
                [usize::from(*kind)];
            let body = serde_json::json!({ name.clone(): value, "id": "4711-0815", "list": [null, 1.5, value] });
            serde_json::json!({
                "startedDateTime": format!("2026-09-20T20:00:{place:02}Z"), "pageref": value,
                "request": { "method": "POST", "url": format!("http://h/{target}"),
                    "headers": [{ "name": "Accept", "value": value }],
                    "postData": { "mimeType": media, "text": if *kind == 0 { body.to_string() } else { target.clone() },
                        "params": [{ "name": name, "value": value }] } },
                "response": { "status": status, "content": { "mimeType": media, "text": body.to_string() } },
            })
        }).collect();
        let text = serde_json::json!({ "log": { "entries": entries } }).to_string();
        let end = text.char_indices().map(|it| it.0).nth_back(cut).unwrap_or(0);
        let text = if cut == 0 { text.as_str() } else { &text[..end] };
        if let Ok(scenario) = recorded(text) {
            load(&scenario, None);
        }
    }
}
