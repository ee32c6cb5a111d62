//! Many users through a pool of connections: cone 40 %, magnitude range 30 %, recent objects 20 %,
//! health 10 %; and the pool size at which more brings nothing.

use std::sync::Arc;
use std::time::Duration;

use common::load::{
    Closed, Done, Failure, Labels, Open, Schedule, Spans, Stop, Tags, Think, WarmUp, Workload,
};
use common::record::Tally;
use common::report::{Limitation, Table, TestResult};
use common::sky::{Cone, TargetSampler};
use common::units::{count_usize, size_u64};
use deadpool_postgres::{Pool, PoolError};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::{Instant, timeout};
use tokio_postgres::Error;

use super::cone_search::{ConeTable, LIMIT};
use super::{Bench, Measured, TestError};
use crate::failure::{describe, failure};
use crate::parameters::borrowed;
use common::report::limitations_of;

/// Users of the sweep over pool sizes, always asking.
const SWEEP_USERS: usize = 32;

/// Sizes of the sweep.
const SWEEP: [usize; 6] = [1, 2, 4, 8, 16, 32];

/// From this share of the best throughput on, a larger pool is not worth its connections.
const KNEE_SHARE: f64 = 0.95;

/// Nobody waits longer for a connection.
const POOL_WAIT_LIMIT: Duration = Duration::from_secs(10);

/// What a user asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    Cone,
    MagnitudeRange,
    RecentObjects,
    Health,
}

