//! Wrong files: every mistake has its line, its column, its field and what to do.

use std::collections::BTreeMap;

use super::super::{Scenario, Source};
use super::load;

const HEAD: &str = "format = 1\nname = \"mine\"\napi = \"astro-pipeline\"\n";

/// A persona with one task, as lines 4 to 6, and more.
pub(super) fn with(rest: &str) -> String {
    format!(
        "{HEAD}[[persona]]\nname = \"somebody\"\ntasks = [{{ request = \"health\" }}]\n{rest}\n"
    )
}

/// A persona with a flow, in line 6.
fn with_flow(flow: &str) -> String {
    format!("{HEAD}[[persona]]\nname = \"somebody\"\nflow = [{flow}]\n")
}

/// The mistakes of a file, one a line.
#[track_caller]
fn mistakes(text: &str) -> String {
    match load(text) {
        Ok(_) => panic!("this should be wrong:\n{text}"),
        Err(errors) => errors.to_string(),
    }
}

#[track_caller]
fn says(text: &str, place: &str, part: &str) {
    let shown = mistakes(text);
    assert!(
        shown.starts_with(&format!("mine.toml:{place}: ")),
        "{shown}"
    );
    assert!(shown.contains(part), "{shown}");
    assert_eq!(shown.lines().count(), 1, "{shown}");
}

#[test]
fn the_smallest_scenario_is_read() {
    let scenario = load(&with("")).unwrap();
    assert_eq!(scenario.personas[0].tasks[0].name, "health");
    assert_eq!(scenario.load, super::super::LoadSpec::default());
}

#[test]
fn all_independent_mistakes_are_told_at_once_in_their_order() {
    let text = r#"format = 1
name = "mine"
api = "astro-pipeline"
tag = { site = "paranal" }
thresholds = ["cone_serch.p95 < 500ms", "errors < lots"]

[load]
users = 0
run_time = "soon"

[[persona]]
name = "researcher"
wieght = 3
think = { uniform = ["10s", "2s"] }
tasks = [
    { request = "cone_search", weight = -4 },
    { request = "cone_serch" },
    { request = "health", flow = ["metrics"] },
]

[[persona]]
name = "robot"
flow = [
    { request = "health", follow = true },
    { whle = "{value.a} == 1", flow = ["health"] },
    { if = "{value.status} is DONE", flow = ["health"] },
    { pause = "1s", request = "health" },
]

[[request]]
name = "mine"
request = { path = "mine", qery = {} }
success = { content = "json" }

[[request]]
name = "yours"
request = { path = "/{raa}" }
success = { content = "json" }
"#;
    insta::assert_snapshot!(mistakes(text));
}

#[test]
fn what_is_no_toml_has_its_place() {
    says("format = 1\nname = \n", "2:8", "file:");
    says("format = 1\nformat = 1\nname = \"x\"\n", "2:1", "file:");
}

#[test]
fn the_format_and_the_name_are_needed() {
    says(
        &with("").replacen("format = 1", "format = 2", 1),
        "1:10",
        "reads format 1, got `2`",
    );
    let shown = mistakes("");
    assert!(shown.contains("begins with `format = 1`"), "{shown}");
    assert!(shown.contains("at least one [[persona]]"), "{shown}");
}

#[test]
fn an_unknown_api_does_not_make_every_request_wrong() {
    let text = with("").replace("astro-pipeline", "astro-pipelin");
    says(&text, "3:7", "did you mean `astro-pipeline`?");
}

#[test]
fn a_wrong_request_does_not_make_its_steps_wrong() {
    let text = with(
        "[[request]]\nname = \"own\"\nrequest = { path = \"x\" }\nsuccess = { content = \"any\" }",
    )
    .replace("\"health\"", "\"own\"");
    says(&text, "9:20", "a path begins with `/`");
}

#[test]
fn weights_and_chances_are_sane() {
    let task = |rest: &str| with("").replace("\"health\"", &format!("\"health\", {rest}"));
    for weight in ["0", "-1", "1e30", "inf", "nan", "\"four\""] {
        says(
            &task(&format!("weight = {weight}")),
            "6:41",
            "must be a number above 0",
        );
    }
    says(&task("chance = 1.5"), "6:41", "from 0 to 1, got `1.5`");
    says(&with("weight = 0"), "7:10", "above 0");
    says(&with("count = 1.5"), "7:9", "a whole number");
    says(&with("count = 2\nweight = 1"), "4:1", "either a `weight`");
}

