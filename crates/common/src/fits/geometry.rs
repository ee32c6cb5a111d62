//! Where pixels lie: the detectors of an instrument in its focal plane, their overscan, and the part
//! of them that a file holds.

use core::ops::Range;

use super::instrument::{Instrument, Product};
use super::number::floor_i64;
use super::wcs::Wcs;
use crate::sky::Position;
use crate::units::{count_usize, size_f64};

/// A run of columns of the stored image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// Columns that see no light.
    Overscan(usize),
    /// Columns of the chip.
    Science(Range<usize>),
}

/// What one image HDU holds.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    /// Number of the HDU's kind in the file, from 1 (EXTVER).
    pub(crate) version: u32,
    /// Number of the chip, from 0; amplifiers of one chip share it.
    pub(crate) chip: usize,
    /// Place of the chip's first pixel in the focal plane, pixels.
    origin: [f64; 2],
    /// Rows and columns of the chip that are held.
    pub(crate) x: Range<usize>,
    pub(crate) y: Range<usize>,
    pub(crate) runs: Vec<Run>,
    /// Overscan rows before and after those of the chip.
    pub(crate) rows: (usize, usize),
}

/// One amplifier's columns of a chip with the overscan to its left and right.
type Amplifier = (usize, Range<usize>, usize);

/// Geometry of a whole instrument.
struct Plan {
    /// Size of the focal plane, pixels.
    size: [f64; 2],
    /// Chips: place of their first pixel.
    chips: Vec<[f64; 2]>,
    /// Columns and rows of a chip.
    chip: [usize; 2],
    /// Amplifiers of a chip, and whether each has an HDU of its own.
    amplifiers: Vec<Amplifier>,
    split: bool,
    /// Overscan rows before and after, by chip.
    rows: fn(usize) -> (usize, usize),
    /// Calibrated files keep the overscan.
    kept: bool,
}

/// Focal plane of one detector without gaps.
fn single(chip: [usize; 2], amplifiers: Vec<Amplifier>) -> Plan {
    Plan {
        size: chip.map(size_f64),
        chips: vec![[0.0, 0.0]],
        chip,
        amplifiers,
        split: false,
        rows: |_| (0, 0),
        kept: true,
    }
}

fn plan(instrument: Instrument) -> Plan {
    match instrument {
        // Chip 2 below chip 1; 25 columns of physical overscan outside, 2 x 30 of virtual overscan in
        // the middle, 19 virtual rows towards the gap of 35 pixels (WFC3 Data Handbook 1.3).
        Instrument::Wfc3Uvis => Plan {
            size: [4096.0, 4137.0],
            chips: vec![[0.0, 0.0], [0.0, 2086.0]],
            chip: [4096, 2051],
            amplifiers: vec![(25, 0..2048, 30), (30, 2048..4096, 25)],
            split: false,
            rows: |chip| if chip == 0 { (0, 19) } else { (19, 0) },
            kept: false,
        },
        // A border of five reference pixels.
        Instrument::Wfc3Ir => Plan {
            rows: |_| (5, 5),
            kept: false,
            ..single([1014, 1014], vec![(5, 0..1014, 5)])
        },
        // Four reference columns on either side, kept in all products.
        Instrument::Miri => single([1024, 1024], vec![(4, 0..1024, 4)]),
        // Two chips of 4096 x 2048 pixels binned 2 x 2, each with 5 + 5 rows of prescan and overscan.
        Instrument::Fors2 => Plan {
            size: [2048.0, 2064.0],
            chips: vec![[0.0, 1040.0], [0.0, 0.0]],
            rows: |_| (5, 5),
            ..single([2048, 1024], vec![(0, 0..2048, 0)])
        },
        Instrument::Niri => single([1024, 1024], vec![(0, 0..1024, 0)]),
        // Three chips of 2048 x 4224 pixels binned 2 x 2, four amplifiers each, whose 32 columns of
        // overscan lie to the right and to the left in turn; gaps of 67 pixels before binning.
        Instrument::Gmos => Plan {
            size: [3.0 * 1024.0 + 67.0, 2112.0],
            chips: vec![[0.0, 0.0], [1057.5, 0.0], [2115.0, 0.0]],
            chip: [1024, 2112],
            amplifiers: vec![
                (0, 0..256, 32),
                (32, 256..512, 0),
                (0, 512..768, 32),
                (32, 768..1024, 0),
            ],
            split: true,
            ..single([1024, 2112], vec![])
        },
        // Eight chips, four by two, with 12 columns of prescan and 80 of overscan.
        Instrument::Deimos => Plan {
            size: [4.0 * 2048.0 + 180.0, 8202.0],
            chips: (0..8)
                .map(|i| [2108.0 * size_f64(i % 4), 4106.0 * size_f64(i / 4)])
                .collect(),
            ..single([2048, 4096], vec![(12, 0..2048, 80)])
        },
    }
}

