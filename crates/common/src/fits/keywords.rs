//! Headers of the files: the keywords that each archive has, and a few that all share.

use super::camera::Camera;
use super::geometry::Segment;
use super::header::Header;
use super::instrument::{FrameKind, Instrument, Product};
use super::time::{Moment, SECONDS_PER_DAY};

impl Camera<'_> {
    /// Keywords of the primary HDU.
    pub(crate) fn primary_header(&self) -> Header {
        let mut header = Header::new();
        let exposure = self.exposure;
        header.set("FILENAME", exposure.file_name(), "name of file");
        let camera = self.names(&mut header);
        header.set("TELESCOP", exposure.instrument.telescope(), "telescope");
        header.set("INSTRUME", camera, "instrument");
        header.set("OBJECT", self.object(), "target of observation");
        header.set("RA", exposure.pointing.ra_deg, "right ascension, deg");
        header.set("DEC", exposure.pointing.dec_deg, "declination, deg");
        header.set("EQUINOX", 2000.0, "");
        self.times(&mut header);
        header.set("EXPTIME", self.readout.seconds, "exposure time, s");
        header.set("GAIN", self.detector.gain, "electrons per count");
        header.set(
            "RDNOISE",
            self.detector.read_noise,
            "of one read, electrons",
        );
        if exposure.kind == FrameKind::Science
            && let Some(airmass) = exposure.airmass()
        {
            header.set(
                "AIRMASS",
                round(airmass, 4),
                "at the middle of the exposure",
            );
        }
        header.set("ORIGIN", "astro-perf", "simulated data");
        header.set(
            "SIMSEED",
            exposure.seed.to_string(),
            "seed of the simulation",
        );
        header.set("SIMSEQ", exposure.sequence, "number in the series");
        header
    }

    /// Keywords that the archives have names of their own for; gives INSTRUME.
    fn names(&self, header: &mut Header) -> &'static str {
        let exposure = self.exposure;
        let filter = exposure.filter.as_str();
        let kind = exposure.kind;
        match exposure.instrument {
            Instrument::Wfc3Uvis | Instrument::Wfc3Ir => {
                let ir = exposure.instrument == Instrument::Wfc3Ir;
                header.set("ROOTNAME", exposure.root(), "rootname of the observation");
                header.set("DETECTOR", if ir { "IR" } else { "UVIS" }, "");
                header.set("FILTER", filter, "element selected from filter wheel");
                header.set("TARGNAME", self.object(), "");
                header.set("RA_TARG", exposure.pointing.ra_deg, "deg");
                header.set("DEC_TARG", exposure.pointing.dec_deg, "deg");
                header.set("PROPOSID", exposure.proposal(), "");
                header.set("OBSTYPE", "IMAGING", "");
                header.set("OBSMODE", if ir { "MULTIACCUM" } else { "ACCUM" }, "");
                header.set("IMAGETYP", hst_type(kind), "");
                header.set("SUBARRAY", exposure.cutout.is_some(), "");
                header.set("CCDGAIN", if ir { 2.5 } else { 1.5 }, "commanded gain");
                if ir {
                    header.set("NSAMP", self.readout.groups, "number of samples");
                    header.set("SAMP_SEQ", "SPARS25", "");
                }
                "WFC3"
            }
            Instrument::Miri => {
                header.set("DETECTOR", "MIRIMAGE", "");
                header.set("FILTER", filter, "");
                header.set("EXP_TYPE", jwst_type(kind), "");
                header.set("TARGPROP", self.object(), "");
                header.set("TARG_RA", exposure.pointing.ra_deg, "deg");
                header.set("TARG_DEC", exposure.pointing.dec_deg, "deg");
                header.set("PROGRAM", exposure.proposal(), "");
                header.set("READPATT", "FASTR1", "");
                header.set("NINTS", self.readout.integrations, "");
                header.set("NGROUPS", self.readout.groups, "");
                header.set("SUBARRAY", "FULL", "");
                header.set("EFFEXPTM", self.readout.seconds, "s");
                "MIRI"
            }
            Instrument::Fors2 => {
                header.set("ARCFILE", exposure.file_name(), "archive file name");
                let origin = format!(
                    "FORS2_IMG314.{}.CHIP{}.fits",
                    exposure.sequence, exposure.file
                );
                header.set("ORIGFILE", origin, "original file name");
                header.set("EXTNAME", format!("CHIP{}", exposure.file), "");
                header.set("ESO INS FILT1 NAME", filter, "filter name");
                header.set("ESO INS MODE", "IMG", "");
                header.set("ESO DPR TYPE", eso_type(kind), "");
                header.set("ESO DPR CATG", eso_category(kind), "");
                header.set("ESO DET WIN1 BINX", 2, "");
                header.set("ESO DET WIN1 BINY", 2, "");
                header.set("ESO DET OUT1 PRSCY", 5, "prescan rows");
                header.set("ESO DET OUT1 OVSCY", 5, "overscan rows");
                header.set("ESO DET OUT1 CONAD", self.detector.gain, "e- per ADU");
                header.set("ESO DET OUT1 RON", self.detector.read_noise, "e-");
                if kind == FrameKind::Science {
                    self.eso_airmass(header);
                }
                "FORS2"
            }
            Instrument::Niri => {
                header.set("OBSTYPE", gemini_type(kind), "");
                header.set("FILTER1", filter, "");
                header.set("FILTER2", "open", "");
                header.set("FILTER3", "pupil38_G5207", "");
                header.set(
                    "COADDS",
                    u32::try_from(self.readout.coadds).unwrap_or(1),
                    "summed",
                );
                let camera = if self.frame.scale_arcsec < 0.05 {
                    "f32"
                } else {
                    "f6"
                };
                header.set("CAMERA", camera, "");
                "NIRI"
            }
            Instrument::Gmos => {
                header.set("OBSTYPE", gemini_type(kind), "");
                header.set("FILTER1", format!("{filter}_G0301"), "");
                header.set("FILTER2", "open2-8", "");
                header.set("DETTYPE", "S10892-N", "Hamamatsu");
                header.set("NODANDS", false, "");
                "GMOS-N"
            }
            Instrument::Deimos => {
                header.set("DWFILNAM", filter, "filter");
                header.set("OBSTYPE", keck_type(kind), "");
                header.set("OBSMODE", "imaging", "");
                header.set("KOAID", exposure.file_name(), "");
                header.set("NVIDINP", 8, "");
                header.set("PRECOL", 12, "prescan columns");
                header.set("POSTPIX", 80, "overscan columns");
                "DEIMOS"
            }
        }
    }

    fn eso_airmass(&self, header: &mut Header) {
        let end = self.exposure.mjd + self.exposure.exposure_s / SECONDS_PER_DAY;
        for (keyword, mjd) in [
            ("ESO TEL AIRM START", self.exposure.mjd),
            ("ESO TEL AIRM END", end),
        ] {
            if let Some(airmass) = self.exposure.airmass_at(mjd) {
                header.set(keyword, round(airmass, 3), "");
            }
        }
        header.set(
            "ESO TEL AMBI FWHM START",
            round(self.exposure.settings().1, 2),
            "arcsec",
        );
    }

    fn times(&self, header: &mut Header) {
        let start = self.exposure.start();
        let start_mjd = self.exposure.start_mjd();
        let end = Moment::from_mjd(start_mjd + self.readout.seconds / SECONDS_PER_DAY);
        header.set("TIMESYS", "UTC", "time system of this header");
        header.set("DATE-OBS", start.iso(), "start of the exposure, UTC");
        header.set("MJD-OBS", start_mjd, "start of the exposure, d");
        match self.exposure.instrument {
            Instrument::Wfc3Uvis | Instrument::Wfc3Ir => {
                header.set("TIME-OBS", start.time(), "UTC");
                header.set("EXPSTART", start_mjd, "MJD");
                header.set(
                    "EXPEND",
                    start_mjd + self.readout.seconds / SECONDS_PER_DAY,
                    "MJD",
                );
            }
            Instrument::Miri => {
                header.set("DATE-BEG", start.iso(), "UTC");
                header.set("DATE-END", end.iso(), "UTC");
            }
            Instrument::Fors2 => {}
            Instrument::Niri | Instrument::Gmos | Instrument::Deimos => {
                header.set("UT", start.time(), "start of the exposure");
            }
        }
    }

    fn object(&self) -> String {
        match self.exposure.kind {
            FrameKind::Science => {
                let at = self.exposure.pointing;
                format!("FIELD {:.4}{:+.4}", at.ra_deg, at.dec_deg)
            }
            kind => kind.as_str().to_uppercase(),
        }
    }

    /// Keywords of an image of a segment: unit, world coordinates, sections, zero point. `seconds` is
    /// the time that the image's light fell.
    pub(crate) fn image_header(&self, segment: &Segment, seconds: f64) -> Header {
        let mut header = Header::new();
        let exposure = self.exposure;
        header.set("BUNIT", self.unit(), "unit of the pixels");
        if exposure.kind == FrameKind::Science {
            segment.wcs(&self.frame).write_to(&mut header);
            header.set("PA_APER", self.frame.angle_deg, "of the second axis, deg");
            self.photometry(&mut header, seconds);
        }
        match exposure.instrument {
            Instrument::Gmos => {
                header.set("AMPNAME", format!("amp {}", segment.version), "");
                header.set("CCDSUM", "2 2", "binning");
            }
            Instrument::Wfc3Uvis => header.set("CCDCHIP", 2 - i32::from(segment.chip > 0), ""),
            _ => {}
        }
        let sections = segment.sections();
        let single = sections.len() == 1;
        for (i, (data, bias)) in sections.into_iter().enumerate() {
            let number = if single {
                String::new()
            } else {
                (i + 1).to_string()
            };
            let Some(bias) = bias else { continue };
            header.set(&format!("DATASEC{number}"), data, "light");
            header.set(&format!("BIASSEC{number}"), bias, "overscan");
        }
        header
    }

    /// Unit of the science pixels.
    fn unit(&self) -> &'static str {
        match (self.exposure.instrument, self.exposure.product) {
            (Instrument::Wfc3Uvis, Product::Calibrated) => "ELECTRONS",
            (Instrument::Wfc3Ir, Product::Calibrated) => "ELECTRONS/S",
            (Instrument::Miri, Product::Calibrated) => "MJy/sr",
            (Instrument::Miri, Product::Raw) => "DN",
            (Instrument::Wfc3Uvis | Instrument::Wfc3Ir, Product::Raw) => "COUNTS",
            _ => "adu",
        }
    }

    fn photometry(&self, header: &mut Header, seconds: f64) {
        let exposure = self.exposure;
        let zero_point = exposure.zero_point();
        let wavelength = exposure
            .instrument
            .filter(&exposure.filter)
            .map_or(f64::NAN, |filter| filter.wavelength_um * 1e4);
        let per_unit = self.electrons_per_unit(seconds);
        if seconds > 0.0 {
            let magnitude = zero_point - 2.5 * libm::log10(per_unit);
            header.set(
                "MAGZPT",
                round(magnitude, 4),
                "AB mag of one unit summed over pixels",
            );
        }
        match exposure.instrument {
            Instrument::Wfc3Uvis | Instrument::Wfc3Ir => {
                // AB = -2.5 log PHOTFLAM - 5 log PHOTPLAM - 2.408.
                let exponent = -0.4 * (zero_point + 2.408) - 2.0 * libm::log10(wavelength);
                header.set(
                    "PHOTFLAM",
                    libm::pow(10.0, exponent),
                    "erg/cm2/s/A of one e-/s",
                );
                header.set("PHOTPLAM", wavelength, "pivot wavelength, A");
            }
            Instrument::Miri => {
                header.set(
                    "PHOTMJSR",
                    self.megajansky_per_sr() * self.detector.gain,
                    "MJy/sr of 1 DN/s",
                );
                header.set("PIXAR_SR", self.pixel_sr(), "sr");
            }
            _ => {}
        }
        header.set("PSFFWHM", round(self.fwhm_arcsec, 4), "of the core, arcsec");
    }

    fn pixel_sr(&self) -> f64 {
        let side = (self.frame.scale_arcsec / 3600.0).to_radians();
        side * side
    }

    /// Surface brightness of one e- a second and pixel.
    pub(crate) fn megajansky_per_sr(&self) -> f64 {
        // AB magnitude 0 is 3631 Jy.
        let jansky = 3631.0 * libm::pow(10.0, -0.4 * self.exposure.zero_point());
        jansky / self.pixel_sr() / 1e6
    }

    /// e- a second that one unit of the science pixels stands for.
    fn electrons_per_unit(&self, seconds: f64) -> f64 {
        match (self.exposure.instrument, self.exposure.product) {
            (Instrument::Wfc3Uvis, Product::Calibrated) => 1.0 / seconds,
            (Instrument::Wfc3Ir, Product::Calibrated) => 1.0,
            (Instrument::Miri, Product::Calibrated) => 1.0 / self.megajansky_per_sr(),
            _ => self.detector.gain / seconds,
        }
    }
}

