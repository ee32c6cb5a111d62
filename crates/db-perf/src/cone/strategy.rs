//! The ways to ask for a cone: index, query and parameters.

use common::sky::Cone;
use serde::Serialize;

use super::{healpix_ranges, lon_lat_boxes};
use crate::catalog::binary::longitude;
use crate::parameters::Parameters;

/// The radius that PostGIS gives a sphere: the mean radius of WGS84, metres.
pub const EARTH_RADIUS_M: f64 = 6_371_008.771_415_06;

/// Metres per degree of the naive queries, which is right nowhere.
const NAIVE_METRES_PER_DEGREE: f64 = 111_000.0;

/// A way to search a cone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Index on the geometry, query with a cast to geography: what most code does.
    CastDefeatsIndex,
    /// Geometry with planar degrees.
    GeometryPlanar,
    /// Geometry boxes, then the exact separation.
    GeometryBox,
    /// Geography on the WGS84 spheroid with 111 km a degree.
    GeographySpheroid,
    /// Geography on the sphere.
    GeographySphere,
    /// Q3C.
    Q3c,
    /// pgSphere.
    PgSphere,
    /// B-tree on the HEALPix pixel with ranges from the client.
    Healpix,
    /// A belt of declination, then the separation: what is left without a spatial index.
    Plain,
}

/// Where the coordinates are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Columns {
    /// The table, quoted and with its schema where needed.
    pub table: String,
    /// Right ascension in degrees.
    pub ra: String,
    /// Declination in degrees.
    pub dec: String,
    /// Geometry (or geography) column, where there is one.
    pub position: Option<String>,
    /// The indexed expression that gives a geography, where it is not `position::geography`.
    pub geography: Option<String>,
    /// Column with the pixel of order 29, where there is one.
    pub healpix: Option<String>,
    /// What is selected beside the coordinates.
    pub extra: String,
}

impl Columns {
    /// The expression that gives a geography.
    fn geography(&self) -> String {
        self.geography.clone().unwrap_or_else(|| {
            let position = self.position.as_deref().unwrap_or("position");
            format!("{position}::geography")
        })
    }
}

impl Strategy {
    /// Those that are compared, from the worst practice to the best.
    pub const ALL: [Self; 8] = [
        Self::CastDefeatsIndex,
        Self::GeometryPlanar,
        Self::GeometryBox,
        Self::GeographySpheroid,
        Self::GeographySphere,
        Self::Q3c,
        Self::PgSphere,
        Self::Healpix,
    ];

