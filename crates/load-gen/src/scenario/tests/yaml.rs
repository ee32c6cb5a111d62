//! The same scenario in YAML.

use super::super::{Scenario, ScenarioErrors, Source};
use super::load;

fn load_yaml(text: &str) -> Result<Scenario, ScenarioErrors> {
    Scenario::load(&Source::of_text("mine.yaml", true, text))
}

#[track_caller]
fn says(text: &str, place: &str, part: &str) {
    let shown = load_yaml(text).unwrap_err().to_string();
    assert!(
        shown.starts_with(&format!("mine.yaml:{place}: ")),
        "{shown}"
    );
    assert!(shown.contains(part), "{shown}");
}

pub(super) const YAML: &str = r#"# Comments are kept out.
format: 1
name: mine
description: >-
  a long
  text
api: astro-pipeline
tags: {site: paranal, run: 7}
thresholds:
  - cone_search.p95 < 500ms
  - {limit: errors < 1%, abort: true, after: 30}
load: {users: 20, run_time: 5m}
persona:
  - name: researcher
    weight: 3
    think: &short {uniform: [2s, 10s]}
    tasks:
      - {request: cone_search, weight: 4}
      - name: pause
        flow:
          - pause: *short
          - {repeat: "{int:1..3}", flow: [own]}
request:
  - name: own
    request:
      path: /mine
      query: {n: 20, q: "{ra}", all: true}
      timeout_s: 5
    success: {content: json, equal: {/a: 1, /b: true, /c: x}}
    capture:
      - {name: next, regex: '"next":"([^"]+)"', default: ""}
feeder:
  - name: fields
    records:
      - {name: M31, ra: 10.68}
      - {name: "42", ra: 1}
"#;

const TOML: &str = r#"format = 1
name = "mine"
description = "a long text"
api = "astro-pipeline"
tags = { site = "paranal", run = 7 }
thresholds = ["cone_search.p95 < 500ms", { limit = "errors < 1%", abort = true, after = 30 }]
load = { users = 20, run_time = "5m" }

[[persona]]
name = "researcher"
weight = 3
think = { uniform = ["2s", "10s"] }
tasks = [
    { request = "cone_search", weight = 4 },
    { name = "pause", flow = [
        { pause = { uniform = ["2s", "10s"] } },
        { repeat = "{int:1..3}", flow = ["own"] },
    ] },
]

[[request]]
name = "own"
request = { path = "/mine", query = { n = 20, q = "{ra}", all = true }, timeout_s = 5 }
success = { content = "json", equal = { "/a" = 1, "/b" = true, "/c" = "x" } }
capture = [{ name = "next", regex = '"next":"([^"]+)"', default = "" }]

[[feeder]]
name = "fields"
records = [{ name = "M31", ra = 10.68 }, { name = "42", ra = 1 }]
"#;

#[test]
fn both_spellings_mean_the_same() {
    let (yaml, toml) = (load_yaml(YAML).unwrap(), load(TOML).unwrap());
    assert_eq!(format!("{yaml:#?}"), format!("{toml:#?}"));
}

#[test]
fn mistakes_have_the_line_and_the_column_of_the_yaml() {
    says(
        &YAML.replace("weight: 3", "wieght: 3"),
        "15:5",
        "did you mean `weight`?",
    );
    says(
        &YAML.replace("cone_search, weight", "cone_serch, weight"),
        "18:19",
        "did you mean `cone_search`?",
    );
    says(
        &YAML.replace("timeout_s: 5", "timeout_s: 0"),
        "28:18",
        "above 0 seconds",
    );
    says(
        &YAML.replace("path: /mine", "path: mine"),
        "26:13",
        "begins with `/`",
    );
    says(
        &YAML.replace("query:", "qery:"),
        "27:7",
        "did you mean `query`?",
    );
    says(
        &YAML.replace("content: json", "contents: json"),
        "29:15",
        "did you mean `content`?",
    );
}

#[test]
fn what_is_no_yaml_has_its_place() {
    says("format: 1\nname: [a\n", "2:7", "unclosed bracket");
    says("format: 1\nformat: 1\n", "2:1", "occurs twice");
    says("a: 1\n---\nb: 2\n", "2:1", "second");
    says("? [a, b]\n: 1\n", "1:3", "a key must be a text");
    says("a: !mine 1\n", "1:10", "tags of one's own");
    says("- 1\n", "1:1", "must be a table, got a list");
}

#[test]
fn merged_tables_give_what_a_table_does_not_say() {
    let text = YAML.replace(
        "  - name: researcher\n",
        "  - &first\n    name: researcher\n",
    );
    let more = "  - {<<: *first, name: other, weight: 1}\nrequest:\n";
    let scenario =
        load_yaml(&text.replace("request:\n  - name: own", &format!("{more}  - name: own")))
            .unwrap();
    assert_eq!(scenario.personas[1].name, "other");
    assert_eq!(scenario.personas[1].think, scenario.personas[0].think);
}

#[test]
fn a_bomb_of_aliases_is_refused_before_it_explodes() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let before = level - 1;
        let list = vec![format!("*a{before}"); 10].join(", ");
        let line = format!("a{level}: &a{level} [{list}]\n");
        bomb.push_str(&line);
    }
    says(&bomb, "6:10", "more than 200000 values");
    let long = "x".repeat(500_000);
    let aliases = vec!["*a".to_owned(); 100].join(", ");
    says(
        &format!("a: &a {long}\nb: [{aliases}]\n"),
        "2:65",
        "more than",
    );
    says("a: &a [1, *a]\n", "1:11", "");
}

#[test]
fn depth_is_limited() {
    says(
        &format!("a: {}{}", "[".repeat(60), "]".repeat(60)),
        "1:51",
        "deep",
    );
    let lines: Vec<String> = (0..60).map(|it| " ".repeat(it) + "a:\n").collect();
    let block = lines.concat();
    let shown = load_yaml(&block).unwrap_err().to_string();
    assert!(shown.contains("deep"), "{shown}");
}
