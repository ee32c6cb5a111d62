//! One loader: takes rows, gives them new numbers, sends them as one batch.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use common::load::{Done, Failure, Workload};
use common::units::{count_usize, size_u64};
use futures::SinkExt as _;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, Statement};
use tokio_util::bytes::Bytes;

use super::method::{COLUMNS, Method};
use super::{Session, TABLE};
use crate::catalog::Row;
use crate::catalog::binary::{Encoder, HEADER, TRAILER, healpix29, longitude};
use crate::workloads::session::Prepare;

/// How a loader sends its batches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Writer {
    pub(super) method: Method,
    pub(super) batch: u64,
}

impl Prepare for Writer {
    type Prepared = Option<Statement>;

    async fn prepare(&self, client: &Client) -> Result<Option<Statement>, Error> {
        let sql = match self.method {
            Method::RowByRow => insert_sql(1),
            Method::MultiRow => insert_sql(self.batch),
            Method::Unnest => unnest_sql(),
            Method::CopyText | Method::CopyBinary => return Ok(None),
        };
        client.prepare(&sql).await.map(Some)
    }
}

/// A worker that brings batches in.
pub(super) struct Loader {
    pub(super) session: Session<Writer>,
    pub(super) writer: Writer,
    pub(super) rows: Arc<Vec<Row>>,
    pub(super) next_id: Arc<AtomicI64>,
}

impl Workload for Loader {
    async fn execute(&mut self) -> Result<Done, Failure> {
        let size = count_usize(self.writer.batch).min(self.rows.len());
        let step = i64::try_from(size).unwrap_or(i64::MAX);
        let first_id = self.next_id.fetch_add(step, Ordering::Relaxed);
        let rows = &self.rows[..size];
        let (client, statement, attendant) = self.session.get().await?;
        let sent = send(
            client,
            self.writer.method,
            statement.as_ref(),
            rows,
            first_id,
        );
        let sent = attendant.attend(sent).await;
        match sent {
            Ok(count) => Ok(Done {
                bytes: 0,
                items: count,
                ..Done::default()
            }),
            Err(error) => Err(self.session.failed(&error)),
        }
    }
}

async fn send(
    client: &Client,
    method: Method,
    statement: Option<&Statement>,
    rows: &[Row],
    first_id: i64,
) -> Result<u64, Error> {
    match (method, statement) {
        (Method::CopyBinary, _) => {
            copy(client, "(FORMAT binary)", binary_rows(rows, first_id)).await
        }
        (Method::CopyText, _) | (_, None) => {
            copy(client, "(FORMAT text)", text_rows(rows, first_id)).await
        }
        (Method::RowByRow, Some(statement)) => {
            client.batch_execute("BEGIN").await?;
            for (row, id) in rows.iter().zip(first_id..) {
                let values = Values::of(row, id);
                client.execute(statement, &values.parameters()).await?;
            }
            client.batch_execute("COMMIT").await?;
            Ok(size_u64(rows.len()))
        }
        (Method::MultiRow, Some(statement)) => {
            let values: Vec<Values<'_>> = rows
                .iter()
                .zip(first_id..)
                .map(|(row, id)| Values::of(row, id))
                .collect();
            let parameters: Vec<&(dyn ToSql + Sync)> =
                values.iter().flat_map(Values::parameters).collect();
            client.execute(statement, &parameters).await
        }
        (Method::Unnest, Some(statement)) => {
            let arrays = Arrays::of(rows, first_id);
            client.execute(statement, &arrays.parameters()).await
        }
    }
}

async fn copy(client: &Client, format: &str, bytes: Vec<u8>) -> Result<u64, Error> {
    let sink = client
        .copy_in(&format!("COPY {TABLE} FROM STDIN {format}"))
        .await?;
    let mut sink = std::pin::pin!(sink);
    sink.send(Bytes::from(bytes)).await?;
    sink.finish().await
}

/// Values in the order of the columns; the geometry is made of longitude and latitude.
struct Values<'a> {
    id: i64,
    object_type: &'a str,
    ra: f64,
    dec: f64,
    magnitude_v: Option<f32>,
    parallax: Option<f32>,
    pm_ra: Option<f64>,
    pm_dec: Option<f64>,
    lon: f64,
    hpx29: i64,
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a real column keeps seven digits"
)]
fn real(value: Option<f64>) -> Option<f32> {
    value.map(|value| value as f32)
}

impl<'a> Values<'a> {
    fn of(row: &'a Row, id: i64) -> Self {
        Self {
            id,
            object_type: row.object_type,
            ra: row.position.ra_deg,
            dec: row.position.dec_deg,
            magnitude_v: real(row.v.map(|it| it.value)),
            parallax: real(row.parallax.map(|it| it.value)),
            pm_ra: row.pm_ra.map(|it| it.value),
            pm_dec: row.pm_dec.map(|it| it.value),
            lon: longitude(row.position.ra_deg),
            hpx29: healpix29(row.position),
        }
    }

