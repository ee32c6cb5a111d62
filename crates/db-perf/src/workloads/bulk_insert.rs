//! Ways to bring rows in: methods, batch sizes, the cost of indexes and validation, parallel loaders.

mod method;
mod writer;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use common::load::{Closed, Labels, Schedule, Stop, Think, WarmUp};
use common::report::{Cell, Table, TestResult};
use common::units::size_u64;

pub(crate) use method::Method;
use writer::{Loader, Writer};

use super::session::Session;
use super::{Bench, Measured, TestError};
use crate::catalog::Row;

/// The table that is filled.
const TABLE: &str = "bulk_target";

/// How the table is kept while rows come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Upkeep {
    Bare,
    PrimaryKey,
    /// As a catalogue is used: primary key and spatial index.
    Served,
    SixIndexes,
    Checked,
    Trigger,
}

impl Upkeep {
    const ALL: [Self; 6] = [
        Self::Bare,
        Self::PrimaryKey,
        Self::Served,
        Self::SixIndexes,
        Self::Checked,
        Self::Trigger,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Bare => "no index",
            Self::PrimaryKey => "primary key",
            Self::Served => "primary key + GiST geography",
            Self::SixIndexes => "six indexes",
            Self::Checked => "primary key + GiST + constraints",
            Self::Trigger => "primary key + GiST + validation trigger",
        }
    }

    fn ddl(self) -> String {
        const KEY: &str = "ALTER TABLE bulk_target ADD PRIMARY KEY (object_id);";
        const GIST: &str = "CREATE INDEX ON bulk_target USING gist ((position::geography));";
        let more = match self {
            Self::Bare => String::new(),
            Self::PrimaryKey => KEY.to_owned(),
            Self::Served => format!("{KEY}{GIST}"),
            Self::SixIndexes => format!(
                "{KEY}{GIST}
                 CREATE INDEX ON bulk_target (hpx29);
                 CREATE INDEX ON bulk_target (magnitude_v);
                 CREATE INDEX ON bulk_target (object_type);
                 CREATE INDEX ON bulk_target (parallax);"
            ),
            Self::Checked => format!(
                "{KEY}{GIST}
                 ALTER TABLE bulk_target
                     ADD CHECK (ra >= 0 AND ra < 360), ADD CHECK (dec BETWEEN -90 AND 90),
                     ADD CHECK (magnitude_v BETWEEN -30 AND 50),
                     ADD CHECK (ST_SRID(position) = 4326), ADD CHECK (object_type <> '');"
            ),
            Self::Trigger => format!(
                "{KEY}{GIST}
                 CREATE OR REPLACE FUNCTION bulk_validate() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN
                     IF NEW.ra < 0 OR NEW.ra >= 360 OR NEW.dec < -90 OR NEW.dec > 90 THEN
                         RAISE EXCEPTION 'position out of range';
                     END IF;
                     RETURN NEW;
                 END $$;
                 CREATE TRIGGER bulk_validate BEFORE INSERT ON bulk_target
                     FOR EACH ROW EXECUTE FUNCTION bulk_validate();"
            ),
        };
        format!(
            "DROP TABLE IF EXISTS bulk_target;
             CREATE TABLE bulk_target (
                 object_id bigint NOT NULL, object_type text, ra double precision,
                 dec double precision, magnitude_v real, parallax real, pm_ra double precision,
                 pm_dec double precision, position geometry(Point, 4326), hpx29 bigint
             );
             {more}"
        )
    }
}

/// One measurement of the sweep.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Case {
    method: Method,
    batch: u64,
    upkeep: Upkeep,
    loaders: usize,
}

/// Runs `bulk_insert`.
pub(super) async fn run(bench: &Bench) -> Result<Measured, TestError> {
    let mut measured = Measured::default();
    let rows = Arc::new(rows(bench)?);
    let largest = bench.plan.sizes.bulk_rows;
    let mut sweep = Vec::new();
    for method in Method::ALL {
        for batch in method.batches(largest) {
            let case = Case {
                method,
                batch,
                upkeep: Upkeep::Served,
                loaders: 1,
            };
            sweep.push((case, measure(bench, &rows, case, &mut measured).await?));
        }
    }
    let best = sweep
        .iter()
        .max_by(|a, b| rate(&a.1).total_cmp(&rate(&b.1)))
        .map(|it| it.0)
        .expect("the sweep has cases");
    let mut upkeep = Vec::new();
    for kind in Upkeep::ALL {
        let case = Case {
            upkeep: kind,
            ..best
        };
        upkeep.push((case, measure(bench, &rows, case, &mut measured).await?));
    }
    let mut parallel = Vec::new();
    for loaders in loaders() {
        let case = Case { loaders, ..best };
        parallel.push((case, measure(bench, &rows, case, &mut measured).await?));
    }
    let connection = bench.spec.connect().await?;
    connection
        .batch_execute("DROP TABLE IF EXISTS bulk_target; DROP FUNCTION IF EXISTS bulk_validate()")
        .await?;
    let mut headline = sweep
        .iter()
        .chain(&parallel)
        .max_by(|a, b| rate(&a.1).total_cmp(&rate(&b.1)))
        .map(|it| it.1.clone())
        .expect("the sweep has cases");
    headline.test_name = "bulk_insert".to_owned();
    headline.description =
        "The fastest way to bring rows into a table with primary key and spatial index.".to_owned();
    headline.tables = vec![
        sweep_table(&sweep),
        upkeep_table(&upkeep),
        parallel_table(&parallel),
    ];
    measured.tests.push(headline);
    for method in Method::ALL {
        let own = sweep.iter().filter(|it| it.0.method == method);
        let best = own.max_by(|a, b| rate(&a.1).total_cmp(&rate(&b.1)));
        measured.tests.extend(best.map(|it| it.1.clone()));
    }
    Ok(measured)
}