/// Segments of one file, in the order of its HDUs; `file` is 1 or 2 of FORS2, 1 of all others.
pub(crate) fn segments(
    instrument: Instrument,
    product: Product,
    file: u32,
    cutout: Option<u32>,
) -> Vec<Segment> {
    let plan = plan(instrument);
    let keeps = plan.kept || product == Product::Raw;
    let center = plan.size.map(|n| 0.5 * n);
    let mut segments = Vec::new();
    for (chip, &origin) in plan.chips.iter().enumerate() {
        if instrument == Instrument::Fors2 && count_usize(u64::from(file)) != chip + 1 {
            continue;
        }
        let window =
            |axis: usize, whole: Range<usize>| window(&whole, cutout, center[axis] - origin[axis]);
        let y = window(1, 0..plan.chip[1]);
        let parts = if plan.split {
            plan.amplifiers.chunks(1).collect()
        } else {
            vec![&plan.amplifiers[..]]
        };
        for amplifiers in parts {
            let (first, last) = (&amplifiers[0].1, &amplifiers[amplifiers.len() - 1].1);
            let x = window(0, first.start..last.end);
            let mut runs = Vec::new();
            for (before, columns, after) in amplifiers {
                let held = columns.start.max(x.start)..columns.end.min(x.end);
                if keeps {
                    runs.push(Run::Overscan(*before));
                }
                if !held.is_empty() {
                    runs.push(Run::Science(held));
                }
                if keeps {
                    runs.push(Run::Overscan(*after));
                }
            }
            runs.retain(|run| *run != Run::Overscan(0));
            segments.push(Segment {
                version: u32::try_from(segments.len() + 1).unwrap_or(u32::MAX),
                chip,
                origin,
                x,
                y: y.clone(),
                runs,
                rows: if keeps { (plan.rows)(chip) } else { (0, 0) },
            });
        }
    }
    segments
}

/// At most `cutout` pixels of a range, as near to a place as they can be.
fn window(whole: &Range<usize>, cutout: Option<u32>, place: f64) -> Range<usize> {
    let length = cutout.map_or(whole.len(), |n| whole.len().min(count_usize(u64::from(n))));
    let free = whole.len() - length;
    let start = floor_i64(place - size_f64(whole.start) - 0.5 * size_f64(length) + 0.5);
    let start = usize::try_from(start.max(0)).unwrap_or(0).min(free);
    whole.start + start..whole.start + start + length
}

/// Size of the focal plane of an instrument, pixels.
pub(crate) fn focal_plane(instrument: Instrument) -> [f64; 2] {
    plan(instrument).size
}

impl Segment {
    /// Columns of the stored image.
    pub(crate) fn width(&self) -> usize {
        let columns = |run: &Run| match run {
            Run::Overscan(n) => *n,
            Run::Science(columns) => columns.len(),
        };
        self.runs.iter().map(columns).sum()
    }

    /// Rows of the stored image.
    pub(crate) fn height(&self) -> usize {
        self.rows.0 + self.y.len() + self.rows.1
    }

    /// Overscan columns before the first column of the chip.
    fn margin(&self) -> usize {
        match self.runs.first() {
            Some(Run::Overscan(n)) => *n,
            _ => 0,
        }
    }

    /// World coordinates of the stored image: those of its first run of columns where overscan divides
    /// it, as after the removal of the overscan all of it is in them.
    pub(crate) fn wcs(&self, frame: &Frame) -> Wcs {
        let [x, y] = self.chip_reference(frame);
        let shift = [
            size_f64(self.margin()) - size_f64(self.x.start),
            size_f64(self.rows.0) - size_f64(self.y.start),
        ];
        frame.wcs([x + shift[0], y + shift[1]])
    }

    /// World coordinates in pixels of the chip, from 1.
    pub(crate) fn chip_wcs(&self, frame: &Frame) -> Wcs {
        frame.wcs(self.chip_reference(frame))
    }

    fn chip_reference(&self, frame: &Frame) -> [f64; 2] {
        [0, 1].map(|axis| 0.5 * (frame.size[axis] + 1.0) - self.origin[axis])
    }

    /// Squared distance of a chip's pixel from the middle of the focal plane, in units of half of its
    /// diagonal.
    pub(crate) fn radius2(&self, frame: &Frame, x: usize, y: usize) -> f64 {
        let [w, h] = frame.size;
        let dx = self.origin[0] + size_f64(x) + 0.5 - 0.5 * w;
        let dy = self.origin[1] + size_f64(y) + 0.5 - 0.5 * h;
        (dx * dx + dy * dy) / (0.25 * (w * w + h * h))
    }

