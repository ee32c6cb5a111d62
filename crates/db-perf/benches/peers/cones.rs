//! A 1′ cone on one idle connection through HEALPix, pgSphere and PostGIS, covering included.

use common::record::Series;
use common::render::figure;
use common::sky::{Cone, TargetSampler};
use db_perf::cone::{Columns, ConeQuery, Found, Strategy};
use tokio::time::Instant;

use super::Arena;

const CONES: usize = 2000;

pub(crate) async fn compare(arena: &Arena) -> anyhow::Result<()> {
    let columns = Columns {
        table: "astronomical_objects".to_owned(),
        ra: "ra".to_owned(),
        dec: "dec".to_owned(),
        position: Some("position".to_owned()),
        geography: None,
        healpix: Some("hpx29".to_owned()),
        extra: ", o.object_id".to_owned(),
    };
    let rows = arena
        .client
        .query(
            "SELECT ra, dec FROM astronomical_objects ORDER BY object_id LIMIT 20000",
            &[],
        )
        .await?;
    let positions = rows
        .iter()
        .map(|row| common::sky::Position {
            ra_deg: row.get(0),
            dec_deg: row.get(1),
        })
        .collect();
    let mut sampler = TargetSampler::new(7, positions, common::sky::Radii::Fixed(1.0 / 60.0));
    let cones: Vec<Cone> = (0..CONES).map(|_| sampler.next_target().cone).collect();
    for strategy in [
        Strategy::Healpix,
        Strategy::PgSphere,
        Strategy::GeographySphere,
    ] {
        let settings = strategy.settings().iter();
        let spec = settings.fold(arena.server.spec(), |spec, (name, value)| {
            spec.with_setting(name, value)
        });
        let connection = spec.connect().await?;
        let query = ConeQuery::prepare(&connection, strategy, &columns, None).await?;
        let mut times = Series::default();
        for pass in 0..3 {
            for cone in &cones {
                let begin = Instant::now();
                query.ask(&connection, cone, Found::Counted).await?;
                if pass > 0 {
                    times.record(begin.elapsed());
                }
            }
        }
        println!(
            "1' cone, one connection, {}: p50 {} ms, p95 {} ms, p99 {} ms",
            strategy.as_str(),
            figure(times.quantile_ms(0.5).unwrap_or_default()),
            figure(times.quantile_ms(0.95).unwrap_or_default()),
            figure(times.quantile_ms(0.99).unwrap_or_default()),
        );
        connection.close().await;
    }
    Ok(())
}
