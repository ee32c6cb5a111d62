//! Fills the tables of a run: one pass over the catalogue, indexes afterwards.

mod companions;

use std::sync::Arc;
use std::time::Duration;

use common::sky::Position;
use futures::SinkExt as _;
use serde::Serialize;
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_postgres::Client;
use tokio_util::bytes::Bytes;
use tokio_util::sync::CancellationToken;

use self::companions::Companions;
use super::binary::{Encoder, HEADER, TRAILER};
use super::{BrokenLines, Catalog, CsvError, Row, tables};
use crate::failure::describe;

/// How much is loaded beside the catalogue, and what is remembered of it.
#[derive(Debug, Clone, Serialize)]
pub struct LoadOptions {
    /// Rows of the second catalogue for cross-matches.
    pub external_rows: usize,
    /// Observations of telescopes.
    pub observations: u64,
    /// Sources that get a light curve.
    pub light_curves: usize,
    /// The seed of samples.
    pub seed: u64,
}

/// What was loaded.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Loaded {
    /// Rows of the catalogue.
    pub rows: u64,
    /// Positions of a fair sample of the rows, for targets that follow the density.
    #[serde(skip)]
    pub sample: Vec<Position>,
    /// Pairs (external id, object id) that a cross-match must find.
    #[serde(skip)]
    pub true_pairs: Vec<(i64, i64)>,
    /// Rows of the second catalogue.
    pub external_rows: u64,
    /// The largest proper motion in the catalogue, arcseconds per year.
    pub max_proper_motion_arcsec: f64,
    /// Points of light curves.
    pub detections: u64,
    /// Numbers of objects that have a light curve.
    #[serde(skip)]
    pub with_light_curve: Vec<i64>,
    /// Observations of telescopes.
    pub observations: u64,
    /// Lines of a file that could not be used.
    pub broken_lines: BrokenLines,
    /// The limit below which the brightest 2 % of the rows lie, V magnitudes; none without magnitudes.
    pub bright_limit: Option<f64>,
    /// Seconds for the rows.
    pub load_seconds: f64,
    /// Seconds for the indexes and statistics.
    pub index_seconds: f64,
    /// Size of the catalogue's table with its indexes.
    pub size_bytes: i64,
}

/// Why the tables could not be filled.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The server refused something.
    #[error("failed to load the catalogue: {}", describe(.0))]
    Server(#[from] tokio_postgres::Error),
    /// The file cannot be used.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// Somebody stopped the run.
    #[error("interrupted while the catalogue was loaded")]
    Stopped,
}

/// Bytes sent to the server at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// Creates the tables, fills them and builds the indexes. `watch` is told the rows sent so far.
pub async fn load(
    client: &Client,
    catalog: &Arc<Catalog>,
    options: &LoadOptions,
    stop: &CancellationToken,
    watch: impl Fn(u64),
) -> Result<Loaded, LoadError> {
    let begin = Instant::now();
    client.batch_execute(tables::CREATE).await?;
    let (companions, broken_lines) =
        copy_catalog(client, tables::OBJECTS, catalog, options, stop, watch).await?;
    let companions_sent = companions.store(client);
    let mut loaded = tokio::select! {
        loaded = companions_sent => loaded?,
        () = stop.cancelled() => return Err(LoadError::Stopped),
    };
    loaded.broken_lines = broken_lines;
    loaded.load_seconds = begin.elapsed().as_secs_f64();
    tokio::select! {
        built = build_indexes(client, &mut loaded) => built?,
        () = stop.cancelled() => return Err(LoadError::Stopped),
    }
    Ok(loaded)
}

