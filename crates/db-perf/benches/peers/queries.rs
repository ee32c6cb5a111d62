//! Eight connections that ask all the time: `SELECT 1` and a 1′ cone, against `pgbench -M prepared`.

use std::io::Write as _;
use std::sync::Arc;

use anyhow::Context as _;
use common::load::{
    Closed, Done, Failure, Labels, RunOptions, Schedule, Stop, Think, WarmUp, Workload, run,
};
use common::sky::{Cone, Position};
use db_perf::cone::Strategy;
use db_perf::failure::failure;
use db_perf::parameters::borrowed;
use db_perf::target::Attended;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use tokio_postgres::Statement;
use tokio_util::sync::CancellationToken;

use super::{Arena, PAIRS, output_of, show};

const CONNECTIONS: usize = 8;
const SECONDS: f64 = 4.0;

/// The query that both sides send.
#[derive(Clone, Copy, PartialEq)]
enum Query {
    One,
    Cone,
}

impl Query {
    fn sql(self) -> &'static str {
        match self {
            Self::One => "SELECT 1",
            Self::Cone => {
                "SELECT ra, dec, object_id FROM astronomical_objects WHERE \
                 ST_DWithin(position::geography, \
                 ST_SetSRID(ST_MakePoint($1::float8, $2::float8), 4326)::geography, $3::float8, false)"
            }
        }
    }

    fn script(self) -> &'static str {
        match self {
            Self::One => "SELECT 1;\n",
            Self::Cone => {
                "\\set lon random(-1799999, 1800000) / 10000.0\n\\set lat random(-899999, 899999) / 10000.0\n\
                 SELECT ra, dec, object_id FROM astronomical_objects WHERE ST_DWithin(position::geography, \
                 ST_SetSRID(ST_MakePoint(:lon::float8, :lat::float8), 4326)::geography, \
                 1853.2513::float8, false);\n"
            }
        }
    }
}

struct Asker {
    session: Attended,
    statement: Statement,
    query: Query,
    random: ChaCha8Rng,
}

impl Workload for Asker {
    async fn execute(&mut self) -> Result<Done, Failure> {
        let (client, attendant) = self.session.parts();
        let rows = match self.query {
            Query::One => attendant.attend(client.query(&self.statement, &[])).await,
            Query::Cone => {
                let cone = Cone {
                    center: Position {
                        ra_deg: 360.0 * self.random.random::<f64>(),
                        dec_deg: 180.0 * self.random.random::<f64>() - 90.0,
                    },
                    radius_deg: 1.0 / 60.0,
                };
                let parameters = Strategy::GeographySphere.parameters(&cone);
                let parameters = borrowed(&parameters);
                attendant
                    .attend(client.query(&self.statement, &parameters))
                    .await
            }
        };
        let rows = rows.map_err(|error| failure(&error))?;
        Ok(Done {
            bytes: 0,
            items: common::units::size_u64(rows.len()),
            ..Done::default()
        })
    }
}

pub(crate) async fn compare(arena: &Arena) -> anyhow::Result<()> {
    for (query, what) in [
        (Query::One, "SELECT 1, 8 connections"),
        (Query::Cone, "1' cone (geography), 8 connections"),
    ] {
        let mut pairs = Vec::new();
        for _ in 0..PAIRS {
            pairs.push((ours(arena, query).await?, theirs(arena, query)?));
        }
        show(what, "queries/s", "pgbench -M prepared -c 8 -j 2", &pairs);
    }
    Ok(())
}

async fn ours(arena: &Arena, query: Query) -> anyhow::Result<f64> {
    let mut askers = Vec::new();
    for index in 0..CONNECTIONS {
        let mut session = arena.server.spec().connect_attended().await?;
        let (client, attendant) = session.parts();
        askers.push(Asker {
            statement: attendant.attend(client.prepare(query.sql())).await?,
            session,
            query,
            random: ChaCha8Rng::seed_from_u64(common::units::size_u64(index)),
        });
    }
    let schedule = Schedule::Closed(Closed {
        users: CONNECTIONS,
        think: Think::None,
        ramp_up_seconds: 0.0,
        stop: Stop::AfterSeconds(SECONDS),
    });
    let options = RunOptions {
        warm_up: WarmUp::Seconds(0.5),
        ..RunOptions::default()
    };
    let stop = CancellationToken::new();
    let labels = Labels::default();
    let tally = run(&schedule, &options, &labels, askers, &Arc::default(), &stop).await;
    anyhow::ensure!(tally.accounting.failed == 0, "{:?}", tally.recorded.errors);
    tally.throughput_per_sec().context("nothing was measured")
}

fn theirs(arena: &Arena, query: Query) -> anyhow::Result<f64> {
    let mut script = tempfile::NamedTempFile::new()?;
    script.write_all(query.script().as_bytes())?;
    let text = output_of(
        arena
            .program("pgbench")
            .args(["-n", "-M", "prepared", "-c", "8", "-j", "2"])
            .args(["-T", &SECONDS.to_string(), "-f"])
            .arg(script.path()),
    )?;
    let line = text.lines().find_map(|line| line.strip_prefix("tps = "));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .context("pgbench gives no rate")?
        .parse()
        .context("pgbench gives no rate")
}