    fn parameters(&self) -> [&(dyn ToSql + Sync); 10] {
        [
            &self.id,
            &self.object_type,
            &self.ra,
            &self.dec,
            &self.magnitude_v,
            &self.parallax,
            &self.pm_ra,
            &self.pm_dec,
            &self.lon,
            &self.hpx29,
        ]
    }
}

/// One array a column.
#[derive(Default)]
struct Arrays<'a> {
    ids: Vec<i64>,
    types: Vec<&'a str>,
    ra: Vec<f64>,
    dec: Vec<f64>,
    magnitude_v: Vec<Option<f32>>,
    parallax: Vec<Option<f32>>,
    pm_ra: Vec<Option<f64>>,
    pm_dec: Vec<Option<f64>>,
    lon: Vec<f64>,
    hpx29: Vec<i64>,
}

impl<'a> Arrays<'a> {
    fn of(rows: &'a [Row], first_id: i64) -> Self {
        let mut arrays = Self::default();
        for (row, id) in rows.iter().zip(first_id..) {
            let values = Values::of(row, id);
            arrays.ids.push(values.id);
            arrays.types.push(values.object_type);
            arrays.ra.push(values.ra);
            arrays.dec.push(values.dec);
            arrays.magnitude_v.push(values.magnitude_v);
            arrays.parallax.push(values.parallax);
            arrays.pm_ra.push(values.pm_ra);
            arrays.pm_dec.push(values.pm_dec);
            arrays.lon.push(values.lon);
            arrays.hpx29.push(values.hpx29);
        }
        arrays
    }

    fn parameters(&self) -> [&(dyn ToSql + Sync); 10] {
        [
            &self.ids,
            &self.types,
            &self.ra,
            &self.dec,
            &self.magnitude_v,
            &self.parallax,
            &self.pm_ra,
            &self.pm_dec,
            &self.lon,
            &self.hpx29,
        ]
    }
}

fn insert_sql(rows: u64) -> String {
    let mut sql = format!("INSERT INTO {TABLE} VALUES ");
    for row in 0..rows {
        let n = |column: u64| row * COLUMNS + column;
        let _ = write!(
            sql,
            "{}(${}::bigint,${}::text,${}::float8,${}::float8,${}::float4,${}::float4,${}::float8,\
             ${}::float8,ST_SetSRID(ST_MakePoint(${}::float8,${}::float8),4326),${}::bigint)",
            if row > 0 { "," } else { "" },
            n(1),
            n(2),
            n(3),
            n(4),
            n(5),
            n(6),
            n(7),
            n(8),
            n(9),
            n(4),
            n(10),
        );
    }
    sql
}

fn unnest_sql() -> String {
    format!(
        "INSERT INTO {TABLE} SELECT id, kind, ra, dec, mag, plx, pmra, pmdec,
             ST_SetSRID(ST_MakePoint(lon, dec), 4326), hpx
         FROM unnest($1::bigint[], $2::text[], $3::float8[], $4::float8[], $5::float4[],
             $6::float4[], $7::float8[], $8::float8[], $9::float8[], $10::bigint[])
             AS r (id, kind, ra, dec, mag, plx, pmra, pmdec, lon, hpx)"
    )
}

fn binary_rows(rows: &[Row], first_id: i64) -> Vec<u8> {
    let mut encoder = Encoder::with_capacity(rows.len() * 160 + 64);
    encoder.raw(HEADER);
    for (row, id) in rows.iter().zip(first_id..) {
        encoder
            .row(10)
            .int8(id)
            .text(row.object_type)
            .float8(Some(row.position.ra_deg))
            .float8(Some(row.position.dec_deg))
            .float4(row.v.map(|it| it.value))
            .float4(row.parallax.map(|it| it.value))
            .float8(row.pm_ra.map(|it| it.value))
            .float8(row.pm_dec.map(|it| it.value))
            .point(row.position)
            .int8(healpix29(row.position));
    }
    encoder.raw(&TRAILER);
    encoder.take()
}

fn text_rows(rows: &[Row], first_id: i64) -> Vec<u8> {
    let mut text = String::with_capacity(rows.len() * 160);
    let number = |text: &mut String, value: Option<f64>| {
        let _ = match value {
            Some(value) => write!(text, "{value}\t"),
            None => write!(text, "\\N\t"),
        };
    };
    for (row, id) in rows.iter().zip(first_id..) {
        let position = row.position;
        let (ra, dec) = (position.ra_deg, position.dec_deg);
        let _ = write!(text, "{id}\t{}\t{ra}\t{dec}\t", row.object_type);
        let measured = [row.v, row.parallax, row.pm_ra, row.pm_dec];
        for value in measured {
            number(&mut text, value.map(|it| it.value));
        }
        let lon = longitude(ra);
        let _ = writeln!(
            text,
            "SRID=4326;POINT({lon} {dec})\t{}",
            healpix29(position)
        );
    }
    text.into_bytes()
}
