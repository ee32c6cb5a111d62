//! What a pod of the Job runs: `load-gen` as master or worker, by the pod's number.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use common::cli::{self, Exit};

use super::args::Pod;
use super::manifests::PLACEHOLDER;
use super::parcel;
use super::trouble::Trouble;

/// The number of the pod that is the master.
const MASTER: u32 = 0;

/// The name of the result document in the folder of the results.
pub(super) const DOCUMENT: &str = "result.json";
/// The name of the HTML report there.
pub(super) const HTML: &str = "report.html";
/// The `HdrHistogram` log there.
pub(super) const HLOG: &str = "times.hlog";
/// The beginning of the names of CSV files there.
pub(super) const CSV: &str = "table";

/// Is the master or a worker; the master's results are the last that it prints.
pub(super) async fn pod(pod: Pod) -> Result<Exit, Trouble> {
    if pod.token.expose() == PLACEHOLDER {
        return Err(Trouble::Placeholder);
    }
    let exit = crate::run_line(command_line(&pod)).await;
    if pod.index == MASTER {
        let files = results(&pod.results)?;
        let text = parcel::encode(&files).map_err(Trouble::Output)?;
        cli::print(&text).map_err(Trouble::Output)?;
    }
    Ok(exit)
}

/// The command line of `load-gen` in the pod.
fn command_line(pod: &Pod) -> Vec<OsString> {
    let mut line = vec![OsString::from("load-gen")];
    let mut add = |words: &[&str]| line.extend(words.iter().map(OsString::from));
    if pod.index != MASTER {
        let port = pod.master_port.to_string();
        add(&[
            "--worker",
            "--master-host",
            &pod.master_host,
            "--master-port",
            &port,
        ]);
        return line;
    }
    // A named load (`stress`) comes first, and all flags belong to it.
    add(&pod.flags.iter().map(String::as_str).collect::<Vec<_>>());
    let bind = SocketAddr::new(pod.pod_ip, pod.master_port).to_string();
    let workers = pod.workers.to_string();
    add(&["--headless", "--master", "--bind", &bind]);
    add(&[
        "--expect-workers",
        &workers,
        "--expect-workers-max-wait",
        &pod.max_wait,
    ]);
    for (wanted, flag, name) in [
        (true, "--output", DOCUMENT),
        (pod.html, "--html", HTML),
        (pod.csv, "--csv", CSV),
        (pod.hlog, "--hlog", HLOG),
    ] {
        if wanted {
            line.push(flag.into());
            line.push(pod.results.join(name).into_os_string());
        }
    }
    line
}

/// What the master has written.
fn results(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Trouble> {
    let failed = |error| Trouble::Results {
        folder: folder.to_owned(),
        error,
    };
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let ours = [DOCUMENT, HTML, HLOG].contains(&name.as_str()) || name.starts_with(CSV);
        if ours && entry.file_type().map_err(failed)?.is_file() {
            files.insert(name, fs::read(entry.path()).map_err(failed)?);
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use common::files::write_whole;
    use common::redact::Secret;

    fn of_index(index: u32, ip: &str) -> Pod {
        Pod {
            index,
            workers: 50,
            master_host: "night-0.night".to_owned(),
            master_port: 5557,
            pod_ip: ip.parse().unwrap(),
            results: "/results".into(),
            token: Secret::new("x"),
            html: false,
            csv: false,
            hlog: false,
            max_wait: "300s".to_owned(),
            flags: ["spike", "--host", "http://archive"]
                .map(str::to_owned)
                .into(),
        }
    }

    fn line(pod: &Pod) -> String {
        let words: Vec<_> = command_line(pod)
            .into_iter()
            .map(|it| it.into_string().unwrap())
            .collect();
        words.join(" ")
    }

    #[test]
    fn number_0_is_the_master() {
        assert_eq!(
            line(&of_index(0, "10.1.2.3")),
            "load-gen spike --host http://archive --headless --master --bind 10.1.2.3:5557 \
             --expect-workers 50 --expect-workers-max-wait 300s --output /results/result.json"
        );
        assert!(line(&of_index(0, "2001:db8::1")).contains("--bind [2001:db8::1]:5557"));
    }

    #[test]
    fn the_master_writes_what_was_asked_for() {
        let all = Pod {
            html: true,
            csv: true,
            hlog: true,
            ..of_index(0, "10.1.2.3")
        };
        assert!(line(&all).ends_with(
            "--output /results/result.json --html /results/report.html --csv /results/table \
             --hlog /results/times.hlog"
        ));
    }

    #[test]
    fn all_other_numbers_are_workers_that_learn_the_load_from_the_master() {
        let wanted = "load-gen --worker --master-host night-0.night --master-port 5557";
        assert_eq!(line(&of_index(1, "10.1.2.3")), wanted);
        assert_eq!(line(&of_index(50, "10.1.2.3")), wanted);
    }

    #[test]
    fn both_command_lines_are_understood() {
        use clap::Parser as _;
        for index in [0, 1] {
            let all = Pod {
                html: true,
                csv: true,
                hlog: true,
                ..of_index(index, "10.1.2.3")
            };
            let parsed = crate::args::Args::try_parse_from(command_line(&all));
            assert!(parsed.is_ok(), "{}", parsed.unwrap_err());
        }
    }

    #[test]
    fn results_are_what_the_master_wrote_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            DOCUMENT,
            HTML,
            "table_stats.csv",
            "core.123",
            ".result-x.tmp",
        ] {
            write_whole(&folder.path().join(name), b"x").unwrap();
        }
        let found: Vec<_> = results(folder.path()).unwrap().into_keys().collect();
        assert_eq!(found, [HTML, DOCUMENT, "table_stats.csv"]);
    }
}