fn round(value: f64, digits: i32) -> f64 {
    let scale = libm::pow(10.0, f64::from(digits));
    (value * scale).round() / scale
}

fn hst_type(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Science => "EXT",
        FrameKind::Bias => "BIAS",
        FrameKind::Dark => "DARK",
        FrameKind::Flat => "FLAT",
    }
}

fn jwst_type(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Science => "MIR_IMAGE",
        FrameKind::Bias | FrameKind::Dark => "MIR_DARKIMG",
        FrameKind::Flat => "MIR_FLATIMAGE",
    }
}

fn eso_type(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Science => "OBJECT",
        FrameKind::Bias => "BIAS",
        FrameKind::Dark => "DARK",
        FrameKind::Flat => "FLAT,SKY",
    }
}

fn eso_category(kind: FrameKind) -> &'static str {
    if kind == FrameKind::Science {
        "SCIENCE"
    } else {
        "CALIB"
    }
}

fn gemini_type(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Science => "OBJECT",
        FrameKind::Bias => "BIAS",
        FrameKind::Dark => "DARK",
        FrameKind::Flat => "FLAT",
    }
}

fn keck_type(kind: FrameKind) -> &'static str {
    match kind {
        FrameKind::Science => "Object",
        FrameKind::Bias => "Bias",
        FrameKind::Dark => "Dark",
        FrameKind::Flat => "DmFlat",
    }
}
