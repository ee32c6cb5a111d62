//! Drawing one source of a class: truth first, then what a survey measures of it.

use super::astrometry::{
    PARALLAX_ZERO_POINT_MAS, PROPER_MOTION_FACTORS, SPECTROGRAPH_LIMIT, distance_from_parallax_pc,
    parallax_error_mas, radial_velocity_error_km_s, velocity_km_s,
};
use super::errors::LSST_SATURATION;
use super::extragalactic::{Distant, galaxy_redshift, quasar_redshift};
use super::galactic::to_icrs;
use super::generator::{Class, Sky};
use super::geometry::Position;
use super::luminosity::{DWARF_SCATTER, GIANT_SCATTER, Population};
use super::mathx::{Stream, dex};
use super::nebulae;
use super::object_type::ObjectType;
use super::photometry::{self, BANDS, BP, Bands, EXTINCTION, G, LSST, R_V, RP, V};
use super::solar_system::{Orbit, Sighting, earth_au};
use super::source::{EPOCH_MJD, KM_S_PER_AU_YEAR, Measured, Source, Truth};
use super::star_table::StarDraw;
use super::variability::{StarKind, Variability, VariabilityClass};

/// Faintest G with a parallax and a proper motion.
const ASTROMETRY_LIMIT: f64 = 21.2;
/// Slope of asteroid counts.
const ASTEROID_SLOPE: f64 = 0.4;

/// True magnitudes and what a source needs besides.
struct Known {
    position: Position,
    object_type: ObjectType,
    mags: Bands,
    b_v: f64,
    extinction_v: f64,
    /// Extended sources do not saturate.
    extended: bool,
}

impl Sky {
    pub(crate) fn draw(&self, class: Class, id: u64, stream: &mut Stream) -> Source {
        match class {
            Class::Star => self.draw_star(id, false, stream),
            Class::VariableStar => self.draw_star(id, true, stream),
            Class::Galaxy => self.draw_galaxy(id, stream),
            Class::Quasar => self.draw_quasar(id, stream),
            Class::Nebula => self.draw_nebula(id, stream),
            Class::Asteroid => self.draw_asteroid(id, stream),
        }
    }

    fn draw_star(&self, id: u64, variable: bool, stream: &mut Stream) -> Source {
        loop {
            let star = self.stars.draw(stream);
            if let Some(source) = self.observe_star(star, id, variable, stream) {
                return source;
            }
        }
    }

    /// Makes the source of a star, if the selection keeps it.
    #[inline]
    pub(crate) fn observe_star(
        &self,
        star: StarDraw,
        id: u64,
        variable: bool,
        stream: &mut Stream,
    ) -> Option<Source> {
        let (b_v, offsets, observed) = self.select_star(&star, stream)?;
        let group = &self.stars.groups[star.group];
        let kind = StarKind {
            absolute_v: star.absolute_v,
            b_v,
            giant: group.giant,
            old: group.population != Population::Thin,
        };
        let variability = kind.variability(stream, variable);
        let object_type = match (&variability, group.giant) {
            (Some(variability), _) => variability.class.object_type(),
            (None, true) => ObjectType::RedGiant,
            (None, false) => ObjectType::Star,
        };
        let direction = to_icrs(star.direction);
        let known = Known {
            position: Position::from_unit_vector(direction),
            object_type,
            mags: offsets.map(|offset| star.unreddened_v + offset),
            b_v: b_v + star.extinction_v / R_V,
            extinction_v: star.extinction_v,
            extended: false,
        };
        let mut source = self.observe(id, &known, Some(observed), stream);
        let velocity = if let Some(system) = star.system {
            system.velocity_km_s(direction, stream)
        } else {
            let place = star.direction.map(|c| c * star.distance_pc);
            to_icrs(velocity_km_s(group, star.absolute_v, place, stream))
        };
        set_motion(&mut source.truth, direction, velocity, star.distance_pc);
        measure_astrometry(&mut source, stream);
        source.distance_pc = source.parallax.map(|parallax| {
            distance_from_parallax_pc(parallax.value - PARALLAX_ZERO_POINT_MAS, parallax.error)
        });
        source.variability = variability;
        Some(source)
    }