    /// The name in a report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CastDefeatsIndex => "cast_defeats_index",
            Self::GeometryPlanar => "geometry_planar",
            Self::GeometryBox => "geometry_box",
            Self::GeographySpheroid => "geography_spheroid",
            Self::GeographySphere => "geography_sphere",
            Self::Q3c => "q3c",
            Self::PgSphere => "pgsphere",
            Self::Healpix => "healpix",
            Self::Plain => "plain",
        }
    }

    /// What it is, for people.
    pub fn describe(self) -> &'static str {
        match self {
            Self::CastDefeatsIndex => {
                "GiST on the geometry, but the query casts to geography: the index cannot be used"
            }
            Self::GeometryPlanar => "GiST on the geometry, degrees as if the sky were flat",
            Self::GeometryBox => "GiST on the geometry, boxes from the client, then the separation",
            Self::GeographySpheroid => "GiST on (position::geography), spheroid, 111 km a degree",
            Self::GeographySphere => "GiST on (position::geography), on the sphere",
            Self::Q3c => "Q3C: B-tree on q3c_ang2ipix",
            Self::PgSphere => "pgSphere: GiST on spoint",
            Self::Healpix => "B-tree on the HEALPix pixel, ranges from the client",
            Self::Plain => "no spatial index: a belt of declination, then the separation",
        }
    }

    /// Server settings of a session that asks this way. Planning anew for each cone takes longer
    /// than the search itself with Q3C and HEALPix, and the planner takes a range of pixels for a
    /// ninth of the table.
    pub fn settings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Healpix => &[
                ("plan_cache_mode", "force_generic_plan"),
                ("enable_seqscan", "off"),
            ],
            _ => &[("plan_cache_mode", "force_generic_plan")],
        }
    }

    /// The extension it needs beside PostGIS.
    pub fn extension(self) -> Option<&'static str> {
        match self {
            Self::Q3c => Some("q3c"),
            Self::PgSphere => Some("pg_sphere"),
            _ => None,
        }
    }

    /// Whether it is meant to give the right answer; the others are there to show what they cost.
    pub fn is_sound(self) -> bool {
        !matches!(
            self,
            Self::CastDefeatsIndex | Self::GeometryPlanar | Self::GeographySpheroid
        )
    }

    /// The part of CREATE INDEX after the table's name.
    pub fn index_on(self, columns: &Columns) -> String {
        let Columns { ra, dec, .. } = columns;
        let position = columns.position.as_deref().unwrap_or("position");
        let healpix = columns.healpix.as_deref().unwrap_or("hpx29");
        match self {
            Self::CastDefeatsIndex | Self::GeometryPlanar | Self::GeometryBox => {
                format!("USING gist ({position})")
            }
            Self::GeographySpheroid | Self::GeographySphere => {
                format!("USING gist (({}))", columns.geography())
            }
            Self::Q3c => format!("(q3c_ang2ipix({ra}, {dec}))"),
            Self::PgSphere => {
                format!("USING gist ((spoint(radians({ra}), radians({dec}))))")
            }
            Self::Healpix => format!("({healpix})"),
            Self::Plain => format!("({dec})"),
        }
    }

    /// The condition and the FROM clause. Parameters are those of [`Strategy::parameters`].
    fn clauses(self, columns: &Columns) -> (String, String) {
        let Columns { table, ra, dec, .. } = columns;
        let position = columns.position.as_deref().unwrap_or("position");
        let geography = columns.geography();
        let healpix = columns.healpix.as_deref().unwrap_or("hpx29");
        let point = "ST_SetSRID(ST_MakePoint($1::float8, $2::float8), 4326)";
        let from = format!("{table} AS o");
        match self {
            Self::CastDefeatsIndex | Self::GeographySpheroid => (
                from,
                format!("ST_DWithin({geography}, {point}::geography, $3::float8)"),
            ),
            Self::GeometryPlanar => (
                from,
                format!("ST_DWithin(o.{position}, {point}, $3::float8)"),
            ),
            Self::GeometryBox => (
                from,
                format!(
                    "(o.{position} && ST_MakeEnvelope($4, $5, $6, $7, 4326) \
                      OR o.{position} && ST_MakeEnvelope($8, $9, $10, $11, 4326)) AND {}",
                    within(ra, dec)
                ),
            ),
            Self::GeographySphere => (
                from,
                format!("ST_DWithin({geography}, {point}::geography, $3::float8, false)"),
            ),
            Self::Q3c => (
                from,
                format!("q3c_radial_query(o.{ra}, o.{dec}, $1::float8, $2::float8, $3::float8)"),
            ),
            Self::PgSphere => (
                from,
                format!(
                    "spoint(radians(o.{ra}), radians(o.{dec})) <@ \
                     scircle(spoint(radians($1::float8), radians($2::float8)), radians($3::float8))"
                ),
            ),
            Self::Healpix => (
                format!(
                    "unnest($4::bigint[], $5::bigint[]) AS r (low, high) \
                     JOIN {table} AS o ON o.{healpix} BETWEEN r.low AND r.high"
                ),
                within(ra, dec),
            ),
            Self::Plain => (
                from,
                format!(
                    "o.{dec} BETWEEN $2::float8 - $3::float8 AND $2::float8 + $3::float8 AND {}",
                    within(ra, dec)
                ),
            ),
        }
    }

    /// The query: coordinates first, then what else is selected.
    pub fn sql(self, columns: &Columns) -> String {
        let (from, condition) = self.clauses(columns);
        let Columns { ra, dec, extra, .. } = columns;
        format!("SELECT o.{ra}::float8, o.{dec}::float8{extra} FROM {from} WHERE {condition}")
    }

    /// The same with the nearest first and no more than `limit`.
    pub fn nearest_sql(self, columns: &Columns, limit: u32) -> String {
        let Columns { ra, dec, .. } = columns;
        let separation = haversine(ra, dec);
        format!("{} ORDER BY {separation} LIMIT {limit}", self.sql(columns))
    }

    /// The parameters for a cone.
    pub fn parameters(self, cone: &Cone) -> Parameters {
        let (ra, dec) = (cone.center.ra_deg, cone.center.dec_deg);
        let radius = cone.radius_deg;
        let lon = longitude(ra);
        match self {
            Self::CastDefeatsIndex | Self::GeographySpheroid => {
                vec![
                    Box::new(lon),
                    Box::new(dec),
                    Box::new(radius * NAIVE_METRES_PER_DEGREE),
                ]
            }
            Self::GeometryPlanar => vec![Box::new(lon), Box::new(dec), Box::new(radius)],
            Self::GeographySphere => {
                let metres = radius.to_radians() * EARTH_RADIUS_M;
                vec![Box::new(lon), Box::new(dec), Box::new(metres)]
            }
            Self::Q3c | Self::PgSphere | Self::Plain => {
                vec![Box::new(ra), Box::new(dec), Box::new(radius)]
            }
            Self::GeometryBox => {
                let mut parameters: Parameters =
                    vec![Box::new(ra), Box::new(dec), Box::new(radius)];
                let [first, second] = lon_lat_boxes(cone);
                // Without a second part the first one is asked for twice, which costs nothing.
                for part in [first, second.or(first)].into_iter().flatten() {
                    for edge in [part.west, part.south, part.east, part.north] {
                        parameters.push(Box::new(edge));
                    }
                }
                parameters
            }
            Self::Healpix => {
                let (lows, highs) = healpix_ranges(cone);
                vec![
                    Box::new(ra),
                    Box::new(dec),
                    Box::new(radius),
                    Box::new(lows),
                    Box::new(highs),
                ]
            }
        }
    }
}

/// The haversine of the separation from ($1, $2), which grows with it.
fn haversine(ra: &str, dec: &str) -> String {
    format!(
        "(power(sin(radians(o.{dec}::float8 - $2::float8) / 2), 2) + cos(radians(o.{dec}::float8)) \
         * cos(radians($2::float8)) * power(sin(radians(o.{ra}::float8 - $1::float8) / 2), 2))"
    )
}

/// Whether a row is within $3 degrees of ($1, $2): the haversine formula, exact at any distance.
fn within(ra: &str, dec: &str) -> String {
    format!(
        "{} <= power(sin(radians($3::float8) / 2), 2)",
        haversine(ra, dec)
    )
}
