//! Ways to bring rows in: methods, batch sizes, the cost of indexes and validation, parallel loaders.

mod method;
mod writer;

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use common::load::{Closed, Labels, Schedule, Stop, Think, WarmUp};
use common::report::{Cell, Limitation, Mode, Table, TestResult};
use common::units::size_u64;

pub(crate) use method::Method;
use writer::{Loader, Writer};

use super::session::Session;
use super::{Bench, Measured, TestError};
use crate::catalog::Row;
use common::report::limitations_of;

/// The table that is filled.
const TABLE: &str = "bulk_target";

/// Rows of the measurement behind the headline, and batches: as many as a 95th percentile needs.
const HEADLINE_ROWS: u64 = 50_000;
const HEADLINE_BATCHES: u64 = 20;

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

/// A case with what was measured.
type Entry = (Case, TestResult);

/// Runs `bulk_insert`.
pub(super) async fn run(bench: &Bench, measured: &mut Measured) -> Result<(), TestError> {
    let mut filling = Filling {
        bench,
        rows: Arc::new(rows(bench)?),
        limitations: Vec::new(),
    };
    let mut found = Found::default();
    let outcome = filling.fill(&mut found).await;
    measured.limitations.append(&mut filling.limitations);
    measured.tests.extend(found.into_tests());
    outcome
}

/// What was measured so far.
#[derive(Default)]
struct Found {
    sweep: Vec<Entry>,
    upkeep: Vec<Entry>,
    parallel: Vec<Entry>,
    headline: Option<TestResult>,
}

impl Found {
    /// The headline, then each method at its best. Where every way failed, the first one is the
    /// headline, with its errors.
    fn into_tests(self) -> Vec<TestResult> {
        let works = self.sweep.iter().any(|it| rate(&it.1) > 0.0);
        let failed = self.sweep.first().filter(|_| !works);
        let headline = self.headline.or_else(|| failed.map(|it| it.1.clone()));
        let mut tests: Vec<TestResult> = headline
            .into_iter()
            .map(|test| TestResult {
                test_name: "bulk_insert".to_owned(),
                description: "The fastest way to bring rows into a table with primary key and \
                              spatial index, measured afresh."
                    .to_owned(),
                tables: vec![
                    sweep_table(&self.sweep),
                    upkeep_table(&self.upkeep),
                    parallel_table(&self.parallel),
                ],
                ..test
            })
            .collect();
        for method in Method::ALL {
            let own = self.sweep.iter().filter(|it| it.0.method == method);
            let best = own.max_by(|a, b| rate(&a.1).total_cmp(&rate(&b.1)));
            tests.extend(best.map(|it| it.1.clone()));
        }
        tests
    }
}

/// The fastest case without errors.
fn fastest(entries: &[Entry]) -> Option<Case> {
    entries
        .iter()
        .filter(|it| it.1.error_count == 0 && rate(&it.1) > 0.0)
        .max_by(|a, b| rate(&a.1).total_cmp(&rate(&b.1)))
        .map(|it| it.0)
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

/// The rows that are brought in again and again under new numbers; those of a small file are repeated.
fn rows(bench: &Bench) -> Result<Vec<Row>, TestError> {
    let wanted = common::units::count_usize(bench.plan.sizes.bulk_rows);
    let mut rows: Vec<Row> = Vec::with_capacity(wanted);
    if let Some(catalog) = &bench.catalog {
        catalog.for_each(|row, _| {
            rows.push(row.clone());
            rows.len() < wanted
        })?;
    }
    Ok(rows.iter().cycle().take(wanted).cloned().collect())
}

/// Fills the table again and again.
struct Filling<'a> {
    bench: &'a Bench,
    rows: Arc<Vec<Row>>,
    limitations: Vec<Limitation>,
}

