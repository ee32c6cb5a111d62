//! What is in the sky: seeded sources, geometry, photometry, astrometry, variability and the targets
//! people look at.
//!
//! [`Sky`] draws a catalogue as deep as asked from a model of the Galaxy, of galaxies and quasars
//! beyond it and of asteroids before it, measured with the errors of real surveys. One seed gives
//! the same bits on every platform. [`Position`] and [`Cone`] are the oracle for searches in it.

mod alias;
mod astrometry;
mod cells;
mod config;
mod draw;
mod errors;
mod expectation;
mod extragalactic;
mod field;
mod galactic;
mod generator;
mod geometry;
mod instruments;
mod light_curve;
mod luminosity;
pub(crate) mod mathx;
mod nebulae;
mod object_type;
mod observation;
mod photometry;
mod poisson;
mod selection;
mod solar_system;
mod source;
mod star_table;
mod structure;
mod systems;
mod targets;
mod variability;

pub use astrometry::{PARALLAX_ZERO_POINT_MAS, distance_from_parallax_pc, parallax_error_mas};
pub use config::{Mix, SkyConfig, UnknownMix};
pub use errors::{lsst_depth, lsst_noise_to_signal};
pub(crate) use instruments::{MAUNA_KEA, PARANAL, Site};
pub(crate) use mathx::{Purpose, Stream, dex, interpolate};

pub use galactic::Galactic;
pub use generator::{BLOCK_SIZE, Sky, Sources};
pub use geometry::{Cone, Position, SkyBox};
pub use light_curve::{Cadence, LightCurvePoint, light_curve};
pub use object_type::ObjectType;
pub use observation::{HIGHEST_SUN_DEG, LOWEST_ALTITUDE_DEG, Observation, observations_from};
pub use solar_system::{Orbit, Sighting};
pub use source::{DAYS_PER_YEAR, EPOCH_MJD, LSST_BANDS, Measured, Source, Truth};
pub use targets::{
    KNOWN_OBJECTS, Radii, RadiusClass, Target, TargetClass, TargetSampler, UnknownRadii,
};
pub use variability::{Variability, VariabilityClass};
