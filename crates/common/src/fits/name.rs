//! Names of files, as the archives give them.

use super::exposure::Exposure;
use super::instrument::{Instrument, Product};
use super::time::{Moment, SECONDS_PER_DAY};
use crate::sky::{Purpose, Stream};

const LETTERS: [char; 36] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i',
    'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
];

impl Exposure {
    /// Name of the file in the telescope's archive. HST, JWST and Gemini number their files, so that
    /// `sequence` tells those of a series apart; ESO and Keck name them by their start alone, which
    /// [`Exposure::following`] moves on.
    pub fn file_name(&self) -> String {
        match (self.instrument, self.product) {
            (Instrument::Wfc3Uvis, Product::Calibrated) => format!("{}_flc.fits", self.root()),
            (Instrument::Wfc3Ir, Product::Calibrated) => format!("{}_flt.fits", self.root()),
            (Instrument::Wfc3Uvis | Instrument::Wfc3Ir, Product::Raw) => {
                format!("{}_raw.fits", self.root())
            }
            (Instrument::Miri, Product::Calibrated) => format!("{}_cal.fits", self.root()),
            (Instrument::Miri, Product::Raw) => format!("{}_uncal.fits", self.root()),
            (Instrument::Fors2 | Instrument::Niri | Instrument::Gmos | Instrument::Deimos, _) => {
                format!("{}.fits", self.root())
            }
        }
    }

    /// The name without suffix and extension: HST's rootname, ESO's archive identifier and so on.
    pub(crate) fn root(&self) -> String {
        let start = self.start();
        match self.instrument {
            Instrument::Wfc3Uvis | Instrument::Wfc3Ir => {
                format!("i{}{}q", self.programme(3), self.base_36(4))
            }
            Instrument::Miri => {
                let exposure = (self.sequence - 1) % 99_999 + 1;
                format!("jw{}001001_02101_{exposure:05}_mirimage", self.proposal())
            }
            Instrument::Fors2 => format!("FORS2.{}", start.iso()),
            Instrument::Niri | Instrument::Gmos => {
                format!("N{}S{:04}", start.compact_date(), self.sequence % 10_000)
            }
            Instrument::Deimos => {
                format!("DE.{}.{:05}", start.compact_date(), start.second_of_day())
            }
        }
    }

    /// Start of the file's exposure; FORS2's second chip is read a millisecond later.
    pub(crate) fn start(&self) -> Moment {
        Moment::from_mjd(self.start_mjd())
    }

    pub(crate) fn start_mjd(&self) -> f64 {
        self.mjd + f64::from(self.file.saturating_sub(1)) * 0.001 / SECONDS_PER_DAY
    }

    /// Letters of the programme, from the seed.
    fn programme(&self, letters: usize) -> String {
        let mut stream = Stream::new(self.seed, Purpose::ExposureSettings, 2);
        (0..letters)
            .map(|_| LETTERS[stream.index(LETTERS.len())])
            .collect()
    }

    /// Number of the proposal, five digits.
    pub(crate) fn proposal(&self) -> String {
        let mut stream = Stream::new(self.seed, Purpose::ExposureSettings, 3);
        format!("{:05}", 1000 + stream.index(9000))
    }

    fn base_36(&self, digits: usize) -> String {
        let mut left = crate::units::count_usize(u64::from(self.sequence));
        let mut text = vec!['0'; digits];
        for digit in text.iter_mut().rev() {
            *digit = LETTERS[left % 36];
            left /= 36;
        }
        text.into_iter().collect()
    }
}
