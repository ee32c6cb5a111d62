//! Files that a scenario names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::{Scenario, Source};
use super::mistakes::with;

fn with_file(rest: &str, name: &str, content: &str) -> Result<Scenario, String> {
    let mut source = Source::of_text("mine.toml", false, &with(rest));
    source.files = BTreeMap::from([(PathBuf::from(name), content.to_owned())]);
    Scenario::load(&source).map_err(|it| it.to_string())
}

#[test]
fn records_come_from_tables_and_lists_of_objects() {
    let feeder = |file: &str| format!("[[feeder]]\nname = \"targets\"\nfile = \"{file}\"");
    let scenario = with_file(
        &feeder("t.csv"),
        "t.csv",
        "name, ra\nM31, 10.68\n\"Sgr A*\", 266.4\n",
    )
    .unwrap();
    assert_eq!(scenario.feeders[0].columns, ["name", "ra"]);
    assert_eq!(scenario.feeders[0].records[1], ["Sgr A*", "266.4"]);
    let json = "[{\"name\": \"M31\", \"ra\": 10.68}, {\"dec\": -1, \"name\": null}]";
    let scenario = with_file(&feeder("t.json"), "t.json", json).unwrap();
    assert_eq!(scenario.feeders[0].columns, ["name", "ra", "dec"]);
    assert_eq!(scenario.feeders[0].records[0], ["M31", "10.68", ""]);
    assert_eq!(scenario.feeders[0].records[1], ["", "", "-1"]);
    let wrong = |file: &str, content: &str| with_file(&feeder(file), file, content).unwrap_err();
    let ragged = wrong("t.csv", "name,ra\nM31,10.68\nM42\n");
    assert!(ragged.contains("t.csv:3:1"), "{ragged}");
    assert!(wrong("t.csv", "name,ra\n").contains("has no records"));
    assert!(wrong("t.csv", "name,name\n1,2\n").contains("two columns `name`"));
    assert!(wrong("t.json", "[{\"a\": [1]}]").contains("a list or an object"));
    assert!(wrong("t.json", "{\n\"a\": 1}").contains("a list of objects"));
    assert!(wrong("t.xml", "").contains(".csv or .json"));
}

#[test]
fn a_replay_names_requests_and_keeps_its_order() {
    let replay = "[replay]\nfile = \"log.csv\"\nspeed = 2";
    let head = "at_s,request,target\n";
    let scenario = with_file(
        replay,
        "log.csv",
        &format!("{head}0,health,/actuator/health\n1.5,metrics,/m?a=b\n"),
    );
    let replay_of = scenario.unwrap().replay.unwrap();
    assert_eq!(replay_of.entries[1].at, Duration::from_millis(1500));
    assert_eq!(replay_of.entries[1].target, "/m?a=b");
    let wrong = |rows: &str| with_file(replay, "log.csv", rows).unwrap_err();
    assert!(wrong("a,b,c\n").contains("the columns must be"));
    assert!(wrong(head).contains("no requests"));
    assert!(wrong(&format!("{head}2,health,/a\n1,health,/b\n")).contains("log.csv:3:1"));
    assert!(wrong(&format!("{head}0,helth,/a\n")).contains("did you mean `health`?"));
    assert!(wrong(&format!("{head}0,health,a\n")).contains("a path with its query"));
    assert!(wrong(&format!("{head}-1,health,/a\n")).contains("`at_s` must be seconds"));
}

const FEEDER: &str = "[[feeder]]\nname = \"targets\"\nfile = \"data/t.csv\"";

/// A folder with a scenario and what it names.
fn folder(name: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    write(&folder.path().join("data/t.csv"), "name\nM31\n");
    write(&folder.path().join(name), text);
    folder
}

fn write(path: &Path, text: &str) {
    common::files::write_whole(path, text.as_bytes()).unwrap();
}

fn read(path: &Path) -> Result<Source, String> {
    let source = Source::read(&path.display().to_string(), BTreeMap::new());
    source.map_err(|it| it.to_string())
}

#[test]
fn a_source_holds_every_file_that_its_text_names() {
    let folder = folder("mine.toml", &with(FEEDER));
    let source = read(&folder.path().join("mine.toml")).unwrap();
    assert_eq!(source.files[Path::new("data/t.csv")], "name\nM31\n");
    // What a worker gets is all it needs.
    let sent = serde_json::to_string(&source).unwrap();
    drop(folder);
    let source: Source = serde_json::from_str(&sent).unwrap();
    assert_eq!(
        Scenario::load(&source).unwrap().feeders[0].columns,
        ["name"]
    );
}

#[test]
fn the_ending_says_what_a_file_is_written_in() {
    let yaml = "format: 1\nname: mine\napi: astro-pipeline\npersona: [{name: a, flow: [health]}]\n";
    for name in ["mine.yaml", "mine.YML"] {
        let folder = folder(name, yaml);
        let source = read(&folder.path().join(name)).unwrap();
        assert!(source.is_yaml);
        Scenario::load(&source).unwrap();
    }
}

#[test]
fn a_file_that_is_not_there_is_told_where_it_is_named() {
    let folder = folder("mine.toml", &with(&FEEDER.replace("t.csv", "u.csv")));
    let error = read(&folder.path().join("mine.toml")).unwrap_err();
    assert!(
        error.contains("mine.toml:9:8: feeder `targets`: file: "),
        "{error}"
    );
    assert!(error.contains("No such file"), "{error}");
}

#[test]
fn a_scenario_that_cannot_be_read_says_why() {
    let error = Source::read("observatry", BTreeMap::new()).unwrap_err();
    assert!(
        error.to_string().contains("did you mean `observatory`?"),
        "{error}"
    );
    let folder = folder("mine.toml", "");
    let error = read(folder.path()).unwrap_err();
    assert!(error.contains("it is a folder"), "{error}");
    let long = folder.path().join("long.toml");
    write(&long, &"#".repeat(2_000_000));
    assert!(
        read(&long)
            .unwrap_err()
            .contains("at most 1048576 are read")
    );
    let binary = folder.path().join("binary.toml");
    common::files::write_whole(&binary, &[0xff, 0xfe, 0x00]).unwrap();
    assert!(read(&binary).unwrap_err().contains("UTF-8"));
}