    /// Observes a star in the selecting band; if the selection keeps it, gives its B-V, its offsets
    /// from the unreddened V in every band, and the observation.
    #[inline]
    fn select_star(&self, star: &StarDraw, stream: &mut Stream) -> Option<(f64, Bands, Measured)> {
        let band = self.selection.band();
        let scatter = if self.stars.groups[star.group].giant {
            GIANT_SCATTER
        } else {
            DWARF_SCATTER
        };
        let b_v = star.b_v + scatter * stream.normal();
        let mag = star.unreddened_v
            + self.colours.offset_from_v(b_v, band)
            + EXTINCTION[band] * star.extinction_v;
        let observed = self.noise.observe(band, mag, stream)?;
        self.selection.keeps(observed.value, stream).then(|| {
            let mut offsets = self.colours.offsets_from_v(b_v);
            for i in 0..BANDS {
                offsets[i] += EXTINCTION[i] * star.extinction_v;
            }
            (b_v, offsets, observed)
        })
    }

    fn draw_galaxy(&self, id: u64, stream: &mut Stream) -> Source {
        loop {
            let drawn = self.galaxies.draw(&self.stars, stream);
            if let Some(source) = self.observe_galaxy(&drawn, id, stream) {
                return source;
            }
        }
    }

    /// Makes the source of a galaxy, if the selection keeps it.
    pub(crate) fn observe_galaxy(
        &self,
        drawn: &Distant,
        id: u64,
        stream: &mut Stream,
    ) -> Option<Source> {
        let band = self.selection.extended_band();
        let redshift = galaxy_redshift(drawn.mag - 0.3, stream);
        let (offsets, b_v) = photometry::galaxy(redshift, stream.chance(0.3));
        let v = drawn.mag - offsets[band];
        let mags = core::array::from_fn(|i| v + offsets[i] + EXTINCTION[i] * drawn.extinction_v);
        let observed = self.noise.observe(band, mags[band], stream)?;
        if !self.selection.keeps(observed.value, stream) {
            return None;
        }
        let known = Known {
            position: drawn.position,
            object_type: ObjectType::Galaxy,
            mags,
            b_v: b_v + drawn.extinction_v / R_V,
            extinction_v: drawn.extinction_v,
            extended: true,
        };
        let mut source = self.observe(id, &known, None, stream);
        // Gaia's windows are for point sources.
        (source.g, source.bp, source.rp) = (None, None, None);
        source.redshift = Some(redshift);
        Some(source)
    }

    fn draw_quasar(&self, id: u64, stream: &mut Stream) -> Source {
        loop {
            let drawn = self.quasars.draw(&self.stars, stream);
            if let Some(source) = self.observe_quasar(&drawn, id, stream) {
                return source;
            }
        }
    }

    /// Makes the source of a quasar, if the selection keeps it.
    pub(crate) fn observe_quasar(
        &self,
        drawn: &Distant,
        id: u64,
        stream: &mut Stream,
    ) -> Option<Source> {
        let band = self.selection.band();
        let redshift = quasar_redshift(stream);
        let (offsets, b_v) = photometry::quasar(redshift);
        let v = drawn.mag - offsets[band];
        let mags = core::array::from_fn(|i| v + offsets[i] + EXTINCTION[i] * drawn.extinction_v);
        let observed = self.noise.observe(band, mags[band], stream)?;
        if !self.selection.keeps(observed.value, stream) {
            return None;
        }
        let known = Known {
            position: drawn.position,
            object_type: ObjectType::Quasar,
            mags,
            b_v: b_v + drawn.extinction_v / R_V,
            extinction_v: drawn.extinction_v,
            extended: false,
        };
        let mut source = self.observe(id, &known, Some(observed), stream);
        measure_astrometry(&mut source, stream);
        source.redshift = Some(redshift);
        source.variability = Some(VariabilityClass::Quasar.draw(stream));
        Some(source)
    }

    fn draw_nebula(&self, id: u64, stream: &mut Stream) -> Source {
        let (object_type, position, v) = nebulae::draw(self.selection.limit(), stream);
        let known = Known {
            position,
            object_type,
            mags: [v; BANDS],
            b_v: 0.0,
            extinction_v: 0.0,
            extended: true,
        };
        let mut source = self.observe(id, &known, None, stream);
        // Integrated magnitudes of extended objects scatter between authors by a tenth.
        source.v = Some(Measured {
            value: v + 0.1 * stream.normal(),
            error: 0.1,
        });
        (source.g, source.bp, source.rp) = (None, None, None);
        source.lsst = [None; 6];
        source
    }

