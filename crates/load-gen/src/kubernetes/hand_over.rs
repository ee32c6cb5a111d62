//! The end of a run: what the master handed over goes into files, the summary to standard output, the rest
//! is the exit status.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use common::cli::{self, Exit};
use common::files;
use common::render::{self, Format};
use common::report::Report;

use super::follow::Ended;
use super::plan::Outputs;
use super::pod::{CSV, DOCUMENT, HLOG, HTML};
use super::trouble::Trouble;

/// Writes what the master handed over, shows the summary; the exit status.
pub(super) fn hand_over(outputs: &Outputs, ended: Ended) -> Result<Exit, Trouble> {
    let Ended {
        code,
        unpacked,
        stopped,
    } = ended;
    let mut written = Vec::new();
    for (name, path) in destinations(outputs, &unpacked.files) {
        files::write_whole(&path, &unpacked.files[&name])?;
        written.push((name, path));
    }
    let report: Option<Report> = unpacked
        .files
        .get(DOCUMENT)
        .and_then(|it| serde_json::from_slice(it).ok());
    let Some(report) = report else {
        return without_result(code, &unpacked.broken, stopped);
    };
    show(&report, outputs.format)?;
    for (name, path) in &written {
        let what = if name == DOCUMENT {
            "result document"
        } else {
            "written"
        };
        cli::narrate(&format!("{what}: {}", path.display()));
    }
    for broken in &unpacked.broken {
        cli::complain(&format!("the results are incomplete: {broken}"), None);
    }
    let exit = match code {
        Some(code) => exit_of(code),
        None => report.assessment.exit(true),
    };
    let whole = unpacked.broken.is_empty();
    Ok(match exit {
        Exit::Success if !whole => Exit::Target,
        exit => exit,
    })
}

/// Where each file goes that came, the document first.
fn destinations(outputs: &Outputs, files: &BTreeMap<String, Vec<u8>>) -> Vec<(String, PathBuf)> {
    let place = |name: &String| -> Option<PathBuf> {
        match name.as_str() {
            DOCUMENT => Some(outputs.document.clone()),
            HTML => outputs.html.clone(),
            HLOG => outputs.hlog.clone(),
            // A name is part of a path here, so it must not lead elsewhere.
            other if !other.contains(['/', '\\']) => {
                let rest = other.strip_prefix(CSV)?;
                let prefix = outputs.csv.as_ref()?;
                Some(Path::new(&format!("{prefix}{rest}")).to_owned())
            }
            _ => None,
        }
    };
    let mut found: Vec<_> = files
        .keys()
        .filter_map(|name| Some((name.clone(), place(name)?)))
        .collect();
    found.sort_by_key(|(name, _)| name != DOCUMENT);
    found
}

/// The master's log has shown its summary to whoever looks at both streams on a terminal.
fn show(report: &Report, format: Format) -> Result<(), Trouble> {
    let seen = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
    if seen && format == Format::Text {
        return Ok(());
    }
    let text = render::render(report, format, cli::wants_colour());
    cli::print(&text).map_err(Trouble::Output)
}

/// A run whose document did not come.
fn without_result(
    code: Option<i32>,
    broken: &[String],
    stopped: Option<String>,
) -> Result<Exit, Trouble> {
    let cause = broken.join("; ");
    match (code, stopped) {
        (_, Some(why)) if why == "interrupted" => Err(Trouble::Interrupted),
        (_, Some(why)) => Err(Trouble::Failed {
            what: format!("the run was {why}, before there was a result"),
            hint: Some("raise `--timeout`, or lower `--run-time`".to_owned()),
        }),
        // The master has said in its log what is wrong.
        (Some(code), None) if code != 0 => Ok(exit_of(code)),
        (_, None) => Err(Trouble::Failed {
            what: format!("the run has no result: {cause}"),
            hint: None,
        }),
    }
}

/// The exit status of a container as ours; what is none of ours failed.
fn exit_of(code: i32) -> Exit {
    let all = [
        Exit::Success,
        Exit::Failed,
        Exit::Usage,
        Exit::Inconclusive,
        Exit::Interrupted,
    ];
    all.into_iter()
        .find(|it| i32::from(it.code()) == code)
        .unwrap_or(Exit::Target)
}

#[cfg(test)]
mod tests {
    use super::super::parcel::Unpacked;
    use super::super::plan::Plan;
    use super::super::tests::run_of;
    use super::*;

    fn ended(code: Option<i32>, broken: &[&str], stopped: Option<&str>) -> Ended {
        Ended {
            code,
            unpacked: Unpacked {
                files: BTreeMap::new(),
                broken: broken.iter().map(|it| (*it).to_owned()).collect(),
            },
            stopped: stopped.map(str::to_owned),
        }
    }

    fn outputs(flags: &[&str]) -> Outputs {
        Plan::new(run_of(flags)).unwrap().outputs
    }

    #[test]
    fn files_go_where_they_were_asked_for_and_nowhere_else() {
        let outputs = outputs(&["--output", "o.json", "--csv", "out/night"]);
        let files = [DOCUMENT, HTML, "table_stats.csv", "table/../../x", "other"]
            .map(|it| (it.to_owned(), Vec::new()))
            .into();
        let found: Vec<_> = destinations(&outputs, &files)
            .into_iter()
            .map(|(name, path)| format!("{name} > {}", path.display()))
            .collect();
        assert_eq!(
            found,
            [
                "result.json > o.json",
                "table_stats.csv > out/night_stats.csv"
            ]
        );
    }

    #[test]
    fn a_run_without_a_result_says_why() {
        let outputs = outputs(&[]);
        let end = |it| match hand_over(&outputs, it) {
            Ok(exit) => format!("{exit:?}"),
            Err(trouble) => format!("{trouble} [{}]", trouble.exit().code()),
        };
        assert_eq!(end(ended(Some(2), &["cut"], None)), "Usage");
        assert_eq!(end(ended(Some(137), &["cut"], None)), "Target");
        assert_eq!(
            end(ended(Some(0), &["`result.json` is cut off"], None)),
            "the run has no result: `result.json` is cut off [4]"
        );
        assert_eq!(
            end(ended(
                None,
                &["the master (x) was evicted", "the log ends"],
                None
            )),
            "the run has no result: the master (x) was evicted; the log ends [4]"
        );
        assert_eq!(
            end(ended(None, &["the log ends"], Some("interrupted"))),
            "interrupted before there was a result [130]"
        );
        assert_eq!(
            end(ended(
                None,
                &[],
                Some("ended after 60 s, the limit of `--timeout`")
            )),
            "the run was ended after 60 s, the limit of `--timeout`, before there was a result [4]"
        );
    }

    #[test]
    fn exit_codes_of_the_master_are_those_of_the_run() {
        let codes = [0, 1, 2, 3, 4, 130, 137, -1].map(|it| exit_of(it).code());
        assert_eq!(codes, [0, 1, 2, 3, 4, 130, 4, 4]);
    }
}