fn rate(test: &TestResult) -> f64 {
    test.throughput_ops_per_sec.unwrap_or(0.0)
}

fn loaders() -> Vec<usize> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut loaders = vec![1, 2, 4];
    if cores > 4 {
        loaders.push(cores);
    }
    loaders
}

/// The rows that are brought in again and again under new numbers.
fn rows(bench: &Bench) -> Result<Vec<Row>, TestError> {
    let wanted = common::units::count_usize(bench.plan.sizes.bulk_rows);
    let mut rows = Vec::with_capacity(wanted);
    if let Some(catalog) = &bench.catalog {
        catalog.for_each(|row, _| {
            rows.push(row.clone());
            rows.len() < wanted
        })?;
    }
    Ok(rows)
}

async fn measure(
    bench: &Bench,
    rows: &Arc<Vec<Row>>,
    case: Case,
    measured: &mut Measured,
) -> Result<TestResult, TestError> {
    if bench.stop.is_cancelled() {
        return Err(TestError::Stopped);
    }
    let connection = bench.spec.connect().await?;
    connection.batch_execute(&case.upkeep.ddl()).await?;
    let sizes = &bench.plan.sizes;
    let batch = case.batch.min(size_u64(rows.len())).max(1);
    let wanted = sizes.bulk_batches * sizes.bulk_rows;
    let iterations = (wanted / batch).max(1);
    let next_id = Arc::new(AtomicI64::new(1));
    let mut loaders = Vec::new();
    for _ in 0..case.loaders {
        let writer = Writer {
            method: case.method,
            batch,
        };
        loaders.push(Loader {
            session: Session::open(&bench.spec, writer).await?,
            writer,
            rows: Arc::clone(rows),
            next_id: Arc::clone(&next_id),
        });
    }
    let schedule = Schedule::Closed(Closed {
        users: case.loaders,
        think: Think::None,
        ramp_up_seconds: 0.0,
        stop: Stop::Iterations(iterations.max(size_u64(case.loaders))),
    });
    let limit = if bench.plan.mode == common::report::Mode::Quick {
        1.5
    } else {
        60.0
    };
    let options = bench.options(WarmUp::Iterations(size_u64(case.loaders)), Some(limit));
    let stage = format!(
        "{}, {batch} rows, {}",
        case.method.as_str(),
        case.upkeep.as_str()
    );
    let tally = bench
        .run(&stage, &schedule, &options, &Labels::default(), loaders)
        .await;
    let name = format!("bulk_insert.{}", case.method.as_str());
    measured.limitations.extend(
        bench
            .limitation_of(&name, &tally)
            .filter(|it| it.code != "time_limit"),
    );
    Ok(
        TestResult::new(&name, case.method.describe(), "row", "rows", &tally)
            .counting_items()
            .with("method", case.method.as_str())
            .with("batch_rows", batch)
            .with("table", case.upkeep.as_str())
            .with("loaders", size_u64(case.loaders))
            .with("commit", "one transaction a batch"),
    )
}

fn sweep_table(sweep: &[(Case, TestResult)]) -> Table {
    let title = "bulk_insert: methods and batch sizes (table with primary key and GiST)";
    let mut table = Table::new(
        title,
        &[
            "method",
            "batch rows",
            "rows/s",
            "median ms a batch",
            "errors",
        ],
    );
    for (case, test) in sweep {
        let mut row: Vec<Cell> = vec![case.method.as_str().into(), case.batch.into()];
        row.extend(figures(test));
        table.rows.push(row);
    }
    table
}

fn upkeep_table(upkeep: &[(Case, TestResult)]) -> Table {
    let title = "bulk_insert: what indexes and validation cost (best method and batch)";
    let columns = [
        "table",
        "rows/s",
        "median ms a batch",
        "errors",
        "share of bare",
    ];
    let mut table = Table::new(title, &columns);
    let bare = upkeep.first().map_or(0.0, |it| rate(&it.1));
    for (case, test) in upkeep {
        let mut row: Vec<Cell> = vec![case.upkeep.as_str().into()];
        row.extend(figures(test));
        row.push((bare > 0.0).then(|| rate(test) / bare).into());
        table.rows.push(row);
    }
    table
}

fn parallel_table(parallel: &[(Case, TestResult)]) -> Table {
    let title = "bulk_insert: parallel loaders (best method and batch)";
    let mut table = Table::new(title, &["loaders", "rows/s", "median ms a batch", "errors"]);
    for (case, test) in parallel {
        let mut row: Vec<Cell> = vec![size_u64(case.loaders).into()];
        row.extend(figures(test));
        table.rows.push(row);
    }
    table
}

fn figures(test: &TestResult) -> [Cell; 3] {
    [
        test.throughput_ops_per_sec.into(),
        test.median_time_ms.into(),
        test.error_count.into(),
    ]
}