#[test]
fn think_times_are_sane() {
    for (think, part) in [
        ("\"soon\"", "must be a time from 0 s to 1 d"),
        ("\"25h\"", "must be a time from 0 s to 1 d"),
        ("-1", "must be a time"),
        ("{ uniform = [\"2s\"] }", "the shortest and the longest"),
        ("{ uniform = [\"3s\", \"2s\"] }", "begins with the shortest"),
        ("{ unifrm = [\"2s\", \"3s\"] }", "did you mean `uniform`?"),
        ("{ log_normal = { median = \"5s\" } }", "`sigma`"),
        (
            "{ log_normal = { median = \"5s\", sigma = 9 } }",
            "at most 3",
        ),
        ("{ constant = \"1s\", exponential = \"1s\" }", "one of"),
        ("true", "must be `none`"),
    ] {
        let shown = mistakes(&with(&format!("think = {think}")));
        assert!(shown.starts_with("mine.toml:7:"), "{think}: {shown}");
        assert!(shown.contains(part), "{think}: {shown}");
    }
}

#[test]
fn steps_are_one_thing_each() {
    for (flow, part) in [
        ("", "at least one step"),
        ("5", "must be a table, got a number"),
        ("\"helth\"", "did you mean `health`?"),
        ("{}", "a step is one of pause"),
        (
            "{ repeat = 0, flow = [\"health\"] }",
            "a whole number from 1",
        ),
        (
            "{ repeat = \"{int:1..x}\", flow = [\"health\"] }",
            "two whole numbers",
        ),
        ("{ repeat = 2 }", "needs `flow`"),
        (
            "{ while = \"{value.x} == 1\", most = 0, flow = [{ set = { x = 1 } }] }",
            "from 1 to 1000000",
        ),
        (
            "{ while = \"{value.x}\", flow = [{ set = { x = 1 } }] }",
            "a condition is",
        ),
        (
            "{ if = \"{value.x} == \", flow = [{ set = { x = 1 } }] }",
            "a side of",
        ),
        ("{ chance = 2, request = \"health\" }", "from 0 to 1"),
        ("{ set = {} }", "a table of names"),
        ("{ set = { \"a b\" = 1 } }", "letters, digits"),
        ("{ request = \"health\", follow = true }", "starts no job"),
        (
            "{ request = \"health\", folow = true }",
            "did you mean `follow`?",
        ),
        ("{ pause = \"1s\", flow = [] }", "unknown key `flow`"),
    ] {
        let shown = mistakes(&with_flow(flow));
        assert!(shown.starts_with("mine.toml:6:"), "{flow}: {shown}");
        assert!(shown.contains(part), "{flow}: {shown}");
    }
}

#[test]
fn a_value_is_captured_or_set_somewhere() {
    let request = "[[request]]\nname = \"own\"\nrequest = { path = \"/{value.job}\" }\nsuccess = { content = \"json\" }\n";
    let text = with(request);
    says(
        &text,
        "7:1",
        "`{value.job}` is captured nowhere and set nowhere",
    );
    let captured = format!("{text}capture = [{{ name = \"jobs\", json = \"/id\" }}]\n");
    says(&captured, "7:1", "did you mean `jobs`?");
    let set = text.replace(
        "tasks = [{ request = \"health\" }]",
        "flow = [{ set = { job = \"{uuid}\" } }, \"own\"]",
    );
    load(&set).unwrap();
}

#[test]
fn captures_say_where_they_look() {
    let request = |content: &str, capture: &str| {
        with(&format!(
            "[[request]]\nname = \"own\"\nrequest = {{ path = \"/\" }}\nsuccess = {{ content = \"{content}\" }}\n\
             capture = [{{ name = \"x\", {capture} }}]"
        ))
    };
    says(
        &request("json", "json = \"id\""),
        "11:33",
        "begins with `/`",
    );
    says(
        &request("csv", "json = \"/id\""),
        "11:33",
        "for content `json`",
    );
    says(
        &request("text", "regex = \"(\""),
        "11:34",
        "no regular expression: unclosed group",
    );
    says(
        &request("text", "regex = \"id\""),
        "11:34",
        "one group in parentheses, got 0",
    );
    says(
        &request("text", "header = \"a b\""),
        "11:35",
        "no name of a header",
    );
    says(
        &request("json", "json = \"/a\", header = \"b\""),
        "11:12",
        "one of `json`",
    );
    load(&request("text", "regex = 'id=(\\d+)'")).unwrap();
}