    /// Farthest corner from the middle of the focal plane, pixels.
    pub(crate) fn reach(&self, frame: &Frame) -> f64 {
        let far = |axis: usize, range: &Range<usize>| {
            let edge = |i: usize| (self.origin[axis] + size_f64(i) - 0.5 * frame.size[axis]).abs();
            edge(range.start).max(edge(range.end))
        };
        let (x, y) = (far(0, &self.x), far(1, &self.y));
        (x * x + y * y).sqrt()
    }

    /// Sections of the stored image with light, each with the section that gives its bias level, as
    /// FITS writes them: `[first column:last column,first row:last row]`, from 1.
    pub(crate) fn sections(&self) -> Vec<(String, Option<String>)> {
        let rows = (self.rows.0 + 1, self.rows.0 + self.y.len());
        let section = |columns: (usize, usize), rows: (usize, usize)| {
            format!("[{}:{},{}:{}]", columns.0, columns.1, rows.0, rows.1)
        };
        let mut sections = Vec::new();
        let mut overscan = None;
        let mut column = 0;
        for run in &self.runs {
            match run {
                Run::Overscan(n) => {
                    // The overscan after an amplifier's columns is its own; before them, too.
                    let here = section((column + 1, column + n), rows);
                    match sections.last_mut() {
                        Some((_, level @ None)) => *level = Some(here),
                        _ => overscan = Some(here),
                    }
                    column += n;
                }
                Run::Science(columns) => {
                    let place = (column + 1, column + columns.len());
                    let level = overscan
                        .take()
                        .or_else(|| (self.rows.0 > 0).then(|| section(place, (1, self.rows.0))));
                    sections.push((section(place, rows), level));
                    column += columns.len();
                }
            }
        }
        sections
    }
}

/// How the focal plane lies on the sky.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) pointing: Position,
    pub(crate) size: [f64; 2],
    pub(crate) scale_arcsec: f64,
    pub(crate) angle_deg: f64,
}

impl Frame {
    fn wcs(&self, pixel: [f64; 2]) -> Wcs {
        Wcs::new(
            self.pointing,
            pixel,
            self.scale_arcsec / 3600.0,
            self.angle_deg,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(instrument: Instrument, product: Product) -> Vec<(usize, usize)> {
        segments(instrument, product, 1, None)
            .iter()
            .map(|segment| (segment.width(), segment.height()))
            .collect()
    }

    #[test]
    fn detectors_have_their_sizes() {
        use Instrument::{Deimos, Fors2, Gmos, Miri, Niri, Wfc3Ir, Wfc3Uvis};
        use Product::{Calibrated, Raw};
        assert_eq!(sizes(Wfc3Uvis, Calibrated), [(4096, 2051); 2]);
        assert_eq!(sizes(Wfc3Uvis, Raw), [(4206, 2070); 2]);
        assert_eq!(sizes(Wfc3Ir, Calibrated), [(1014, 1014)]);
        assert_eq!(sizes(Wfc3Ir, Raw), [(1024, 1024)]);
        for product in [Raw, Calibrated] {
            assert_eq!(sizes(Miri, product), [(1032, 1024)]);
            assert_eq!(sizes(Fors2, product), [(2048, 1034)]);
            assert_eq!(sizes(Niri, product), [(1024, 1024)]);
            assert_eq!(sizes(Gmos, product), [(288, 2112); 12]);
            assert_eq!(sizes(Deimos, product), [(2140, 4096); 8]);
        }
    }

    #[test]
    fn a_cutout_lies_next_to_the_middle_of_the_focal_plane() {
        let two = segments(Instrument::Wfc3Uvis, Product::Raw, 1, Some(100));
        assert_eq!(
            (two[0].x.clone(), two[0].y.clone()),
            (1998..2098, 1951..2051)
        );
        assert_eq!(two[1].y, 0..100);
        assert_eq!((two[0].width(), two[0].height()), (100 + 110, 119));
        let one = segments(Instrument::Wfc3Ir, Product::Calibrated, 1, Some(512));
        assert_eq!((one[0].x.clone(), one[0].y.clone()), (251..763, 251..763));
    }

    #[test]
    fn sections_name_light_and_overscan() {
        let text = |instrument| {
            let segments = segments(instrument, Product::Raw, 1, None);
            segments[segments.len().min(2) - 1].sections()
        };
        let some = |data: &str, bias: &str| (data.to_owned(), Some(bias.to_owned()));
        assert_eq!(
            text(Instrument::Gmos),
            [some("[33:288,1:2112]", "[1:32,1:2112]")]
        );
        assert_eq!(
            text(Instrument::Wfc3Uvis),
            [
                some("[26:2073,20:2070]", "[1:25,20:2070]"),
                some("[2134:4181,20:2070]", "[2104:2133,20:2070]"),
            ]
        );
        assert_eq!(
            text(Instrument::Fors2),
            [some("[1:2048,6:1029]", "[1:2048,1:5]")]
        );
        assert_eq!(
            text(Instrument::Niri),
            [("[1:1024,1:1024]".to_owned(), None)]
        );
    }
}
