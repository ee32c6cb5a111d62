use super::*;
use crate::crowd::Tape;
use crate::outputs::sample;

/// The first lines of what Locust 2.47.0 wrote with `--csv` against `python -m http.server`.
const LOCUST: &str = include_str!("../../../../../fixtures/locust/csv-2.47.0.txt");

fn heading_of_locust(name: &str) -> &'static str {
    let mut lines = LOCUST.lines();
    lines.find(|it| *it == format!("{name}.csv")).unwrap();
    lines.next().unwrap()
}

/// The files of the sample run.
fn written() -> (tempfile::TempDir, Vec<(&'static str, String)>) {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("night.1");
    let mut csv = CsvFiles::create(&prefix).unwrap();
    sample::play(30, |second| csv.second(second));
    csv.finish(&sample::harvest(30)).unwrap();
    let names = ["stats", "stats_history", "failures", "exceptions"];
    let texts = names.map(|it| (it, files::read(&file(&prefix, it)).unwrap()));
    (folder, texts.to_vec())
}

#[test]
fn headings_are_those_of_locust() {
    for (name, text) in written().1 {
        assert_eq!(text.lines().next().unwrap(), heading_of_locust(name));
        assert!(text.contains("\r\n"), "{name}");
    }
}

#[test]
fn every_file_is_read_by_a_csv_reader() {
    let (_folder, texts) = written();
    for (name, text) in &texts {
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let least = match *name {
            "stats_history" => 30,
            "exceptions" => 0,
            _ => 3,
        };
        assert!(rows.len() >= least, "{name}: {}", rows.len());
    }
    let failures = &texts[2].1;
    let mut reader = ::csv::Reader::from_reader(failures.as_bytes());
    let found = reader
        .records()
        .map(Result::unwrap)
        .find(|it| it[2] == format!("http_status_503: {}", sample::NASTY));
    assert!(found.is_some(), "{failures}");
}

#[test]
fn figures_are_those_of_the_tape() {
    let (_folder, texts) = written();
    let tape = sample::harvest(30).tape;
    let class = &tape.requests.total;
    let mut reader = ::csv::Reader::from_reader(texts[0].1.as_bytes());
    let rows: Vec<::csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let total = rows.last().unwrap();
    assert_eq!((&total[0], &total[1]), ("", "Aggregated"));
    assert_eq!(total[2].parse::<u64>().unwrap(), ended_of(&tape));
    assert_eq!(total[3].parse::<u64>().unwrap(), class.failed);
    let p95: f64 = total[16].parse().unwrap();
    assert!((p95 - class.response.quantile_ms(0.95).unwrap()).abs() < 1e-3);
    let longest: f64 = total[21].parse().unwrap();
    assert!((longest - class.response.max_ms().unwrap()).abs() < 1e-3);
    let counts: u64 = rows[..rows.len() - 1]
        .iter()
        .map(|it| it[2].parse::<u64>().unwrap())
        .sum();
    assert_eq!(counts, ended_of(&tape));
    let names: Vec<&str> = rows.iter().map(|it| &it[1]).collect();
    assert!(names[..names.len() - 1].is_sorted(), "{names:?}");
}

fn ended_of(tape: &Tape) -> u64 {
    tape.requests.total.response.count() + tape.requests.total.failed
}

#[test]
fn the_files_look_like_this() {
    let (_folder, texts) = written();
    let shown: Vec<String> = texts
        .iter()
        .map(|(name, text)| {
            let lines: Vec<&str> = text.lines().take(6).collect();
            format!("{name}\n{}", lines.join("\n"))
        })
        .collect();
    insta::assert_snapshot!(shown.join("\n\n"));
}

#[test]
fn a_run_without_a_request_has_no_percentiles() {
    let tape = sample::empty();
    let snapshot = sample::snapshot(0, &tape);
    let second = Second {
        at: sample::began(),
        t_s: 0.0,
        tape: &tape,
        total: &tape,
        snapshot: &snapshot,
        roster: &sample::roster(),
    };
    let row = stats::history_row(&second);
    assert_eq!(row[4..8].join(","), "0.000000,0.000000,N/A,N/A");
    assert_eq!(row[17..].join(","), "0,0,0,0,0,0,0");
}

#[test]
fn a_folder_that_is_not_there_is_known_before_the_run() {
    let error = CsvFiles::create(Path::new("/no/such/folder/run")).unwrap_err();
    assert!(
        error.to_string().contains("/no/such/folder/run_stats.csv"),
        "{error}"
    );
}
