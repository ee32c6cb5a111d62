//! Filters: effective wavelength, zero point, sky brightness, extinction of the atmosphere.
//!
//! Zero points of WFC3 are those of its handbook (2009, infinite aperture); those of MIRI follow from
//! collecting area, band width and photon conversion efficiency; those of the ground are of the right
//! size for aperture and detector, not measured. Sky: zodiacal light (space), dark time (ground).

use super::instrument::Instrument;

/// One filter on its telescope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filter {
    /// Effective wavelength, micrometres.
    pub(crate) wavelength_um: f64,
    /// AB magnitude of a star that gives one electron a second, above the atmosphere.
    pub(crate) zero_point: f64,
    /// Brightness of the sky, AB mag per square arcsecond.
    pub(crate) sky: f64,
    /// Extinction of the atmosphere, mag per airmass.
    pub(crate) extinction: f64,
}

const fn f(wavelength_um: f64, zero_point: f64, sky: f64, extinction: f64) -> Filter {
    Filter {
        wavelength_um,
        zero_point,
        sky,
        extinction,
    }
}

const UVIS_NAMES: [&str; 13] = [
    "F225W", "F275W", "F336W", "F390W", "F438W", "F475W", "F555W", "F606W", "F625W", "F775W",
    "F814W", "F850LP", "F350LP",
];
const UVIS: [Filter; 13] = [
    f(0.237, 24.06, 25.6, 0.0),
    f(0.271, 24.14, 25.3, 0.0),
    f(0.335, 24.64, 24.2, 0.0),
    f(0.392, 25.37, 23.7, 0.0),
    f(0.433, 24.83, 23.3, 0.0),
    f(0.477, 25.69, 22.9, 0.0),
    f(0.531, 25.72, 22.7, 0.0),
    f(0.589, 26.08, 22.5, 0.0),
    f(0.624, 25.52, 22.4, 0.0),
    f(0.765, 24.85, 22.2, 0.0),
    f(0.804, 25.09, 22.2, 0.0),
    f(0.917, 23.84, 22.1, 0.0),
    f(0.585, 26.94, 22.6, 0.0),
];

const IR_NAMES: [&str; 15] = [
    "F098M", "F105W", "F110W", "F125W", "F140W", "F160W", "F127M", "F139M", "F153M", "F126N",
    "F128N", "F130N", "F132N", "F164N", "F167N",
];
const IR: [Filter; 15] = [
    f(0.986, 25.67, 22.4, 0.0),
    f(1.055, 26.27, 22.4, 0.0),
    f(1.153, 26.82, 22.4, 0.0),
    f(1.249, 26.23, 22.3, 0.0),
    f(1.392, 26.45, 22.3, 0.0),
    f(1.537, 25.95, 22.3, 0.0),
    f(1.274, 24.64, 22.3, 0.0),
    f(1.384, 24.48, 22.3, 0.0),
    f(1.532, 24.46, 22.3, 0.0),
    f(1.258, 22.86, 22.3, 0.0),
    f(1.283, 22.97, 22.3, 0.0),
    f(1.301, 22.98, 22.3, 0.0),
    f(1.319, 22.93, 22.3, 0.0),
    f(1.645, 22.89, 22.2, 0.0),
    f(1.667, 22.96, 22.2, 0.0),
];

const MIRI_NAMES: [&str; 9] = [
    "F560W", "F770W", "F1000W", "F1130W", "F1280W", "F1500W", "F1800W", "F2100W", "F2550W",
];
const MIRI: [Filter; 9] = [
    f(5.6, 27.14, 20.3, 0.0),
    f(7.7, 27.88, 18.5, 0.0),
    f(10.0, 27.78, 17.0, 0.0),
    f(11.3, 26.38, 16.6, 0.0),
    f(12.8, 27.51, 16.2, 0.0),
    f(15.0, 27.73, 15.9, 0.0),
    f(18.0, 27.54, 15.2, 0.0),
    f(21.0, 27.67, 14.6, 0.0),
    f(25.5, 26.92, 13.1, 0.0),
];

const FORS2_NAMES: [&str; 9] = [
    "u_HIGH",
    "b_HIGH",
    "v_HIGH",
    "g_HIGH",
    "R_SPECIAL",
    "I_BESS",
    "z_GUNN",
    "B_BESS",
    "V_BESS",
];
const FORS2: [Filter; 9] = [
    f(0.361, 25.6, 22.5, 0.48),
    f(0.440, 27.8, 22.5, 0.24),
    f(0.557, 28.1, 21.6, 0.11),
    f(0.470, 28.3, 22.0, 0.16),
    f(0.655, 28.5, 21.1, 0.08),
    f(0.768, 27.9, 20.3, 0.05),
    f(0.910, 27.0, 19.2, 0.04),
    f(0.429, 27.4, 22.5, 0.24),
    f(0.554, 28.1, 21.6, 0.11),
];

const NIRI_NAMES: [&str; 8] = ["Y", "J", "H", "K", "Kprime", "Kshort", "Lprime", "Mprime"];
const NIRI: [Filter; 8] = [
    f(1.02, 26.7, 17.7, 0.02),
    f(1.25, 27.5, 17.0, 0.03),
    f(1.65, 28.1, 15.3, 0.03),
    f(2.20, 28.1, 15.6, 0.05),
    f(2.12, 28.0, 15.7, 0.05),
    f(2.15, 28.0, 15.7, 0.05),
    f(3.78, 27.5, 7.0, 0.10),
    f(4.68, 25.8, 4.6, 0.20),
];

const GMOS_NAMES: [&str; 8] = ["u", "g", "r", "i", "z", "Y", "Z", "ri"];
const GMOS: [Filter; 8] = [
    f(0.350, 25.6, 22.8, 0.42),
    f(0.475, 28.2, 22.2, 0.14),
    f(0.630, 28.3, 21.2, 0.11),
    f(0.780, 28.3, 20.4, 0.10),
    f(0.925, 28.1, 19.4, 0.05),
    f(1.010, 26.8, 18.6, 0.05),
    f(0.876, 27.5, 19.6, 0.05),
    f(0.705, 28.9, 20.8, 0.10),
];

const DEIMOS_NAMES: [&str; 9] = ["B", "V", "R", "I", "Z", "GG400", "GG455", "GG495", "OG550"];
const DEIMOS: [Filter; 9] = [
    f(0.440, 27.6, 22.6, 0.20),
    f(0.550, 28.0, 21.7, 0.12),
    f(0.650, 28.1, 21.0, 0.10),
    f(0.800, 27.6, 20.2, 0.06),
    f(0.920, 26.6, 19.3, 0.05),
    f(0.700, 29.1, 20.9, 0.10),
    f(0.710, 29.0, 20.9, 0.10),
    f(0.725, 28.9, 20.8, 0.09),
    f(0.750, 28.8, 20.7, 0.08),
];

/// Names and properties of an instrument's filters, in one order.
pub(crate) fn filters(instrument: Instrument) -> (&'static [&'static str], &'static [Filter]) {
    match instrument {
        Instrument::Wfc3Uvis => (&UVIS_NAMES, &UVIS),
        Instrument::Wfc3Ir => (&IR_NAMES, &IR),
        Instrument::Miri => (&MIRI_NAMES, &MIRI),
        Instrument::Fors2 => (&FORS2_NAMES, &FORS2),
        Instrument::Niri => (&NIRI_NAMES, &NIRI),
        Instrument::Gmos => (&GMOS_NAMES, &GMOS),
        Instrument::Deimos => (&DEIMOS_NAMES, &DEIMOS),
    }
}
