//! Cones as people ask for them, by several users at once, answers checked against the oracle.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::load::{
    Closed, Done, Failure, Labels, Open, Schedule, Stop, Tags, Think, WarmUp, Workload,
};
use common::report::{Limitation, Table, TestResult};
use common::sky::{Cone, RadiusClass, Target, TargetClass, TargetSampler};
use common::units::{count_usize, size_u64};
use serde::Serialize;
use tokio_postgres::{Client, Error};

use super::session::{Prepare, Session};
use super::{Bench, Measured, TestError};
use crate::cone::{Columns, ConeQuery, Expected, Found, Strategy};
use crate::oracle_pass::expected_answers;
use crate::parameters::borrowed;
use crate::plans::{PlanShape, explain};
use common::report::limitations_of;

/// No more than this many nearest sources are wanted, as in the users' query.
pub(super) const LIMIT: u32 = 1000;

/// Different cones of a run; a longer run begins again with the first.
const MOST_TARGETS: u64 = 20_000;

/// The table that cones are searched in and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConeTable {
    /// Its columns.
    pub columns: Columns,
    /// How it is asked.
    pub strategy: Strategy,
}

/// A cone with its classes and, for some, its right answer.
struct Question {
    cone: Cone,
    tags: Tags,
    expected: Option<Expected>,
}

/// Prepares the search on a session.
#[derive(Clone)]
struct Recipe(ConeTable);

impl Prepare for Recipe {
    type Prepared = ConeQuery;

    async fn prepare(&self, client: &Client) -> Result<ConeQuery, Error> {
        ConeQuery::prepare(client, self.0.strategy, &self.0.columns, Some(LIMIT)).await
    }
}

struct ConeSearch {
    session: Session<Recipe>,
    questions: Arc<Vec<Question>>,
    next: Arc<AtomicUsize>,
}

impl Workload for ConeSearch {
    async fn execute(&mut self) -> Result<Done, Failure> {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % self.questions.len();
        let question = &self.questions[index];
        let found = if question.expected.is_some() {
            Found::Kept
        } else {
            Found::Counted
        };
        let (client, query, attendant) = self
            .session
            .get()
            .await
            .map_err(|it| it.tagged(question.tags))?;
        let answer = query.ask(client, &question.cone, found);
        let answer = attendant.attend(answer).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Err(self.session.failed(&error).tagged(question.tags)),
        };
        if let Some(expected) = &question.expected {
            let comparison = expected.compare(&answer.positions, Some(limit()));
            if !comparison.is_right() {
                return Err(wrong(&question.cone, comparison).tagged(question.tags));
            }
        }
        Ok(Done {
            bytes: 0,
            items: answer.rows,
            tags: question.tags,
            ..Done::default()
        })
    }
}

fn limit() -> usize {
    count_usize(u64::from(LIMIT))
}

/// An answer that is not the right one is an error, however fast it came.
pub(super) fn wrong(cone: &Cone, comparison: crate::cone::Comparison) -> Failure {
    let center = cone.center;
    Failure::new(
        "wrong_result",
        format!(
            "cone at ra {:.6} dec {:.6} radius {:.6}°: {} sources missing, {} extra",
            center.ra_deg, center.dec_deg, cone.radius_deg, comparison.missing, comparison.extra
        ),
    )
}

/// Runs `cone_search`.
pub(super) async fn run(bench: &Bench, measured: &mut Measured) -> Result<(), TestError> {
    let sizes = &bench.plan.sizes;
    let users = sizes.cone_users;
    let warm_up = size_u64(2 * users);
    let schedule = schedule(bench);
    let asked = match &schedule {
        Schedule::Closed(_) => sizes.cone_iterations + warm_up,
        Schedule::Open(open) => open.slots(),
    };
    let targets = targets(bench, count_usize(asked.min(MOST_TARGETS)));
    let questions = questions(bench, &targets, measured).await?;
    let checked = questions.iter().filter(|it| it.expected.is_some()).count();
    let labels = labels();
    let questions = Arc::new(questions);
    let next = Arc::new(AtomicUsize::new(0));
    let mut workloads = Vec::new();
    for _ in 0..schedule.workers() {
        workloads.push(ConeSearch {
            session: Session::open(&bench.spec, Recipe(bench.cone_table.clone())).await?,
            questions: Arc::clone(&questions),
            next: Arc::clone(&next),
        });
    }
    let (warm_up, limit_seconds) = match schedule {
        Schedule::Closed(_) => (WarmUp::Iterations(warm_up), Some(sizes.cone_limit_seconds)),
        Schedule::Open(_) => (WarmUp::Seconds(1.0), None),
    };
    let options = bench.options(warm_up, limit_seconds);
    let tally = bench
        .run("cones", &schedule, &options, &labels, workloads)
        .await;
    measured
        .limitations
        .extend(limitations_of("cone_search", &tally));
    let plans = match explain_samples(bench, &targets).await {
        Ok(plans) => plans,
        Err(error) => {
            let reason = format!("no plans were sampled: {error}");
            let limitation = Limitation::of_test("no_plans", "cone_search", reason);
            measured.limitations.push(limitation);
            Vec::new()
        }
    };
    let table = &bench.cone_table;
    let mut test = TestResult::new(
        "cone_search",
        "Cones at targets as people choose them, nearest first, by several users at once.",
        "query",
        "sources",
        &tally,
    )
    .with("users", size_u64(users))
    .with("strategy", table.strategy.as_str())
    .with("sql", table.strategy.nearest_sql(&table.columns, LIMIT))
    .with("radii", bench.plan.radii.to_string())
    .with("checked_against_the_oracle", size_u64(checked))
    .with("rate_per_sec", bench.plan.rate_per_sec);
    test.tables.push(Table::of_groups(&test, &labels));
    test.tables
        .push(plan_table("cone_search: plans of sampled cones", &plans));
    measured.plans.extend(
        plans
            .into_iter()
            .map(|plan| ("cone_search".to_owned(), plan)),
    );
    measured.tests.push(test);
    Ok(())
}

