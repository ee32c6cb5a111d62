//! What is loaded beside the catalogue: a second catalogue at another epoch, observations, light curves.

use common::sky::{Cadence, Position, Sky, SkyConfig, Source, light_curve, observations_from};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use tokio_postgres::Client;

use super::super::binary::Encoder;
use super::super::{Reservoir, Row};
use super::{LoadOptions, Loaded, copy_encoded};

/// Positions kept for targets that follow the density.
const SAMPLE: usize = 20_000;

/// The second catalogue is as seen in 2016.0, sixteen years after the first.
pub(crate) const EXTERNAL_YEARS: f64 = 16.0;

/// MJD of 2016.0.
const EXTERNAL_MJD: f64 = 57_388.5;

/// Positions of the second catalogue are off by up to this much, arcseconds.
const EXTERNAL_ERROR_ARCSEC: f64 = 0.3;

/// Visits of each light curve: a tenth of what ten years of LSST bring.
const VISITS: usize = 82;

/// One row in this many of the second catalogue is in the first one not at all.
const STRANGERS: usize = 10;

/// What is gathered during the pass over the catalogue.
pub struct Companions {
    options: LoadOptions,
    rows: u64,
    sample: Reservoir<Position>,
    external: Reservoir<(i64, Position)>,
    curves: Reservoir<Source>,
    max_proper_motion_mas: f64,
}

impl Companions {
    pub(super) fn new(options: &LoadOptions) -> Self {
        Self {
            rows: 0,
            sample: Reservoir::new(SAMPLE, options.seed ^ 1),
            external: Reservoir::new(options.external_rows, options.seed ^ 2),
            curves: Reservoir::new(options.light_curves, options.seed ^ 3),
            max_proper_motion_mas: 0.0,
            options: options.clone(),
        }
    }

    pub(super) fn observe(&mut self, row: &Row, source: Option<&Source>) {
        self.rows += 1;
        self.sample.offer(row.position);
        // An asteroid is somewhere else sixteen years later, which no proper motion tells.
        let moves_oddly = source.is_some_and(|source| source.orbit.is_some());
        if !moves_oddly {
            self.external.offer_with(|| {
                let then = source.map_or(row.position, |it| it.position_at(EXTERNAL_YEARS));
                (row.id, then)
            });
        }
        if let Some(source) = source.filter(|source| source.variability.is_some()) {
            self.curves.offer(*source);
        }
        if let (Some(pm_ra), Some(pm_dec)) = (row.pm_ra, row.pm_dec) {
            let total = pm_ra.value.hypot(pm_dec.value);
            self.max_proper_motion_mas = self.max_proper_motion_mas.max(total);
        }
    }

    /// Stores what was gathered and says what that is.
    pub(super) async fn store(self, client: &Client) -> Result<Loaded, tokio_postgres::Error> {
        let external = encode_external(self.external.into_items(), self.options.seed);
        let curves = encode_curves(&self.curves.into_items(), self.options.seed);
        let observations = encode_observations(&self.options);
        let external_rows = copy_encoded(client, "external_catalog", external.rows).await?;
        let detections = copy_encoded(client, "detections", curves.0).await?;
        let observations = copy_encoded(client, "observations", observations).await?;
        Ok(Loaded {
            rows: self.rows,
            sample: self.sample.into_items(),
            true_pairs: external.pairs,
            external_rows,
            max_proper_motion_arcsec: self.max_proper_motion_mas / 1000.0,
            detections,
            with_light_curve: curves.1,
            observations,
            ..Loaded::default()
        })
    }
}

struct External {
    rows: Vec<u8>,
    pairs: Vec<(i64, i64)>,
}

fn encode_external(objects: Vec<(i64, Position)>, seed: u64) -> External {
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ 4);
    let mut encoder = Encoder::default();
    let mut pairs = Vec::new();
    for (index, (object_id, position)) in objects.into_iter().enumerate() {
        let external_id = i64::try_from(index + 1).unwrap_or(i64::MAX);
        let angle = 360.0 * random.random::<f64>();
        let is_stranger = index % STRANGERS == STRANGERS - 1;
        let shift_arcsec = if is_stranger {
            // Far enough from its star, near enough to be a row of the same sky.
            600.0
        } else {
            EXTERNAL_ERROR_ARCSEC * random.random::<f64>()
        };
        let seen = position.offset(angle, shift_arcsec / 3600.0);
        encoder
            .row(6)
            .int8(external_id)
            .float8(Some(seen.ra_deg))
            .float8(Some(seen.dec_deg))
            .float8(Some(EXTERNAL_MJD))
            .point(seen)
            .int8_or_null((!is_stranger).then_some(object_id));
        if !is_stranger {
            pairs.push((external_id, object_id));
        }
    }
    External {
        rows: encoder.take(),
        pairs,
    }
}

/// Rows of `detections`, and the numbers of the objects they belong to.
fn encode_curves(sources: &[Source], seed: u64) -> (Vec<u8>, Vec<i64>) {
    let cadence = Cadence {
        visits: VISITS,
        ..Cadence::default()
    };
    let mut encoder = Encoder::default();
    let mut ids = Vec::new();
    for source in sources {
        let id = i64::try_from(source.id).unwrap_or(i64::MAX);
        ids.push(id);
        for point in light_curve(source, seed, &cadence) {
            encoder
                .row(6)
                .int8(id)
                .float8(Some(point.mjd))
                .text(point.band)
                .float4(point.mag)
                .float4(Some(point.mag_error))
                .timestamp(point.mjd);
        }
    }
    (encoder.take(), ids)
}

fn encode_observations(options: &LoadOptions) -> Vec<u8> {
    let mut encoder = Encoder::default();
    let wanted = common::units::count_usize(options.observations);
    let sky = Sky::new(SkyConfig {
        seed: options.seed,
        ..SkyConfig::default()
    });
    for observation in observations_from(&sky, 0).take(wanted) {
        encoder
            .row(9)
            .int8(i64::try_from(observation.id).unwrap_or(i64::MAX))
            .text(observation.telescope)
            .text(observation.instrument)
            .text(observation.filter)
            .point(observation.pointing)
            .float8(Some(observation.mjd))
            .float4(Some(observation.exposure_s))
            .float4(observation.airmass)
            .text(&observation.file_name);
    }
    encoder.take()
}
