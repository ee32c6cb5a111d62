//! Connected pixels above a threshold, as runs along the rows.

use crate::calibration::{Frame, Mesh};
use common::units::size_f64;

/// Pixels that are looked at together: most have nothing above the threshold.
const GROUP: usize = 64;

/// Neighbouring pixels of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) y: usize,
    pub(super) start: usize,
    /// One past the last pixel.
    pub(super) end: usize,
}

/// All runs of a frame in reading order, and which of them are connected.
#[derive(Debug)]
pub(super) struct Runs {
    all: Vec<Run>,
    /// Index of each row's first run; one more for the end.
    rows: Vec<usize>,
    /// The run that stands for each run's component: the first of it. While rows are added, an earlier
    /// run of it or the run itself.
    roots: Vec<usize>,
    /// Pixels of the component that a run stands for.
    pixels: Vec<usize>,
    /// Least pixels of a component that counts.
    min_pixels: usize,
}

/// Connected runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Component {
    /// The run that stands for it.
    pub(super) root: usize,
    /// Its runs, by index.
    pub(super) members: Vec<usize>,
    pub(super) pixels: usize,
}

impl Runs {
    /// Finds the pixels above `threshold`; components of fewer than `min_pixels` are ignored.
    pub(super) fn above(frame: &Frame, threshold: &Mesh, min_pixels: usize) -> Self {
        let mut found = Self {
            all: Vec::new(),
            rows: Vec::with_capacity(frame.height + 1),
            roots: Vec::new(),
            pixels: Vec::new(),
            min_pixels,
        };
        let mut lines = threshold.lines(frame.width);
        let mut limits = vec![0.0; frame.width];
        for y in 0..frame.height {
            lines.fill(y, &mut limits);
            found.rows.push(found.all.len());
            found.add_row(y, frame.row(y), &limits);
        }
        found.finish();
        found
    }

    fn add_row(&mut self, y: usize, pixels: &[f32], limits: &[f32]) {
        let first = self.rows[y];
        let groups = pixels.chunks(GROUP).zip(limits.chunks(GROUP));
        for (group, (pixels, limits)) in groups.enumerate() {
            let pairs = || pixels.iter().zip(limits);
            let count: u32 = pairs().map(|(value, limit)| u32::from(value > limit)).sum();
            if count == 0 {
                continue;
            }
            let above = pairs()
                .enumerate()
                .filter(|(_, (value, limit))| value > limit);
            for (offset, _) in above {
                let x = group * GROUP + offset;
                match self.all[first..].last_mut() {
                    Some(run) if run.end == x => run.end = x + 1,
                    _ => self.all.push(Run {
                        y,
                        start: x,
                        end: x + 1,
                    }),
                }
            }
        }
        self.roots.extend(first..self.all.len());
        if y > 0 {
            self.connect(self.rows[y - 1]..first, first..self.all.len());
        }
    }

    /// Connects runs of two rows that touch at a side or a corner.
    fn connect(&mut self, upper: std::ops::Range<usize>, lower: std::ops::Range<usize>) {
        let (mut a, mut b) = (upper.start, lower.start);
        while a < upper.end && b < lower.end {
            let (above, below) = (self.all[a], self.all[b]);
            if above.start <= below.end && below.start <= above.end {
                self.join(a, b);
            }
            if above.end <= below.end {
                a += 1;
            } else {
                b += 1;
            }
        }
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.roots[a.max(b)] = a.min(b);
    }

    /// The root of a run; halves the way there.
    fn root(&mut self, mut run: usize) -> usize {
        while self.roots[run] != run {
            self.roots[run] = self.roots[self.roots[run]];
            run = self.roots[run];
        }
        run
    }

    /// Lets each run know its root and each root its number of pixels.
    fn finish(&mut self) {
        self.rows.push(self.all.len());
        self.pixels = vec![0; self.all.len()];
        for run in 0..self.all.len() {
            // A root precedes its runs, so that it is one step away by now.
            let root = self.roots[self.roots[run]];
            self.roots[run] = root;
            self.pixels[root] += self.all[run].end - self.all[run].start;
        }
    }

    /// The run of an index.
    pub(super) fn run(&self, index: usize) -> Run {
        self.all[index]
    }

    /// The components that are large enough, in reading order of their first run.
    pub(super) fn components(&self) -> Vec<Component> {
        let mut places = vec![usize::MAX; self.all.len()];
        let mut components: Vec<Component> = Vec::new();
        for (run, &root) in self.roots.iter().enumerate() {
            if self.pixels[root] < self.min_pixels {
                continue;
            }
            if places[root] == usize::MAX {
                places[root] = components.len();
                components.push(Component {
                    root,
                    members: Vec::new(),
                    pixels: self.pixels[root],
                });
            }
            components[places[root]].members.push(run);
        }
        components
    }

    /// Whether a circle reaches into another component.
    pub(super) fn others_within(
        &self,
        component: &Component,
        (x, y): (f64, f64),
        radius: f64,
    ) -> bool {
        let height = self.rows.len() - 1;
        super::aperture::span(y, radius, height).any(|row| {
            let dy = size_f64(row) - y;
            let half = (radius * radius - dy * dy).max(0.0).sqrt();
            let (start, end) = (self.rows[row], self.rows[row + 1]);
            let runs = &self.all[start..end];
            let skipped = runs.partition_point(|run| size_f64(run.end) <= x - half);
            let reached = runs[skipped..]
                .iter()
                .take_while(|run| size_f64(run.start) <= x + half);
            let mut roots = reached.zip(&self.roots[start + skipped..]).map(|it| *it.1);
            roots.any(|root| root != component.root && self.pixels[root] >= self.min_pixels)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn components(rows: &[&str]) -> Vec<usize> {
        let width = rows[0].len();
        let frame = Frame {
            width,
            height: rows.len(),
            data: rows
                .iter()
                .flat_map(|row| row.bytes().map(|it| if it == b'#' { 2.0 } else { 0.0 }))
                .collect(),
        };
        let threshold = Mesh {
            columns: 1,
            rows: 1,
            cell_width_px: size_f64(width),
            cell_height_px: size_f64(rows.len()),
            values: vec![1.0],
        };
        let runs = Runs::above(&frame, &threshold, 1);
        runs.components().iter().map(|it| it.pixels).collect()
    }

    #[test]
    fn corners_connect() {
        assert_eq!(components(&["#..", ".#.", "..#"]), [3]);
        assert_eq!(components(&["#..", "..#", "..#"]), [1, 2]);
    }

    #[test]
    fn arms_that_meet_later_are_one_component() {
        assert_eq!(components(&["#.#.#", "#.#.#", "#####"]), [11]);
        assert_eq!(components(&["#...#", "#.#.#", "#...#"]), [3, 3, 1]);
        assert_eq!(
            components(&["#####", "#...#", "#.#.#", "#...#", "#####"]),
            [16, 1]
        );
    }

    #[test]
    fn runs_cross_the_borders_of_groups() {
        let row = "#".repeat(3 * GROUP + 1);
        assert_eq!(components(&[&row]), [3 * GROUP + 1]);
    }
}
