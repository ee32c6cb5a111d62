//! COPY binary of rows that are generated on the way against `psql \copy` of a prepared file.

use std::time::Duration;

use common::units::count_f64;
use db_perf::catalog::copy_catalog;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Arena, PAIRS, ROWS, output_of, show};

const TABLE: &str = "copy_target";

pub(crate) async fn compare(arena: &Arena) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("rows.bin");
    let path = file.display();
    output_of(arena.program("psql").args([
        "-qc",
        &format!("\\copy astronomical_objects to '{path}' with (format binary)"),
    ]))?;
    for (what, index) in [
        ("without index", ""),
        (
            "with a primary key",
            "ALTER TABLE copy_target ADD PRIMARY KEY (object_id);",
        ),
    ] {
        let mut pairs = Vec::new();
        for _ in 0..PAIRS {
            prepare(arena, index).await?;
            let ours = ours(arena).await?;
            prepare(arena, index).await?;
            let begin = Instant::now();
            output_of(arena.program("psql").args([
                "-qc",
                &format!("\\copy {TABLE} from '{path}' with (format binary)"),
            ]))?;
            pairs.push((rate(ours), rate(begin.elapsed())));
        }
        show(
            &format!("COPY binary {what}, rows generated on the way"),
            "rows/s",
            "psql \\copy of a file",
            &pairs,
        );
    }
    arena
        .client
        .batch_execute(&format!("DROP TABLE {TABLE}"))
        .await?;
    Ok(())
}

async fn prepare(arena: &Arena, index: &str) -> anyhow::Result<()> {
    arena
        .client
        .batch_execute(&format!(
            "DROP TABLE IF EXISTS {TABLE}; CREATE TABLE {TABLE} (LIKE astronomical_objects); {index}"
        ))
        .await?;
    arena.client.batch_execute("CHECKPOINT").await?;
    Ok(())
}

async fn ours(arena: &Arena) -> anyhow::Result<Duration> {
    let stop = CancellationToken::new();
    let begin = Instant::now();
    copy_catalog(
        &arena.client,
        TABLE,
        &arena.catalog,
        &arena.options,
        &stop,
        |_| (),
    )
    .await?;
    Ok(begin.elapsed())
}

fn rate(time: Duration) -> f64 {
    count_f64(ROWS) / time.as_secs_f64()
}
