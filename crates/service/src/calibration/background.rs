//! The sky: clipped statistics on a mesh of cells, bilinear between them.

use common::units::{count_usize, nearest_f32, round_u64, size_f64};
use serde::Serialize;

use super::Frame;
use super::cell::{self, Cell};
use super::median::median_of;

/// Least width and height of a cell: several times the size of a star, well below the scale on which
/// the sky varies.
const CELL_PX: usize = 64;
/// A cell with a smaller share of usable pixels takes its values from its neighbours.
const MIN_SHARE: f64 = 0.1;

/// Values at the centres of equal cells that cover a frame.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mesh {
    /// Cells in a row.
    pub columns: usize,
    /// Rows of cells.
    pub rows: usize,
    /// Width of a cell in pixels.
    pub cell_width_px: f64,
    /// Height of a cell in pixels.
    pub cell_height_px: f64,
    /// One value a cell, row-major.
    pub values: Vec<f32>,
}

/// The sky of a frame, in electrons.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Background {
    /// Level of the sky.
    pub level_e: Mesh,
    /// Standard deviation of the pixels around it.
    pub rms_e: Mesh,
}

impl Background {
    /// Estimates the sky from the pixels without any flag.
    ///
    /// In each cell of about 64 × 64 pixels, pixels beyond 3 standard deviations are left out until nothing
    /// changes; the level is the median of the rest. A 3 × 3 median over the mesh then removes cells that
    /// a bright star fills. A frame without usable pixels has level and scatter 0.
    pub(super) fn estimate(science: &Frame, quality: &[u16]) -> Self {
        let columns = (science.width / CELL_PX).max(1);
        let rows = (science.height / CELL_PX).max(1);
        let mut cells = Vec::with_capacity(columns * rows);
        let mut usable = Vec::new();
        for row in 0..rows {
            let lines = edge(row, rows, science.height)..edge(row + 1, rows, science.height);
            for column in 0..columns {
                let start = edge(column, columns, science.width);
                let end = edge(column + 1, columns, science.width);
                usable.clear();
                for y in lines.clone() {
                    let span = y * science.width + start..y * science.width + end;
                    take_usable(&science.data[span.clone()], &quality[span], &mut usable);
                }
                let all = size_f64(lines.len() * (end - start));
                let enough = size_f64(usable.len()) >= MIN_SHARE * all;
                cells.push(if enough { cell::clip(&usable) } else { None });
            }
        }
        let mesh = |part: fn(&Cell) -> f32| Mesh {
            columns,
            rows,
            cell_width_px: size_f64(science.width) / size_f64(columns),
            cell_height_px: size_f64(science.height) / size_f64(rows),
            values: smoothed(&cells, columns, part),
        };
        Self {
            level_e: mesh(|cell| cell.level),
            rms_e: mesh(|cell| cell.rms),
        }
    }
}

/// The first pixel of a cell.
fn edge(cell: usize, cells: usize, pixels: usize) -> usize {
    cell * pixels / cells
}

fn take_usable(pixels: &[f32], quality: &[u16], usable: &mut Vec<f32>) {
    if quality.iter().fold(0, |all, flags| all | flags) == 0 {
        usable.extend_from_slice(pixels);
        return;
    }
    let good = pixels.iter().zip(quality).filter(|it| *it.1 == 0);
    usable.extend(good.map(|(value, _)| *value));
}

/// The median of each cell and its neighbours; the search widens where none of them has a value.
fn smoothed(cells: &[Option<Cell>], columns: usize, part: fn(&Cell) -> f32) -> Vec<f32> {
    let rows = cells.len() / columns;
    let near = |at: usize, reach: usize| -> Option<f32> {
        let (column, row) = (at % columns, at / columns);
        let mut values: Vec<f32> = Vec::new();
        for row in row.saturating_sub(reach)..(row + reach + 1).min(rows) {
            let from = row * columns + column.saturating_sub(reach);
            let to = row * columns + (column + reach + 1).min(columns);
            values.extend(cells[from..to].iter().flatten().map(part));
        }
        median_of(&mut values)
    };
    let widest = columns.max(rows);
    (0..cells.len())
        .map(|at| {
            (1..=widest)
                .find_map(|reach| near(at, reach))
                .unwrap_or(0.0)
        })
        .collect()
}

impl Mesh {
    /// The value at a place in pixels from the first pixel's centre; constant beyond the outermost
    /// centres of cells.
    pub fn at(&self, x: f64, y: f64) -> f32 {
        let (left, right, across) = between(x, self.cell_width_px, self.columns);
        let (upper, lower, down) = between(y, self.cell_height_px, self.rows);
        let value = |row: usize, column: usize| self.values[row * self.columns + column];
        mix(
            mix(value(upper, left), value(upper, right), across),
            mix(value(lower, left), value(lower, right), across),
            down,
        )
    }

    /// A mesh of `self + factor · other`, which interpolates to the same sum.
    pub(super) fn plus(&self, factor: f32, other: &Self) -> Self {
        let pairs = self.values.iter().zip(&other.values);
        Self {
            values: pairs.map(|(a, b)| a + factor * b).collect(),
            ..*self
        }
    }

    /// What rows of a frame are interpolated with.
    pub(super) fn lines(&self, width: usize) -> Lines<'_> {
        let mut spans: Vec<Span> = Vec::new();
        let mut shares = Vec::with_capacity(width);
        for x in 0..width {
            let (left, right, share) = between(size_f64(x), self.cell_width_px, self.columns);
            shares.push(share);
            match spans.last_mut() {
                Some(span) if (span.left, span.right) == (left, right) => span.end = x + 1,
                _ => spans.push(Span {
                    left,
                    right,
                    start: x,
                    end: x + 1,
                }),
            }
        }
        Lines {
            mesh: self,
            spans,
            shares,
            nodes: vec![0.0; self.columns],
        }
    }
}

/// The cells before and after a coordinate and the share of the second.
fn between(pixel: f64, cell_px: f64, cells: usize) -> (usize, usize, f32) {
    let place = ((pixel + 0.5) / cell_px - 0.5).clamp(0.0, size_f64(cells - 1));
    let first = count_usize(round_u64(place.floor())).min(cells - 1);
    let share = nearest_f32(place - size_f64(first));
    (first, (first + 1).min(cells - 1), share)
}

#[inline]
fn mix(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

/// Columns of a frame between two centres of cells.
struct Span {
    left: usize,
    right: usize,
    start: usize,
    end: usize,
}

/// A mesh made ready for whole rows.
pub(super) struct Lines<'a> {
    mesh: &'a Mesh,
    spans: Vec<Span>,
    shares: Vec<f32>,
    nodes: Vec<f32>,
}

impl Lines<'_> {
    /// The values of row `y`.
    pub(super) fn fill(&mut self, y: usize, out: &mut [f32]) {
        let mesh = self.mesh;
        let (upper, lower, down) = between(size_f64(y), mesh.cell_height_px, mesh.rows);
        let upper = &mesh.values[upper * mesh.columns..];
        let lower = &mesh.values[lower * mesh.columns..];
        for (node, (above, below)) in self.nodes.iter_mut().zip(upper.iter().zip(lower)) {
            *node = mix(*above, *below, down);
        }
        for span in &self.spans {
            let (left, right) = (self.nodes[span.left], self.nodes[span.right]);
            let shares = &self.shares[span.start..span.end];
            for (value, share) in out[span.start..span.end].iter_mut().zip(shares) {
                *value = mix(left, right, *share);
            }
        }
    }
}
