//! The same cones on the same rows through every kind of index: time, size, build time, correctness.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::load::{Closed, Done, Failure, Labels, Schedule, Stop, Tags, Think, WarmUp, Workload};
use common::report::{Cell, Limitation, Table, TestResult};
use common::sky::{Cone, Position};
use common::units::{count_f64, size_u64};
use tokio::time::Instant;
use tokio_postgres::{Client, Error};

use super::cone_search::wrong;
use super::session::{Prepare, Session};
use super::{Bench, Measured, TestError};
use crate::cone::{Columns, ConeQuery, Expected, Found, Strategy};
use crate::failure::describe;
use crate::oracle_pass::expected_answers;
use crate::parameters::borrowed;
use crate::plans::{PlanShape, explain};
use crate::target::ConnectSpec;
use common::report::limitations_of;

/// Radii with their names; the last one only at every fifth centre.
pub(crate) const RADII: [(&str, f64); 5] = [
    ("10\"", 10.0 / 3600.0),
    ("1'", 1.0 / 60.0),
    ("0.1°", 0.1),
    ("1°", 1.0),
    ("5°", 5.0),
];

/// The table of the comparison: narrow, with one index at a time.
const TABLE: &str = "strategy_objects";

/// A cone with the place of its radius and its right answer.
struct Question {
    cone: Cone,
    radius: u16,
    expected: Option<Expected>,
}

/// What was wrong with the answers of a strategy.
#[derive(Debug, Default)]
struct Wrong {
    missing: AtomicU64,
    extra: AtomicU64,
    cones: AtomicU64,
}

/// A strategy with what was measured beside its times.
struct Entry {
    strategy: Strategy,
    test: TestResult,
    build_seconds: f64,
    size_bytes: i64,
    missing: u64,
    extra: u64,
}

struct Recipe {
    strategy: Strategy,
    columns: Columns,
}

impl Prepare for Recipe {
    type Prepared = ConeQuery;

    async fn prepare(&self, client: &Client) -> Result<ConeQuery, Error> {
        ConeQuery::prepare(client, self.strategy, &self.columns, None).await
    }
}

struct Cones {
    session: Session<Recipe>,
    strategy: Strategy,
    questions: Arc<Vec<Question>>,
    next: usize,
    wrong: Arc<Wrong>,
}

impl Workload for Cones {
    async fn execute(&mut self) -> Result<Done, Failure> {
        let question = &self.questions[self.next % self.questions.len()];
        self.next += 1;
        let tags = Tags::of(&[question.radius]);
        let (client, query, attendant) = self.session.get().await.map_err(|it| it.tagged(tags))?;
        let answer = match attendant
            .attend(query.ask(client, &question.cone, Found::Kept))
            .await
        {
            Ok(answer) => answer,
            Err(error) => return Err(self.session.failed(&error).tagged(tags)),
        };
        if let Some(expected) = &question.expected {
            let comparison = expected.compare(&answer.positions, None);
            self.wrong
                .cones
                .fetch_add(u64::from(!comparison.is_right()), Ordering::Relaxed);
            self.wrong
                .missing
                .fetch_add(comparison.missing, Ordering::Relaxed);
            self.wrong
                .extra
                .fetch_add(comparison.extra, Ordering::Relaxed);
            // Those that are known to be wrong are there to show how wrong.
            if self.strategy.is_sound() && !comparison.is_right() {
                return Err(wrong(&question.cone, comparison).tagged(tags));
            }
        }
        Ok(Done {
            bytes: 0,
            items: answer.rows,
            tags,
            ..Done::default()
        })
    }
}

/// Runs `index_strategies`.
pub(super) async fn run(bench: &Bench, measured: &mut Measured) -> Result<(), TestError> {
    let connection = bench.setup.connect().await?;
    create_table(&connection).await?;
    let mut entries = Vec::new();
    let outcome = compare(bench, &connection, &mut entries, measured).await;
    let dropped = connection
        .batch_execute(&format!("DROP TABLE IF EXISTS {TABLE}"))
        .await;
    let overview = overview(&entries);
    if let Some(last) = entries.last_mut() {
        last.test.tables.push(overview);
    }
    measured
        .tests
        .extend(entries.into_iter().map(|entry| entry.test));
    outcome?;
    Ok(dropped?)
}

