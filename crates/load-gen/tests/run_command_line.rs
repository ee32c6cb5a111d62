//! Wrong command lines and files: told before anything is started, exit status 2.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod run_support;

use run_support::Room;

/// Command lines, each with the one error it gives.
const MISTAKES: &[(&str, &str)] = &[
    ("--users 0", "`--users` must be at least 1, got `0`"),
    ("--users 99999999999", "`--users` must be at most 10000000"),
    ("--rate 0", "`--rate` must be above 0"),
    (
        "--rate NaN",
        "`--rate` must be between 0 and 10000000, got `NaN`",
    ),
    ("--spawn-rate 0", "`--spawn-rate` must be above 0, got `0`"),
    ("--iterations 0", "`--iterations` must be at least 1"),
    ("--max-users 0", "`--max-users` must be at least 1"),
    (
        "--run-time soon",
        "`--run-time` must be a time such as 30s or 5m, got `soon`",
    ),
    (
        "--warm-up 10m --run-time 5m",
        "the warm-up of 600 s leaves nothing of a run of 300 s",
    ),
    ("--graceful-stop never", "`--graceful-stop` must be a time"),
    (
        "--stages 10",
        "`--stages` must be a list such as `100@1m,0@30s`",
    ),
    ("--stages 10@1m,5/s@1m", "either users or arrivals"),
    (
        "--timeout 0",
        "`--timeout` must be between 0.001 and 86400 seconds",
    ),
    (
        "--radii wide",
        "`--radii` must be `log-uniform`, `seed` or a radius",
    ),
    ("--set novalue", "`--set`"),
    ("--set tabel=x", "no such variable"),
    ("--host ftp://h", "only http:// and https://"),
    ("--fault quake=1", "`--fault` `quake=1`"),
    ("-f nowhere", "no built-in scenario has this name"),
    ("-f missing.toml", "missing.toml"),
    (
        "--threshold cone_search.p95",
        "it must be a figure, <, <=, > or >=, and a value",
    ),
    ("--threshold cone_serch.p95<1s", "cone_search"),
    (
        "--master --expect-workers 0",
        "`--expect-workers` must be at least 1",
    ),
    ("--worker --host http://h", "`--host` is for the master"),
    ("--output /nowhere/at/all.json", "/nowhere/at/all.json"),
    ("--csv /nowhere/at/all", "/nowhere/at/all"),
];

#[tokio::test]
async fn wrong_command_lines_are_told_in_one_line_each() {
    let room = Room::new();
    let mut wrong = Vec::new();
    for (line, words) in MISTAKES {
        let arguments: Vec<&str> = line.split(' ').collect();
        let ended = room.run(&arguments).await;
        let errors = ended.errors();
        if ended.status.code() != Some(2) || !errors.iter().any(|it| it.contains(words)) {
            wrong.push(format!(
                "`{line}`: {:?}, {errors:?} without `{words}`",
                ended.status
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(!room.has_report());
}

#[tokio::test]
async fn several_mistakes_are_told_at_once() {
    let room = Room::new();
    let ended = room
        .run(&["--users", "0", "--spawn-rate", "0", "--radii", "wide"])
        .await;
    ended.assert_exit(2);
    assert_eq!(ended.errors().len(), 3, "{:?}", ended.errors());
}

#[tokio::test]
async fn a_service_that_is_not_there_is_told_at_once() {
    let room = Room::new();
    let ended = room
        .run(&[
            "--host",
            "http://127.0.0.1:9",
            "--users",
            "5",
            "--run-time",
            "1h",
        ])
        .await;
    ended.assert_error(4, &["connection refused"]);
    ended.assert_hint("is the service up");
}

#[tokio::test]
async fn scenarios_are_listed_shown_and_checked() {
    let room = Room::new();
    let listed = room.run(&["scenario", "list"]).await;
    listed.assert_exit(0);
    for line in listed.stdout.lines() {
        let name = line.split_whitespace().next().unwrap();
        let shown = room.run(&["scenario", "show", name]).await;
        shown.assert_exit(0);
        let file = room.file(&format!("{name}.toml"), shown.stdout.as_bytes());
        room.run(&["scenario", "check", &file]).await.assert_exit(0);
    }
    let broken = room.file("broken.toml", b"format = 1\nname = \"x\"\npersona = 3\n");
    let ended = room.run(&["scenario", "check", &broken]).await;
    ended.assert_exit(2);
    let errors = ended.errors();
    let told = "broken.toml:3:11: persona: must be a list";
    assert!(errors.iter().any(|it| it.contains(told)), "{errors:?}");
}