    fn draw_asteroid(&self, id: u64, stream: &mut Stream) -> Source {
        // Magnitudes between H and V of an asteroid that comes as near as one in a thousand does.
        const LEAST_DIMMING: f64 = 1.5;
        let earth = earth_au(EPOCH_MJD);
        let (orbit, seen) = loop {
            let orbit = Orbit::draw(stream);
            let seen = orbit.seen_from(earth, EPOCH_MJD);
            // Each magnitude of dimming loses its share of the exponential counts.
            if stream.chance(dex(-ASTEROID_SLOPE * (seen.v - LEAST_DIMMING))) {
                break (orbit, seen);
            }
        };
        let Sighting {
            position,
            v: dimming,
            ..
        } = seen;
        let v = self.selection.limit() + libm::log10(stream.uniform()) / ASTEROID_SLOPE;
        let offsets = self.colours.offsets_from_v(0.75);
        let known = Known {
            position,
            object_type: ObjectType::Asteroid,
            mags: offsets.map(|offset| v + offset),
            b_v: 0.75,
            extinction_v: 0.0,
            extended: false,
        };
        let mut source = self.observe(id, &known, None, stream);
        source.orbit = Some(Orbit {
            absolute_magnitude: v - dimming,
            ..orbit
        });
        source
    }

    /// Photometry of a source; `selected` is the observation that selected it.
    #[inline]
    fn observe(
        &self,
        id: u64,
        known: &Known,
        selected: Option<Measured>,
        stream: &mut Stream,
    ) -> Source {
        let mags = &known.mags;
        let done = selected.map(|_| self.selection.band());
        let observed: [Option<Measured>; BANDS] = core::array::from_fn(|band| {
            if done == Some(band) {
                selected
            } else {
                self.noise.observe(band, mags[band], stream)
            }
        });
        Source {
            id,
            position: known.position,
            object_type: known.object_type,
            v: observed[V],
            g: observed[G],
            bp: observed[BP],
            rp: observed[RP],
            lsst: core::array::from_fn(|band| {
                observed[LSST + band]
                    .filter(|_| known.extended || mags[LSST + band] > LSST_SATURATION)
            }),
            parallax: None,
            distance_pc: None,
            pm_ra: None,
            pm_dec: None,
            radial_velocity: None,
            redshift: None,
            variability: None::<Variability>,
            orbit: None,
            truth: Truth {
                v: mags[V],
                g: mags[G],
                bp: mags[BP],
                rp: mags[RP],
                lsst: core::array::from_fn(|band| mags[LSST + band]),
                b_v: known.b_v,
                extinction_v: known.extinction_v,
                distance_pc: None,
                parallax_mas: 0.0,
                pm_ra: 0.0,
                pm_dec: 0.0,
                radial_velocity_km_s: None,
            },
        }
    }
}

/// Sets distance, parallax and motion from a star's direction and velocity (ICRS, km/s).
#[inline]
fn set_motion(truth: &mut Truth, [x, y, z]: [f64; 3], velocity: [f64; 3], distance_pc: f64) {
    let in_plane = (x * x + y * y).sqrt().max(1e-300);
    let (cos_ra, sin_ra) = (x / in_plane, y / in_plane);
    let [towards_x, towards_y, towards_z] = velocity;
    let parallax = 1000.0 / distance_pc;
    let to_mas_yr = parallax / KM_S_PER_AU_YEAR;
    truth.distance_pc = Some(distance_pc);
    truth.parallax_mas = parallax;
    truth.pm_ra = to_mas_yr * (towards_y * cos_ra - towards_x * sin_ra);
    truth.pm_dec =
        to_mas_yr * (towards_z * in_plane - z * (towards_x * cos_ra + towards_y * sin_ra));
    truth.radial_velocity_km_s = Some(towards_x * x + towards_y * y + towards_z * z);
}

/// Adds Gaia's noise and zero point to parallax, proper motion and radial velocity.
#[inline]
fn measure_astrometry(source: &mut Source, stream: &mut Stream) {
    let truth = &source.truth;
    if truth.g > ASTROMETRY_LIMIT {
        return;
    }
    let error = parallax_error_mas(truth.g);
    let mut measure = |value: f64, error: f64| {
        Some(Measured {
            value: value + error * stream.normal(),
            error,
        })
    };
    let (ra, dec) = PROPER_MOTION_FACTORS;
    source.parallax = measure(truth.parallax_mas + PARALLAX_ZERO_POINT_MAS, error);
    source.pm_ra = measure(truth.pm_ra, ra * error);
    source.pm_dec = measure(truth.pm_dec, dec * error);
    if let Some(velocity) = truth.radial_velocity_km_s
        && truth.g < SPECTROGRAPH_LIMIT
    {
        source.radial_velocity = measure(velocity, radial_velocity_error_km_s(truth.g));
    }
}