#[test]
fn loads_are_closed_or_open() {
    for (load, part) in [
        ("users = 5, rate = 3", "not both"),
        (
            "users = 5, stages = [{ users = 3, over = \"1m\" }]",
            "in place of",
        ),
        (
            "stages = [{ users = 3, over = \"1m\" }, { rate = 3, over = \"1m\" }]",
            "not both",
        ),
        ("stages = [{ users = 3 }]", "needs `over`"),
        ("stages = [{ users = 3, over = \"0s\" }]", "take no time"),
        ("stages = [{ users = 0, over = \"1m\" }]", "lead to 0"),
        ("stages = [{ over = \"1m\" }]", "either `users` or a `rate`"),
        (
            "users = 5, arrivals = \"poisson\"",
            "`arrivals` are those of a `rate`",
        ),
        ("rate = 5, arrivals = \"poison\"", "`even` or `poisson`"),
        ("users = 5, max_users = 10", "limits a `rate`"),
        (
            "users = 5, run_time = \"10s\", warm_up = \"10s\"",
            "nothing would be measured",
        ),
        ("users = 5, run_time = \"0s\"", "must be a time from 1 µs"),
        ("users = 5, run_time = \"9000h\"", "to 366 d"),
        ("user = 5", "did you mean `users`?"),
    ] {
        let text = with("").replacen(
            "[[persona]]",
            &format!("load = {{ {load} }}\n[[persona]]"),
            1,
        );
        let shown = mistakes(&text);
        assert!(shown.starts_with("mine.toml:4:"), "{load}: {shown}");
        assert!(shown.contains(part), "{load}: {shown}");
    }
}

#[test]
fn sets_of_tasks_exist_and_do_not_overlap() {
    let text = |sets: &str| {
        format!(
            "{HEAD}[[persona]]\nname = \"somebody\"\nsets = {{ {sets} }}\n\
             [[task_set]]\nname = \"a\"\ntasks = [{{ request = \"health\" }}]\n\
             [[task_set]]\nname = \"b\"\ntasks = [{{ request = \"health\" }}]\n"
        )
    };
    load(&text("a = 1")).unwrap();
    says(
        &text("a = 1, c = 1"),
        "6:17",
        "there is no [[task_set]] `c`",
    );
    says(&text("a = 0"), "6:14", "a share above 0");
    says(&text("a = 1, b = 1"), "6:17", "in two of these sets");
}

#[test]
fn names_are_told_apart() {
    let persona = "[[persona]]\nname = \"somebody\"\nflow = [\"health\"]";
    says(&with(persona), "7:1", "two personas `somebody`");
    says(
        &with("").replace("somebody", "some body"),
        "5:8",
        "letters, digits",
    );
    let request = "[[request]]\nname = \"health\"\nrequest = { path = \"/\" }\nsuccess = { content = \"any\" }";
    says(&with(request), "8:8", "there is a request `health` already");
}

#[test]
fn variables_exist() {
    let mut source = Source::of_text("mine.toml", false, &with(""));
    source.variables = BTreeMap::from([("input_bucke".to_owned(), "x".to_owned())]);
    let shown = Scenario::load(&source).unwrap_err().to_string();
    assert!(shown.contains("`--set input_bucke=…`"), "{shown}");
    assert!(shown.contains("did you mean `input_bucket`?"), "{shown}");
}

#[test]
fn variables_of_the_command_line_are_above_those_of_the_file_and_of_the_api() {
    let value = |file: &str, given: &[(&str, &str)]| {
        let mut source = Source::of_text("mine.toml", false, &with(file));
        let given = given.iter().map(|it| (it.0.to_owned(), it.1.to_owned()));
        source.variables = given.collect();
        Scenario::load(&source).unwrap().profile.variables["input_bucket"].clone()
    };
    let own = "[variables]\ninput_bucket = \"mine\"";
    assert_eq!(value("", &[]), "astro-raw-data");
    assert_eq!(value(own, &[]), "mine");
    assert_eq!(value(own, &[("input_bucket", "given")]), "given");
}

#[test]
fn what_is_too_deep_or_too_long_is_refused() {
    let deep = format!("{HEAD}x = {}1{}", "[".repeat(60), "]".repeat(60));
    assert!(mistakes(&deep).contains("deep"), "{}", mistakes(&deep));
    let long = format!("{HEAD}x = \"{}\"", "x".repeat(1024 * 1024));
    assert!(mistakes(&long).contains("at most 1048576 bytes"));
}
