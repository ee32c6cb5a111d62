//! Telescopes, their instruments, and the filters and file names that go with them.

/// Where a ground telescope stands, degrees (longitude east).
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) latitude_deg: f64,
    pub(crate) longitude_deg: f64,
}

/// How an archive names its files.
#[derive(Debug)]
pub(crate) enum Archive {
    /// `ipppssoot_suffix.fits`; the letter is the instrument's.
    Hst { letter: char, suffix: &'static str },
    /// `jw<programme><observation><visit>_<group>_<exposure>_<detector>_<product>.fits`.
    Jwst { detector: &'static str },
    /// Instrument and UT start to the millisecond.
    Eso { prefix: &'static str },
    /// Site, UT date, counter of the night.
    Gemini { letter: char },
    /// Instrument, UT date, seconds of the day.
    Keck { prefix: &'static str },
}

/// An instrument with what is possible on it.
#[derive(Debug)]
pub(crate) struct Instrument {
    pub(crate) telescope: &'static str,
    pub(crate) name: &'static str,
    pub(crate) filters: &'static [&'static str],
    /// None in space.
    pub(crate) site: Option<Site>,
    /// First and last day of service that is drawn, MJD.
    pub(crate) mjd: (f64, f64),
    /// Shortest and longest exposure, s.
    pub(crate) exposure_s: (f64, f64),
    pub(crate) archive: Archive,
}

pub(crate) const PARANAL: Site = Site {
    latitude_deg: -24.627,
    longitude_deg: -70.404,
};
pub(crate) const MAUNA_KEA: Site = Site {
    latitude_deg: 19.825,
    longitude_deg: -155.474,
};
/// End of the drawn observations: 2026-01-01.
const NOW: f64 = 61_041.0;

pub(crate) const INSTRUMENTS: [Instrument; 8] = [
    Instrument {
        telescope: "HST",
        name: "WFC3/UVIS",
        filters: &[
            "F225W", "F275W", "F336W", "F390W", "F438W", "F475W", "F555W", "F606W", "F625W",
            "F775W", "F814W", "F850LP", "F350LP",
        ],
        site: None,
        mjd: (55_000.0, NOW),
        exposure_s: (30.0, 1400.0),
        archive: Archive::Hst {
            letter: 'i',
            suffix: "flc",
        },
    },
    Instrument {
        telescope: "HST",
        name: "WFC3/IR",
        filters: &[
            "F098M", "F105W", "F110W", "F125W", "F140W", "F160W", "F127M", "F139M", "F153M",
        ],
        site: None,
        mjd: (55_000.0, NOW),
        exposure_s: (100.0, 2800.0),
        archive: Archive::Hst {
            letter: 'i',
            suffix: "flt",
        },
    },
    Instrument {
        telescope: "HST",
        name: "ACS/WFC",
        filters: &[
            "F435W", "F475W", "F502N", "F555W", "F606W", "F625W", "F658N", "F660N", "F775W",
            "F814W", "F850LP",
        ],
        site: None,
        mjd: (52_350.0, NOW),
        exposure_s: (30.0, 1400.0),
        archive: Archive::Hst {
            letter: 'j',
            suffix: "flc",
        },
    },
    Instrument {
        telescope: "JWST",
        name: "MIRI",
        filters: &[
            "F560W", "F770W", "F1000W", "F1130W", "F1280W", "F1500W", "F1800W", "F2100W", "F2550W",
        ],
        site: None,
        mjd: (59_760.0, NOW),
        exposure_s: (30.0, 3000.0),
        archive: Archive::Jwst {
            detector: "mirimage",
        },
    },
    Instrument {
        telescope: "JWST",
        name: "NIRCAM",
        filters: &[
            "F070W", "F090W", "F115W", "F150W", "F200W", "F140M", "F182M", "F210M", "F187N",
            "F212N",
        ],
        site: None,
        mjd: (59_760.0, NOW),
        exposure_s: (20.0, 2000.0),
        archive: Archive::Jwst { detector: "nrcb1" },
    },
    Instrument {
        telescope: "VLT",
        name: "FORS2",
        filters: &[
            "u_HIGH",
            "b_HIGH",
            "v_HIGH",
            "g_HIGH",
            "R_SPECIAL",
            "I_BESS",
            "z_GUNN",
        ],
        site: Some(PARANAL),
        mjd: (51_660.0, NOW),
        exposure_s: (5.0, 900.0),
        archive: Archive::Eso { prefix: "FORS2" },
    },
    Instrument {
        telescope: "Gemini-North",
        name: "NIRI",
        filters: &["Y", "J", "H", "K", "Kprime", "Kshort", "Lprime", "Mprime"],
        site: Some(MAUNA_KEA),
        mjd: (52_300.0, 60_300.0),
        exposure_s: (1.0, 120.0),
        archive: Archive::Gemini { letter: 'N' },
    },
    Instrument {
        telescope: "Keck II",
        name: "DEIMOS",
        filters: &["B", "V", "R", "I", "Z"],
        site: Some(MAUNA_KEA),
        mjd: (52_500.0, NOW),
        exposure_s: (10.0, 1800.0),
        archive: Archive::Keck { prefix: "DE" },
    },
];
