//! The tables of a run. All names are found through the search path, which begins with our schema.

use super::Row;
use super::binary::{Encoder, healpix29};

/// The catalogue under test.
pub const OBJECTS: &str = "astronomical_objects";

/// Everything but the indexes, which are built after loading.
pub const CREATE: &str = "
CREATE TABLE astronomical_objects (
    object_id bigint NOT NULL,
    object_type text NOT NULL,
    ra double precision NOT NULL,
    dec double precision NOT NULL,
    magnitude_v real, magnitude_v_error real,
    phot_g_mag real, phot_g_error real,
    phot_bp_mag real, phot_bp_error real,
    phot_rp_mag real, phot_rp_error real,
    mag_u real, mag_u_error real, mag_g real, mag_g_error real, mag_r real, mag_r_error real,
    mag_i real, mag_i_error real, mag_z real, mag_z_error real, mag_y real, mag_y_error real,
    parallax real, parallax_error real,
    pm_ra double precision, pm_ra_error real,
    pm_dec double precision, pm_dec_error real,
    redshift real,
    variable_class text, period_days double precision, amplitude real,
    discovery_date timestamptz NOT NULL,
    position geometry(Point, 4326) NOT NULL,
    hpx29 bigint NOT NULL
);
COMMENT ON COLUMN astronomical_objects.pm_ra IS 'mas/yr, times cos(dec)';
COMMENT ON COLUMN astronomical_objects.position IS 'ICRS, longitude = ra, above 180 degrees minus 360';
COMMENT ON COLUMN astronomical_objects.hpx29 IS 'HEALPix pixel of order 29, nested';
CREATE TABLE observations (
    observation_id bigint NOT NULL,
    telescope text NOT NULL, instrument text NOT NULL, filter text NOT NULL,
    pointing geometry(Point, 4326) NOT NULL,
    mjd double precision NOT NULL, exposure_s real NOT NULL, airmass real,
    file_name text NOT NULL
);
CREATE TABLE detections (
    object_id bigint NOT NULL,
    mjd double precision NOT NULL,
    band text NOT NULL,
    mag real, mag_error real,
    detected_at timestamptz NOT NULL
);
CREATE TABLE external_catalog (
    external_id bigint NOT NULL,
    ra double precision NOT NULL,
    dec double precision NOT NULL,
    epoch_mjd double precision NOT NULL,
    position geometry(Point, 4326) NOT NULL,
    true_object_id bigint
);";

/// The indexes a well-kept catalogue has.
pub const INDEXES: &[&str] = &[
    "ALTER TABLE astronomical_objects ADD PRIMARY KEY (object_id)",
    "CREATE INDEX objects_geography ON astronomical_objects USING gist ((position::geography))",
    "CREATE INDEX objects_magnitude ON astronomical_objects (magnitude_v)",
    "CREATE INDEX objects_discovery ON astronomical_objects (discovery_date)",
    "CREATE INDEX objects_type ON astronomical_objects (object_type)",
    "CREATE INDEX objects_variable ON astronomical_objects (amplitude) WHERE variable_class IS NOT NULL",
    "ALTER TABLE observations ADD PRIMARY KEY (observation_id)",
    "CREATE INDEX detections_object ON detections (object_id, mjd)",
    "CREATE INDEX detections_time ON detections (detected_at)",
    "ALTER TABLE external_catalog ADD PRIMARY KEY (external_id)",
];

/// Fields of a row of [`OBJECTS`].
const FIELDS: i16 = 37;

/// The day on which the newest object was discovered, MJD of 2026-01-01.
pub const NEWEST_MJD: f64 = 61_041.0;

/// The day on which an object was discovered, MJD: spread over ten years, by a hash of the number,
/// so that neighbours differ.
pub fn discovery_mjd(id: i64) -> f64 {
    let hash = u64::from_ne_bytes(id.to_ne_bytes()).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let share = common::units::count_f64(hash >> 11) / common::units::count_f64(1 << 53);
    NEWEST_MJD - 3652.5 * share
}

/// Appends a row of [`OBJECTS`].
pub fn encode(encoder: &mut Encoder, row: &Row) {
    encoder
        .row(FIELDS)
        .int8(row.id)
        .text(row.object_type)
        .float8(Some(row.position.ra_deg))
        .float8(Some(row.position.dec_deg));
    for measured in [row.v].iter().chain(&row.gaia).chain(&row.lsst) {
        encoder
            .float4(measured.map(|it| it.value))
            .float4(measured.map(|it| it.error));
    }
    encoder
        .float4(row.parallax.map(|it| it.value))
        .float4(row.parallax.map(|it| it.error));
    for measured in [row.pm_ra, row.pm_dec] {
        encoder
            .float8(measured.map(|it| it.value))
            .float4(measured.map(|it| it.error));
    }
    encoder
        .float4(row.redshift)
        .text_or_null(row.variability.map(|it| it.0))
        .float8(row.variability.and_then(|it| it.1))
        .float4(row.variability.map(|it| it.2))
        .timestamp(discovery_mjd(row.id))
        .point(row.position)
        .int8(healpix29(row.position));
}

#[cfg(test)]
mod tests {
    use common::sky::Position;

    use super::*;

    #[test]
    fn a_row_has_as_many_fields_as_the_table_has_columns() {
        let table = CREATE.split(");").next().unwrap();
        let types = [
            " real",
            " bigint",
            " text",
            " double precision",
            " timestamptz",
            " geometry",
        ];
        let columns: usize = types.iter().map(|kind| table.matches(kind).count()).sum();
        assert_eq!(columns, usize::try_from(FIELDS).unwrap());

        let mut encoder = Encoder::default();
        encode(
            &mut encoder,
            &Row::plain(1, Position::new(10.0, 20.0), None),
        );
        let bytes = encoder.take();
        let mut rest = &bytes[2..];
        let mut fields = 0;
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let length = usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0);
            rest = &after[length..];
            fields += 1;
        }
        assert_eq!(fields, FIELDS);
    }

    #[test]
    fn discoveries_lie_in_the_ten_years_before_the_newest() {
        for id in 1..1000 {
            let mjd = discovery_mjd(id);
            assert!((NEWEST_MJD - 3652.5..=NEWEST_MJD).contains(&mjd), "{mjd}");
        }
    }
}