async fn compare(
    bench: &Bench,
    client: &Client,
    entries: &mut Vec<Entry>,
    measured: &mut Measured,
) -> Result<(), TestError> {
    let questions = Arc::new(questions(bench).await?);
    for strategy in Strategy::ALL {
        if bench.stop.is_cancelled() {
            break;
        }
        if let Err(reason) = provide(client, strategy).await {
            let message = format!("`{}` was left out: {reason}", strategy.as_str());
            let limitation = Limitation::of_test("extension_missing", "index_strategies", message);
            measured.limitations.push(limitation);
            continue;
        }
        entries.push(measure(bench, client, strategy, &questions, measured).await?);
    }
    Ok(())
}

async fn create_table(client: &Client) -> Result<(), Error> {
    client
        .batch_execute(&format!(
            "CREATE TABLE {TABLE} AS SELECT object_id, ra, dec, position, hpx29
             FROM astronomical_objects;
             ANALYZE {TABLE}"
        ))
        .await
}

fn columns() -> Columns {
    Columns {
        table: TABLE.to_owned(),
        ra: "ra".to_owned(),
        dec: "dec".to_owned(),
        position: Some("position".to_owned()),
        geography: None,
        healpix: Some("hpx29".to_owned()),
        extra: ", o.object_id".to_owned(),
    }
}

/// Centres that dense regions have more of, and the places where formulas break.
async fn questions(bench: &Bench) -> Result<Vec<Question>, TestError> {
    let special = [
        (0.0, 90.0),
        (123.0, -90.0),
        (0.0, 0.0),
        (359.9999, 45.0),
        (180.0, -30.0),
        (77.0, 89.95),
    ];
    let wanted = bench.plan.sizes.strategy_centres;
    let dense = bench
        .sample
        .iter()
        .take(wanted.saturating_sub(special.len()))
        .copied();
    let centres = special
        .map(|(ra, dec)| Position::new(ra, dec))
        .into_iter()
        .chain(dense);
    let mut cones = Vec::new();
    for (number, center) in centres.enumerate() {
        for (index, (_, radius_deg)) in RADII.into_iter().enumerate() {
            if index == RADII.len() - 1 && number % 5 != 0 {
                continue;
            }
            let place = u16::try_from(index).expect("there are five radii");
            cones.push((Cone { center, radius_deg }, place));
        }
    }
    let answers = expected_answers(bench, cones.iter().map(|it| it.0).collect()).await?;
    Ok(cones
        .into_iter()
        .zip(answers.expected)
        .map(|((cone, radius), expected)| Question {
            cone,
            radius,
            expected,
        })
        .collect())
}

/// Makes sure that the functions of a strategy are there; the reason where they are not.
async fn provide(client: &Client, strategy: Strategy) -> Result<(), String> {
    let Some(extension) = strategy.extension() else {
        return Ok(());
    };
    let probe = match strategy {
        Strategy::Q3c => "SELECT to_regprocedure('q3c_ang2ipix(float8, float8)') IS NOT NULL",
        _ => "SELECT to_regtype('spoint') IS NOT NULL",
    };
    let is_there = async || {
        client
            .query_one(probe, &[])
            .await
            .is_ok_and(|row| row.get(0))
    };
    if is_there().await {
        return Ok(());
    }
    // Inside our schema it goes away with the run. The search path begins with it.
    client
        .batch_execute(&format!("CREATE EXTENSION {extension}"))
        .await
        .map_err(|error| format!("extension `{extension}`: {}", describe(&error)))?;
    if is_there().await {
        Ok(())
    } else {
        Err(format!(
            "extension `{extension}` is installed in a schema outside the search path"
        ))
    }
}