impl Filling<'_> {
    async fn fill(&mut self, found: &mut Found) -> Result<(), TestError> {
        let largest = self.bench.plan.sizes.bulk_rows;
        let methods = Method::ALL.into_iter().flat_map(|method| {
            let case = move |batch| Case {
                method,
                batch,
                upkeep: Upkeep::Served,
                loaders: 1,
            };
            method.batches(largest).into_iter().map(case)
        });
        self.measure_all(methods, &mut found.sweep).await?;
        let Some(best) = fastest(&found.sweep) else {
            return Ok(());
        };
        let upkeep = Upkeep::ALL.map(|upkeep| Case { upkeep, ..best });
        self.measure_all(upkeep, &mut found.upkeep).await?;
        let parallel = loaders()
            .into_iter()
            .map(|loaders| Case { loaders, ..best });
        self.measure_all(parallel, &mut found.parallel).await?;
        // The best of many short measurements is partly luck: its figure comes from a fresh, longer one.
        let best = fastest(&found.parallel).unwrap_or(best);
        let batches = (HEADLINE_ROWS / best.batch.max(1)).max(HEADLINE_BATCHES);
        found.headline = Some(self.measure(best, batches).await?);
        self.drop_table().await
    }

    async fn measure_all(
        &mut self,
        cases: impl IntoIterator<Item = Case>,
        entries: &mut Vec<Entry>,
    ) -> Result<(), TestError> {
        let sizes = &self.bench.plan.sizes;
        for case in cases {
            let batches = (sizes.bulk_batches * sizes.bulk_rows / case.batch.max(1)).max(1);
            let batches = batches * size_u64(case.loaders);
            entries.push((case, self.measure(case, batches).await?));
        }
        Ok(())
    }

    async fn measure(&mut self, case: Case, batches: u64) -> Result<TestResult, TestError> {
        let bench = self.bench;
        if bench.stop.is_cancelled() {
            return Err(TestError::Stopped);
        }
        let connection = bench.setup.connect().await?;
        connection.batch_execute(&case.upkeep.ddl()).await?;
        let batch = case.batch.min(size_u64(self.rows.len())).max(1);
        let schedule = Schedule::Closed(Closed {
            users: case.loaders,
            think: Think::None,
            ramp_up_seconds: 0.0,
            stop: Stop::Iterations(batches),
        });
        let limit = match bench.plan.mode {
            Mode::Quick => 1.5,
            Mode::Full => 60.0,
        };
        let warm_up = WarmUp::Iterations(size_u64(case.loaders));
        let options = bench.options(warm_up, Some(limit));
        let method = case.method.as_str();
        let stage = format!("{method}, {batch} rows, {}", case.upkeep.as_str());
        let loaders = self.loaders(case, batch).await?;
        let labels = Labels::default();
        let tally = bench
            .run(&stage, &schedule, &options, &labels, loaders)
            .await;
        let name = format!("bulk_insert.{method}");
        // A slow way that its time limit ends has been measured all the same.
        let mut limitations = limitations_of(&name, &tally);
        limitations.retain(|it| it.code != "time_limit");
        self.limitations.extend(limitations);
        Ok(
            TestResult::new(&name, case.method.describe(), "row", "rows", &tally)
                .counting_items()
                .with("method", method)
                .with("batch_rows", batch)
                .with("table", case.upkeep.as_str())
                .with("loaders", size_u64(case.loaders))
                .with("commit", "one transaction a batch"),
        )
    }

    async fn loaders(&self, case: Case, batch: u64) -> Result<Vec<Loader>, TestError> {
        let next_id = Arc::new(AtomicI64::new(1));
        let writer = Writer {
            method: case.method,
            batch,
        };
        let mut loaders = Vec::new();
        for _ in 0..case.loaders {
            loaders.push(Loader {
                session: Session::open(&self.bench.spec, writer).await?,
                writer,
                rows: Arc::clone(&self.rows),
                next_id: Arc::clone(&next_id),
            });
        }
        Ok(loaders)
    }

    async fn drop_table(&self) -> Result<(), TestError> {
        let connection = self.bench.setup.connect().await?;
        connection
            .batch_execute(
                "DROP TABLE IF EXISTS bulk_target; DROP FUNCTION IF EXISTS bulk_validate()",
            )
            .await?;
        Ok(())
    }
}

fn sweep_table(sweep: &[Entry]) -> Table {
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

fn upkeep_table(upkeep: &[Entry]) -> Table {
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

fn parallel_table(parallel: &[Entry]) -> Table {
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
