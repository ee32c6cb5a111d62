use std::collections::BTreeMap;

use super::*;
use crate::cone::{Columns, Strategy};

fn cone_table() -> ConeTable {
    ConeTable {
        columns: Columns {
            table: "t".into(),
            ra: "ra".into(),
            dec: "dec".into(),
            position: Some("position".into()),
            geography: None,
            healpix: None,
            extra: String::new(),
        },
        strategy: Strategy::GeographySphere,
    }
}

fn recommendations(server: &Server, plans: &[(String, PlanShape)]) -> Vec<Recommendation> {
    recommend(&Evidence {
        tests: &[],
        plans,
        server,
        cone_table: &cone_table(),
        memory_bytes: 64 << 30,
    })
}

fn server(settings: &[(&str, &str)], bytes: &[(&str, i64)]) -> Server {
    let settings = settings
        .iter()
        .map(|(name, it)| ((*name).into(), (*it).into()))
        .collect();
    let setting_bytes: BTreeMap<String, i64> = bytes
        .iter()
        .map(|(name, it)| ((*name).into(), *it))
        .collect();
    Server {
        settings,
        setting_bytes,
        is_local: true,
        ..Server::default()
    }
}

#[test]
fn a_healthy_server_gets_no_recommendation() {
    let healthy = server(
        &[
            ("random_page_cost", "1.1"),
            ("fsync", "on"),
            ("full_page_writes", "on"),
        ],
        &[("work_mem", 32 << 20), ("shared_buffers", 16 << 30)],
    );
    assert_eq!(recommendations(&healthy, &[]), []);
}

#[test]
fn forgotten_settings_are_found_and_the_dangerous_one_comes_first() {
    let forgotten = server(
        &[("random_page_cost", "4"), ("fsync", "off")],
        &[("work_mem", 4 << 20), ("shared_buffers", 128 << 20)],
    );
    let found = recommendations(&forgotten, &[]);
    assert_eq!(found.len(), 4);
    assert!(found[0].issue.contains("fsync is off"), "{found:?}");
    assert!(
        found
            .iter()
            .any(|it| it.issue.contains("128 MB on a machine with 64.0 GiB"))
    );
}

#[test]
fn settings_of_a_distant_server_are_not_compared_with_this_machine() {
    let mut distant = server(&[], &[("shared_buffers", 128 << 20)]);
    distant.is_local = false;
    assert_eq!(recommendations(&distant, &[]), []);
}

#[test]
fn a_sequential_scan_of_a_large_table_is_reported_with_its_index() {
    let plan = |removed| PlanShape {
        label: "radius".into(),
        nodes: "Seq Scan on t".into(),
        sequential_scans: vec!["t".into()],
        indexes: vec![],
        planned_rows: 1.0,
        actual_rows: 3.0,
        rows_removed: removed,
        shared_hit: 1,
        shared_read: 1,
        execution_ms: 900.0,
    };
    let found =
        |removed| recommendations(&Server::default(), &[("cone_search".into(), plan(removed))]);
    assert_eq!(found(100.0), []);
    let found = found(1e6);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].priority, Priority::High);
    assert!(
        found[0]
            .recommendation
            .contains("USING gist ((position::geography))"),
        "{found:?}"
    );
}