/// Streams the rows of a catalogue into a table of the shape of [`tables::OBJECTS`], generated or
/// read in one thread while another sends them. Memory does not grow with the number of rows.
pub async fn copy_catalog(
    client: &Client,
    table: &str,
    catalog: &Arc<Catalog>,
    options: &LoadOptions,
    stop: &CancellationToken,
    watch: impl Fn(u64),
) -> Result<(Companions, BrokenLines), LoadError> {
    let (sender, receiver) = mpsc::channel(4);
    let producer = {
        let (catalog, options) = (Arc::clone(catalog), options.clone());
        tokio::task::spawn_blocking(move || produce(&catalog, &options, &sender))
    };
    let sent = tokio::select! {
        sent = send_rows(client, table, receiver, watch) => sent,
        () = stop.cancelled() => return Err(LoadError::Stopped),
    };
    // The file's own fault explains more than the COPY that ended early because of it.
    let gathered = producer.await.expect("the producer does not panic")?;
    sent?;
    Ok(gathered)
}

/// Rows as chunks of binary COPY, in a thread of its own. Ends when nobody listens any more.
fn produce(
    catalog: &Catalog,
    options: &LoadOptions,
    sender: &mpsc::Sender<Chunk>,
) -> Result<(Companions, BrokenLines), CsvError> {
    let mut companions = Companions::new(options);
    let mut encoder = Encoder::with_capacity(CHUNK_BYTES + 4096);
    encoder.raw(HEADER);
    let mut rows = 0;
    let broken = catalog.for_each(|row: &Row, source| {
        tables::encode(&mut encoder, row);
        companions.observe(row, source);
        rows += 1;
        if encoder.len() < CHUNK_BYTES {
            return true;
        }
        let chunk = Chunk {
            bytes: encoder.take().into(),
            rows,
        };
        sender.blocking_send(chunk).is_ok()
    })?;
    encoder.raw(&TRAILER);
    // Nobody listens any more when the server failed: its error is reported by the sender of rows.
    let _ = sender.blocking_send(Chunk {
        bytes: encoder.take().into(),
        rows,
    });
    Ok((companions, broken))
}

struct Chunk {
    bytes: Bytes,
    /// Rows up to the end of this chunk.
    rows: u64,
}

async fn send_rows(
    client: &Client,
    table: &str,
    mut chunks: mpsc::Receiver<Chunk>,
    watch: impl Fn(u64),
) -> Result<(), tokio_postgres::Error> {
    let sink = client
        .copy_in(&format!("COPY {table} FROM STDIN BINARY"))
        .await?;
    let mut sink = std::pin::pin!(sink);
    while let Some(chunk) = chunks.recv().await {
        sink.send(chunk.bytes).await?;
        watch(chunk.rows);
    }
    sink.finish().await?;
    Ok(())
}

/// Sends rows that are already encoded, without header and trailer.
pub async fn copy_encoded(
    client: &Client,
    table: &str,
    rows: Vec<u8>,
) -> Result<u64, tokio_postgres::Error> {
    let sink = client
        .copy_in(&format!("COPY {table} FROM STDIN BINARY"))
        .await?;
    let mut sink = std::pin::pin!(sink);
    sink.send(Bytes::from_static(HEADER)).await?;
    sink.send(rows.into()).await?;
    sink.send(Bytes::from_static(&TRAILER)).await?;
    sink.finish().await
}

async fn build_indexes(client: &Client, loaded: &mut Loaded) -> Result<(), tokio_postgres::Error> {
    let begin = Instant::now();
    for statement in tables::INDEXES {
        client.batch_execute(statement).await?;
    }
    client
        .batch_execute("ANALYZE astronomical_objects, observations, detections, external_catalog")
        .await?;
    let row = client
        .query_one(
            "SELECT pg_total_relation_size('astronomical_objects'),
                    (SELECT percentile_disc(0.02) WITHIN GROUP (ORDER BY magnitude_v)
                     FROM astronomical_objects)",
            &[],
        )
        .await?;
    loaded.size_bytes = row.get(0);
    loaded.bright_limit = row.get::<_, Option<f32>>(1).map(f64::from);
    loaded.index_seconds = begin.elapsed().as_secs_f64();
    Ok(())
}

impl Loaded {
    /// The time that loading took.
    pub fn elapsed(&self) -> Duration {
        common::units::seconds(self.load_seconds + self.index_seconds)
    }
}