impl Ask {
    const ALL: [(Self, &'static str, u32); 4] = [
        (Self::Cone, "cone_search", 40),
        (Self::MagnitudeRange, "magnitude_range", 30),
        (Self::RecentObjects, "recent_objects", 20),
        (Self::Health, "health", 10),
    ];

    /// The choice for a deviate in 0..100 with its place in the list.
    fn choose(mut deviate: u32) -> (u16, Self) {
        for (place, (ask, _, weight)) in (0_u16..).zip(Self::ALL) {
            if deviate < weight {
                return (place, ask);
            }
            deviate -= weight;
        }
        (3, Self::Health)
    }
}

const MAGNITUDE_RANGE: &str = "
SELECT object_id, ra, dec, magnitude_v FROM astronomical_objects
WHERE magnitude_v BETWEEN $1 AND $2 ORDER BY magnitude_v LIMIT 500";

const RECENT_OBJECTS: &str = "
SELECT object_id, ra, dec, magnitude_v, discovery_date FROM astronomical_objects
WHERE discovery_date >= to_timestamp($1) ORDER BY discovery_date DESC LIMIT 100";

/// What all users share.
struct Shared {
    pool: Pool,
    cone_table: ConeTable,
    cone_sql: String,
    cones: Vec<Cone>,
    bright_limit: f64,
}

struct User {
    shared: Arc<Shared>,
    random: ChaCha8Rng,
}

impl Workload for User {
    async fn execute(&mut self) -> Result<Done, Failure> {
        let (place, ask) = Ask::choose(self.random.random_range(0..100));
        let deviate = self.random.random::<f64>();
        let tags = Tags::of(&[place]);
        let begin = Instant::now();
        let waited = timeout(POOL_WAIT_LIMIT, self.shared.pool.get()).await;
        let wait = begin.elapsed();
        let client = match waited {
            Err(_) => {
                return Err(Failure::new("pool_timeout", "no connection within 10 s").tagged(tags));
            }
            Ok(Err(error)) => {
                // A server that is gone must not be asked a million times a second.
                tokio::time::sleep(Duration::from_millis(200)).await;
                return Err(refused(&error).tagged(tags));
            }
            Ok(Ok(client)) => client,
        };
        let rows = self.shared.ask(&client, ask, deviate).await;
        match rows {
            Ok(items) => Ok(Done {
                bytes: 0,
                items,
                tags,
                spans: Spans::one(0, wait),
            }),
            Err(error) => Err(failure(&error).tagged(tags)),
        }
    }
}

fn refused(error: &PoolError) -> Failure {
    match error {
        PoolError::Backend(error) => Failure::new("connect_failed", describe(error)),
        other => Failure::new("connect_failed", other.to_string()),
    }
}

impl Shared {
    async fn ask(
        &self,
        client: &deadpool_postgres::Object,
        ask: Ask,
        deviate: f64,
    ) -> Result<u64, Error> {
        let rows = match ask {
            Ask::Cone => {
                let place = common::units::round_u64(deviate * 1e9);
                let cone = &self.cones[count_usize(place) % self.cones.len()];
                let statement = client.prepare_cached(&self.cone_sql).await?;
                let parameters = self.cone_table.strategy.parameters(cone);
                client.query(&statement, &borrowed(&parameters)).await?
            }
            Ask::MagnitudeRange => {
                let statement = client.prepare_cached(MAGNITUDE_RANGE).await?;
                let low = real(self.bright_limit - 2.0 * deviate);
                let high = low + 0.5;
                client.query(&statement, &[&low, &high]).await?
            }
            Ask::RecentObjects => {
                let statement = client.prepare_cached(RECENT_OBJECTS).await?;
                let days = 1.0 + 29.0 * deviate;
                let since = (crate::catalog::tables::NEWEST_MJD - days - 40_587.0) * 86_400.0;
                client.query(&statement, &[&since]).await?
            }
            Ask::Health => {
                let statement = client.prepare_cached("SELECT 1").await?;
                client.query(&statement, &[]).await?
            }
        };
        Ok(size_u64(rows.len()))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a real column keeps seven digits"
)]
fn real(value: f64) -> f32 {
    value as f32
}

/// Runs `concurrent_load`.
pub(super) async fn run(bench: &Bench, measured: &mut Measured) -> Result<(), TestError> {
    let sizes = &bench.plan.sizes;
    let tally = measure(
        bench,
        sizes.pool_size,
        &schedule(bench),
        WarmUp::Seconds(1.0),
    )
    .await?;
    measured
        .limitations
        .extend(limitations_of("concurrent_load", &tally));
    let mut test = TestResult::new(
        "concurrent_load",
        "Users with think time through a pool: cone 40 %, magnitude range 30 %, recent objects 20 %, health 10 %.",
        "query",
        "rows",
        &tally,
    )
    .with("users", size_u64(sizes.concurrent_users))
    .with("pool_size", size_u64(sizes.pool_size))
    .with("ramp_up_s", sizes.ramp_up_seconds)
    .with("rate_per_sec", bench.plan.rate_per_sec);
    test.tables.push(Table::of_groups(&test, &tally.labels));
    let swept = sweep(bench, &mut measured.limitations).await;
    if let Ok((table, knee)) = &swept {
        test.tables.push(table.clone());
        test = test.with("recommended_pool_size", knee.map(size_u64));
    }
    measured.tests.push(test);
    swept.map(|_| ())
}

fn schedule(bench: &Bench) -> Schedule {
    let sizes = &bench.plan.sizes;
    let seconds = sizes.concurrent_seconds + 1.0;
    match bench.plan.rate_per_sec {
        Some(rate) => Schedule::Open(Open::constant(rate, seconds, sizes.concurrent_users)),
        None => Schedule::Closed(Closed {
            users: sizes.concurrent_users,
            think: Think::Uniform {
                min_seconds: 0.05,
                max_seconds: 0.25,
            },
            ramp_up_seconds: sizes.ramp_up_seconds,
            stop: Stop::AfterSeconds(seconds),
        }),
    }
}

async fn measure(
    bench: &Bench,
    pool_size: usize,
    schedule: &Schedule,
    warm_up: WarmUp,
) -> Result<Tally, TestError> {
    // The first connection tells what is wrong better than a pool does.
    bench.spec.connect().await?.close().await;
    let mut sampler =
        TargetSampler::new(bench.plan.seed ^ 7, bench.sample.clone(), bench.plan.radii);
    let shared = Arc::new(Shared {
        pool: bench.spec.pool(pool_size).map_err(|_| TestError::Stopped)?,
        cone_sql: bench
            .cone_table
            .strategy
            .nearest_sql(&bench.cone_table.columns, LIMIT),
        cone_table: bench.cone_table.clone(),
        cones: (0..2000).map(|_| sampler.next_target().cone).collect(),
        bright_limit: bench.loaded.bright_limit.unwrap_or(15.0),
    });
    let users = (0..schedule.workers())
        .map(|index| {
            let mut random = ChaCha8Rng::seed_from_u64(bench.plan.seed ^ 8);
            random.set_stream(size_u64(index));
            User {
                shared: Arc::clone(&shared),
                random,
            }
        })
        .collect();
    let options = bench.options(warm_up, None);
    let labels = Labels::new(Ask::ALL.map(|it| it.1), ["pool_wait"]);
    let stage = format!("pool of {pool_size}:");
    Ok(bench.run(&stage, schedule, &options, &labels, users).await)
}

/// Throughput over the size of the pool, and the smallest size that is as good as any.
async fn sweep(
    bench: &Bench,
    limitations: &mut Vec<Limitation>,
) -> Result<(Table, Option<usize>), TestError> {
    let title = format!("concurrent_load: pool sizes ({SWEEP_USERS} users without think time)");
    let columns = [
        "pool",
        "queries/s",
        "median ms",
        "p95 ms",
        "pool wait median ms",
        "errors",
    ];
    let mut table = Table::new(&title, &columns);
    let mut curve = Vec::new();
    for size in SWEEP {
        if bench.stop.is_cancelled() {
            break;
        }
        let schedule = Schedule::Closed(Closed {
            users: SWEEP_USERS,
            think: Think::None,
            ramp_up_seconds: 0.0,
            stop: Stop::AfterSeconds(bench.plan.sizes.pool_sweep_seconds * 1.25),
        });
        let warm_up = WarmUp::Seconds(bench.plan.sizes.pool_sweep_seconds * 0.25);
        let Ok(tally) = measure(bench, size, &schedule, warm_up).await else {
            break;
        };
        let response = &tally.recorded.total.response;
        let throughput = tally.throughput_per_sec();
        table.rows.push(vec![
            size_u64(size).into(),
            throughput.into(),
            response.quantile_ms(0.5).into(),
            response.quantile_ms(0.95).into(),
            tally.recorded.spans[0].quantile_ms(0.5).into(),
            tally.accounting.failed.into(),
        ]);
        if tally.accounting.failed == 0 {
            curve.extend(throughput.map(|it| (size, it)));
        }
    }
    if curve.len() < SWEEP.len() {
        let message = "the sweep over pool sizes is incomplete: sizes with errors do not count";
        limitations.push(Limitation::of_test(
            "pool_sweep",
            "concurrent_load",
            message,
        ));
    }
    Ok((table, knee(&curve)))
}

/// The smallest size that brings nearly the best throughput.
fn knee(curve: &[(usize, f64)]) -> Option<usize> {
    let best = curve.iter().map(|it| it.1).fold(0.0, f64::max);
    curve
        .iter()
        .find(|it| best > 0.0 && it.1 >= KNEE_SHARE * best)
        .map(|it| it.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mix_is_the_one_that_was_asked_for() {
        let count = |wanted| (0..100).filter(|it| Ask::choose(*it).1 == wanted).count();
        let counts = Ask::ALL.map(|it| count(it.0));
        assert_eq!(counts, [40, 30, 20, 10]);
    }

    #[test]
    fn the_knee_is_where_more_brings_nothing() {
        let curve = [(1, 100.0), (2, 190.0), (4, 300.0), (8, 310.0), (16, 305.0)];
        assert_eq!(knee(&curve), Some(4));
        assert_eq!(knee(&[]), None);
        assert_eq!(knee(&[(1, 0.0)]), None);
    }
}
