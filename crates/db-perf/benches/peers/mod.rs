//! The comparisons: one file each.

mod cones;
mod copying;
mod queries;

use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use common::render::figure;
use common::report::Host;
use common::sky::SkyConfig;
use db_perf::catalog::{Catalog, LoadOptions, Origin, load};
use db_perf::target::{Connection, Embedded, EmbeddedOptions, install_sky_extensions};
use tokio_util::sync::CancellationToken;

/// Rows of the catalogue.
const ROWS: u64 = 500_000;

/// Pairs of each comparison.
const PAIRS: usize = 5;

/// What the comparisons share.
pub(crate) struct Arena {
    server: Embedded,
    client: Connection,
    catalog: Arc<Catalog>,
    options: LoadOptions,
}

pub(crate) async fn run() -> anyhow::Result<()> {
    let host = Host::observe();
    println!(
        "{}, {} cores, load {}; medians of {PAIRS} pairs",
        host.cpu_model.unwrap_or_default(),
        host.cores,
        figure(host.load_before.unwrap_or_default())
    );
    let server = Embedded::start(EmbeddedOptions::default()).await?;
    let client = server.spec().connect().await?;
    for (name, outcome) in install_sky_extensions(&server, &client).await {
        if let Err(reason) = outcome {
            println!("without {name}: {reason}");
        }
    }
    let sky = SkyConfig {
        seed: 42,
        ..SkyConfig::default()
    };
    let arena = Arena {
        catalog: Arc::new(Catalog::new(&Origin::Generated { sky, objects: ROWS })),
        options: LoadOptions {
            external_rows: 100,
            observations: 100,
            light_curves: 10,
            seed: 42,
        },
        server,
        client,
    };
    let stop = CancellationToken::new();
    load(&arena.client, &arena.catalog, &arena.options, &stop, |_| ()).await?;
    arena
        .client
        .batch_execute(
            "CREATE INDEX objects_hpx29 ON astronomical_objects (hpx29);
             CREATE INDEX objects_spoint ON astronomical_objects
                 USING gist ((spoint(radians(ra), radians(dec))))",
        )
        .await?;
    // Neither runs together with another statement.
    for statement in ["VACUUM ANALYZE astronomical_objects", "CHECKPOINT"] {
        arena.client.batch_execute(statement).await?;
    }
    copying::compare(&arena).await?;
    queries::compare(&arena).await?;
    cones::compare(&arena).await?;
    arena.client.close().await;
    arena.server.stop().await?;
    Ok(())
}

impl Arena {
    /// A program of the server's installation, connected through its socket.
    fn program(&self, name: &str) -> Command {
        let folder = self.server.folder().join("socket");
        let installed = self.server.binaries().bin.join(name);
        let mut command = Command::new(if installed.exists() {
            installed
        } else {
            name.into()
        });
        command
            .env("PGHOST", folder)
            .env("PGPORT", "5432")
            .env("PGUSER", self.server.spec().user())
            .env("PGDATABASE", self.server.spec().database());
        command
    }
}

/// Runs a program and gives its standard output.
fn output_of(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().context("the peer cannot be started")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints the medians of both sides and of the ratios of the pairs.
fn show(what: &str, unit: &str, peer: &str, pairs: &[(f64, f64)]) {
    let ours = median(pairs.iter().map(|it| it.0).collect());
    let theirs = median(pairs.iter().map(|it| it.1).collect());
    let ratio = median(pairs.iter().map(|it| it.0 / it.1).collect());
    println!(
        "{what}: db-perf {} {unit}, {peer} {} {unit}, ratio {ratio:.2}",
        figure(ours),
        figure(theirs)
    );
}