fn schedule(bench: &Bench) -> Schedule {
    let sizes = &bench.plan.sizes;
    match bench.plan.rate_per_sec {
        Some(rate) => Schedule::Open(Open::constant(
            rate,
            sizes.concurrent_seconds + 1.0,
            sizes.cone_users,
        )),
        None => Schedule::Closed(Closed {
            users: sizes.cone_users,
            think: Think::None,
            ramp_up_seconds: 0.0,
            stop: Stop::Iterations(sizes.cone_iterations),
        }),
    }
}

fn targets(bench: &Bench, count: usize) -> Vec<Target> {
    let mut sampler = TargetSampler::new(bench.plan.seed, bench.sample.clone(), bench.plan.radii);
    (0..count.max(1)).map(|_| sampler.next_target()).collect()
}

fn labels() -> Labels {
    let radii = RadiusClass::ALL.map(|it| format!("radius {}", it.as_str()));
    let classes = TargetClass::ALL.map(|it| format!("target {}", it.as_str()));
    Labels::new(radii.into_iter().chain(classes), Vec::<String>::new())
}

/// Where a class stands among the labels.
fn place<T: PartialEq>(all: &[T], wanted: &T) -> u16 {
    let index = all.iter().position(|it| it == wanted).unwrap_or_default();
    u16::try_from(index).expect("there are few classes")
}

/// Gives the targets their classes and, evenly spread, some of them their right answers.
async fn questions(
    bench: &Bench,
    targets: &[Target],
    measured: &mut Measured,
) -> Result<Vec<Question>, TestError> {
    let wanted = bench.plan.sizes.checked_cones.min(targets.len());
    let checked: Vec<usize> = (0..wanted)
        .map(|it| it * targets.len() / wanted.max(1))
        .collect();
    let cones: Vec<Cone> = checked.iter().map(|index| targets[*index].cone).collect();
    let answers = expected_answers(bench, cones).await?;
    if let Some(reason) = answers.reason {
        measured
            .limitations
            .push(Limitation::of_test("not_checked", "cone_search", reason));
    }
    let mut questions: Vec<Question> = targets
        .iter()
        .map(|target| {
            let radius = RadiusClass::of(target.cone.radius_deg);
            let class = place(&TargetClass::ALL, &target.class)
                + u16::try_from(RadiusClass::ALL.len()).expect("there are few classes");
            Question {
                cone: target.cone,
                tags: Tags::of(&[place(&RadiusClass::ALL, &radius), class]),
                expected: None,
            }
        })
        .collect();
    for (index, expected) in checked.into_iter().zip(answers.expected) {
        questions[index].expected = expected;
    }
    Ok(questions)
}

/// Explains one cone of each radius class.
async fn explain_samples(bench: &Bench, targets: &[Target]) -> Result<Vec<PlanShape>, TestError> {
    if bench.stop.is_cancelled() {
        return Ok(Vec::new());
    }
    let table = &bench.cone_table;
    let sql = table.strategy.nearest_sql(&table.columns, LIMIT);
    let connection = bench.spec.connect().await?;
    let mut plans = Vec::new();
    for class in RadiusClass::ALL {
        let sample = targets
            .iter()
            .find(|it| RadiusClass::of(it.cone.radius_deg) == class);
        let Some(target) = sample else { continue };
        let parameters = table.strategy.parameters(&target.cone);
        let label = format!("radius {}", class.as_str());
        plans.extend(explain(&connection, &label, &sql, &borrowed(&parameters)).await?);
    }
    Ok(plans)
}

/// Plans as a table. The whole plans are in the result document.
pub(super) fn plan_table(title: &str, plans: &[PlanShape]) -> Table {
    let columns = [
        "query",
        "reads",
        "rows planned",
        "rows",
        "pages hit",
        "pages read",
        "ms",
    ];
    let mut table = Table::new(title, &columns);
    for plan in plans {
        table.rows.push(vec![
            plan.label.as_str().into(),
            plan.reads().into(),
            plan.planned_rows.into(),
            plan.actual_rows.into(),
            plan.shared_hit.into(),
            plan.shared_read.into(),
            plan.execution_ms.into(),
        ]);
    }
    table
}
