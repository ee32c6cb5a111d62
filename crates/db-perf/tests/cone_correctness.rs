//! Ten thousand cones, poles and right ascension 0h included: no source missing, none too many.

use std::sync::Arc;

use common::sky::{Cone, Position, Radii, SkyConfig, TargetSampler};
use db_perf::catalog::{Catalog, LoadOptions, Origin, load};
use db_perf::cone::{Columns, Comparison, ConeQuery, Expected, Found, Oracle, Strategy};
use db_perf::target::{Embedded, EmbeddedOptions};
use tokio_postgres::Client;
use tokio_util::sync::CancellationToken;

const ROWS: u64 = 100_000;
const CONES: usize = 10_000;

/// Targets as people choose them, and every twentieth where formulas break.
fn cones() -> Vec<Cone> {
    let mut sampler = TargetSampler::new(11, Vec::new(), Radii::LogUniform);
    (0..CONES)
        .map(|number| {
            let mut cone = sampler.next_target().cone;
            let turn = 360.0 * common::units::size_f64(number) / common::units::size_f64(CONES);
            let special = [
                Position::new(turn, 90.0),
                Position::new(turn, -90.0),
                Position::new(turn, 89.99),
                Position::new(0.0, turn / 4.0 - 45.0),
                Position::new(359.999_999, turn / 4.0 - 45.0),
                Position::new(180.0, turn / 4.0 - 45.0),
            ];
            if number % 20 == 0 {
                cone.center = special[number / 20 % special.len()];
                cone.radius_deg = cone.radius_deg.max(0.3);
            }
            cone
        })
        .collect()
}

#[expect(clippy::unwrap_used, reason = "a failure is the end of the test")]
async fn wrong_answers(
    client: &Client,
    strategy: Strategy,
    cones: &[Cone],
    expected: &[Expected],
) -> (Comparison, u64) {
    let columns = Columns {
        table: "astronomical_objects".to_owned(),
        ra: "ra".to_owned(),
        dec: "dec".to_owned(),
        position: Some("position".to_owned()),
        geography: None,
        healpix: Some("hpx29".to_owned()),
        extra: String::new(),
    };
    let query = ConeQuery::prepare(client, strategy, &columns, None)
        .await
        .unwrap();
    let (mut sum, mut rows) = (Comparison::default(), 0);
    for (cone, expected) in cones.iter().zip(expected) {
        let answer = query.ask(client, cone, Found::Kept).await.unwrap();
        let comparison = expected.compare(&answer.positions, None);
        sum.missing += comparison.missing;
        sum.extra += comparison.extra;
        rows += answer.rows;
    }
    (sum, rows)
}

#[tokio::test]
async fn sound_strategies_find_what_is_there_and_nothing_else() {
    let server = Embedded::start(EmbeddedOptions::default()).await.unwrap();
    let sky = SkyConfig {
        seed: 5,
        ..SkyConfig::default()
    };
    let catalog = Arc::new(Catalog::new(&Origin::Generated { sky, objects: ROWS }));
    let options = LoadOptions {
        external_rows: 10,
        observations: 10,
        light_curves: 10,
        seed: 5,
    };
    let spec = server
        .spec()
        .with_setting("plan_cache_mode", "force_generic_plan")
        .with_setting("enable_seqscan", "off");
    let client = spec.connect().await.unwrap();
    let stop = CancellationToken::new();
    load(&client, &catalog, &options, &stop, |_| ())
        .await
        .unwrap();
    client
        .batch_execute(
            "CREATE INDEX ON astronomical_objects (hpx29);
             CREATE INDEX ON astronomical_objects USING gist (position)",
        )
        .await
        .unwrap();
    let cones = cones();
    let mut oracle = Oracle::new(cones.iter().copied());
    catalog
        .for_each(|row, _| {
            oracle.observe(row.position);
            true
        })
        .unwrap();
    let expected = oracle.finish();
    let there: usize = expected.iter().map(Expected::len).sum();
    assert!(there > 10_000, "the cones hold only {there} sources");

    for strategy in [
        Strategy::Healpix,
        Strategy::GeographySphere,
        Strategy::GeometryBox,
    ] {
        let (wrong, rows) = wrong_answers(&client, strategy, &cones, &expected).await;
        assert!(wrong.is_right(), "{}: {wrong:?}", strategy.as_str());
        assert!(rows >= u64::try_from(there).unwrap());
    }
    // The check itself must be able to fail: the spheroid's degrees are known to be wrong.
    let naive = Strategy::GeographySpheroid;
    let (wrong, _) = wrong_answers(&client, naive, &cones, &expected).await;
    assert!(wrong.missing > 10 && wrong.extra > 0, "{wrong:?}");
    client.close().await;
    server.stop().await.unwrap();
}
