//! PostgreSQL's binary COPY format: <https://www.postgresql.org/docs/current/sql-copy.html>.

use common::sky::Position;

/// The file header: signature, flags, no extension.
pub const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// The file trailer.
pub const TRAILER: [u8; 2] = [0xff, 0xff];

/// Longitude in (−180, 180], as PostGIS wants it: right ascensions above 180° would be coerced
/// with a NOTICE each.
pub fn longitude(ra_deg: f64) -> f64 {
    if ra_deg > 180.0 {
        ra_deg - 360.0
    } else {
        ra_deg
    }
}

/// The HEALPix pixel of order 29 in the nested scheme.
pub fn healpix29(position: Position) -> i64 {
    let pixel = cdshealpix::nested::hash(
        29,
        position.ra_deg.to_radians(),
        position.dec_deg.to_radians(),
    );
    i64::try_from(pixel).expect("12 · 4^29 pixels fit in 62 bits")
}

/// Appends fields to a buffer of rows.
#[derive(Debug, Default)]
pub struct Encoder {
    bytes: Vec<u8>,
}

impl Encoder {
    /// An empty buffer with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(capacity),
        }
    }

    /// Takes what was written so far.
    pub fn take(&mut self) -> Vec<u8> {
        let capacity = self.bytes.capacity();
        std::mem::replace(&mut self.bytes, Vec::with_capacity(capacity))
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Begins a row of `fields` fields.
    pub fn row(&mut self, fields: i16) -> &mut Self {
        self.raw(&fields.to_be_bytes())
    }

    /// A `bigint`.
    pub fn int8(&mut self, value: i64) -> &mut Self {
        self.field(&value.to_be_bytes())
    }

    /// A `bigint` or NULL.
    pub fn int8_or_null(&mut self, value: Option<i64>) -> &mut Self {
        match value {
            Some(value) => self.int8(value),
            None => self.null(),
        }
    }

    /// A `double precision`, or NULL where it is absent or not finite.
    pub fn float8(&mut self, value: Option<f64>) -> &mut Self {
        match value.filter(|value| value.is_finite()) {
            Some(value) => self.field(&value.to_be_bytes()),
            None => self.null(),
        }
    }

    /// A `real`, or NULL where it is absent or not finite.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a real column keeps seven digits"
    )]
    pub fn float4(&mut self, value: Option<f64>) -> &mut Self {
        match value.filter(|value| value.is_finite()) {
            Some(value) => self.field(&(value as f32).to_be_bytes()),
            None => self.null(),
        }
    }

    /// A `text`.
    pub fn text(&mut self, value: &str) -> &mut Self {
        self.field(value.as_bytes())
    }

    /// A `text` or NULL.
    pub fn text_or_null(&mut self, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    /// A `timestamptz` from a modified Julian date.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "microseconds of any date fit in 63 bits"
    )]
    pub fn timestamp(&mut self, mjd: f64) -> &mut Self {
        /// 2000-01-01T00:00:00, PostgreSQL's zero.
        const ZERO_MJD: f64 = 51_544.0;
        let micros = ((mjd - ZERO_MJD) * 86_400e6).round() as i64;
        self.field(&micros.to_be_bytes())
    }

    /// A `geometry(Point, 4326)` as EWKB.
    pub fn point(&mut self, position: Position) -> &mut Self {
        const POINT_WITH_SRID: u32 = 0x2000_0001;
        const SRID: u32 = 4326;
        self.raw(&25_i32.to_be_bytes())
            .raw(&[1])
            .raw(&POINT_WITH_SRID.to_le_bytes())
            .raw(&SRID.to_le_bytes())
            .raw(&longitude(position.ra_deg).to_le_bytes())
            .raw(&position.dec_deg.to_le_bytes())
    }

    /// A NULL.
    pub fn null(&mut self) -> &mut Self {
        self.raw(&(-1_i32).to_be_bytes())
    }

    fn field(&mut self, bytes: &[u8]) -> &mut Self {
        let length = i32::try_from(bytes.len()).expect("fields are short");
        self.raw(&length.to_be_bytes()).raw(bytes)
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.bytes.extend_from_slice(bytes);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_length_prefixed_in_network_order() {
        let mut encoder = Encoder::default();
        encoder.row(2).int8(1).float8(None);
        assert_eq!(
            encoder.take(),
            [0, 2, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1, 255, 255, 255, 255]
        );
        assert!(encoder.is_empty());
    }

    #[test]
    fn longitudes_never_need_coercion() {
        assert!((longitude(359.0) + 1.0).abs() < 1e-12);
        assert!((longitude(180.0) - 180.0).abs() < 1e-12);
    }
}