async fn measure(
    bench: &Bench,
    client: &Client,
    strategy: Strategy,
    questions: &Arc<Vec<Question>>,
    measured: &mut Measured,
) -> Result<Entry, TestError> {
    let columns = columns();
    let begin = Instant::now();
    let index_on = strategy.index_on(&columns);
    client
        .batch_execute(&format!(
            "CREATE INDEX strategy_index ON {TABLE} {index_on}"
        ))
        .await?;
    let build_seconds = begin.elapsed().as_secs_f64();
    client.batch_execute(&format!("ANALYZE {TABLE}")).await?;
    let size_bytes = client
        .query_one("SELECT pg_relation_size('strategy_index')", &[])
        .await?
        .get(0);
    let wrong = Arc::new(Wrong::default());
    let recipe = Recipe {
        strategy,
        columns: columns.clone(),
    };
    let spec = strategy
        .settings()
        .iter()
        .fold(bench.spec.clone(), |spec, (name, value)| {
            spec.with_setting(name, value)
        });
    let workload = Cones {
        session: Session::open(&spec, recipe).await?,
        strategy,
        questions: Arc::clone(questions),
        next: 0,
        wrong: Arc::clone(&wrong),
    };
    // Twice over the questions: the first pass warms the caches up, as the others' passes did.
    let warm_up = if strategy == Strategy::CastDefeatsIndex {
        1
    } else {
        size_u64(questions.len())
    };
    let schedule = Schedule::Closed(Closed {
        users: 1,
        think: Think::None,
        ramp_up_seconds: 0.0,
        stop: Stop::Iterations(2 * size_u64(questions.len())),
    });
    let limit = bench.plan.sizes.strategy_limit_seconds;
    let options = bench.options(WarmUp::Iterations(warm_up), Some(limit));
    let labels = Labels::new(
        RADII.map(|(name, _)| format!("radius {name}")),
        Vec::<String>::new(),
    );
    let name = format!("index_strategies.{}", strategy.as_str());
    let tally = bench
        .run(
            strategy.as_str(),
            &schedule,
            &options,
            &labels,
            vec![workload],
        )
        .await;
    measured.limitations.extend(limitations_of(&name, &tally));
    let plan = explain_one(bench, &spec, strategy, &columns, questions).await?;
    client.batch_execute("DROP INDEX strategy_index").await?;
    let (missing, extra) = (
        wrong.missing.load(Ordering::Relaxed),
        wrong.extra.load(Ordering::Relaxed),
    );
    let mut test = TestResult::new(&name, strategy.describe(), "query", "sources", &tally)
        .with("index", format!("CREATE INDEX ON {TABLE} {index_on}"))
        .with("sql", strategy.sql(&columns))
        .with("build_seconds", build_seconds)
        .with("size_bytes", size_bytes)
        .with("missing_sources", missing)
        .with("extra_sources", extra)
        .with("wrong_cones", wrong.cones.load(Ordering::Relaxed))
        .with("is_sound", strategy.is_sound())
        .with("session_settings", settings_sql(strategy));
    if let Some(plan) = plan {
        test = test.with("plan", plan.nodes.clone());
        measured.plans.push((name, plan));
    }
    Ok(Entry {
        strategy,
        test,
        build_seconds,
        size_bytes,
        missing,
        extra,
    })
}

/// The settings of a strategy's sessions as statements.
fn settings_sql(strategy: Strategy) -> String {
    let settings = strategy.settings().iter();
    let settings: Vec<String> = settings
        .map(|(name, value)| format!("SET {name} = {value};"))
        .collect();
    settings.join(" ")
}

/// Explains a cone of one arcminute.
async fn explain_one(
    bench: &Bench,
    spec: &ConnectSpec,
    strategy: Strategy,
    columns: &Columns,
    questions: &[Question],
) -> Result<Option<PlanShape>, TestError> {
    if bench.stop.is_cancelled() {
        return Ok(None);
    }
    let Some(question) = questions.iter().filter(|it| it.radius == 1).nth(8) else {
        return Ok(None);
    };
    let parameters = strategy.parameters(&question.cone);
    let connection = spec.connect().await?;
    Ok(explain(
        &connection,
        "1'",
        &strategy.sql(columns),
        &borrowed(&parameters),
    )
    .await?)
}

fn overview(entries: &[Entry]) -> Table {
    let medians = RADII.map(|(name, _)| format!("{name} p50 ms"));
    let mut columns = vec!["strategy", "index MB", "build s"];
    columns.extend(medians.iter().map(String::as_str));
    columns.extend(["cones", "missing", "extra"]);
    let mut table = Table::new(
        "index_strategies: the same cones through every index",
        &columns,
    );
    for entry in entries {
        let mut row: Vec<Cell> = vec![
            entry.strategy.as_str().into(),
            (count_f64(u64::try_from(entry.size_bytes).unwrap_or(0)) / 1e6).into(),
            entry.build_seconds.into(),
        ];
        for (name, _) in RADII {
            let group = entry.test.groups.get(&format!("radius {name}"));
            row.push(group.and_then(|it| it.time.median_ms).into());
        }
        row.extend([
            entry.test.iterations.into(),
            entry.missing.into(),
            entry.extra.into(),
        ]);
        table.rows.push(row);
    }
    table
}
