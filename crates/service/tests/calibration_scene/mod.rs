//! A simulated detector under a simulated sky, whose truth is known.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test and the benchmark use a part of it"
)]

use common::units::{count_usize, nearest_f32, round_u64, size_f64};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use service::calibration::{Detector, Frame, Masters};

/// How light falls off from the centre of a star.
#[derive(Clone, Copy, Debug)]
pub enum Profile {
    Gaussian,
    /// Exponent β.
    Moffat(f64),
}

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Scene {
    pub width: usize,
    pub height: usize,
    pub seed: u64,
    pub sky_e: f64,
    pub fwhm_px: f64,
    pub profile: Profile,
    pub stars: usize,
    /// Faintest and brightest star; three times fewer stars above each threefold flux.
    pub flux_e: (f64, f64),
    /// Places stars on a grid, so that none disturbs another.
    pub on_a_grid: bool,
    /// Tracks of 1 to 8 pixels.
    pub cosmic_rays: usize,
    /// Dead pixels of the flat field.
    pub dead_pixels: usize,
    pub detector: Detector,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            width: 256,
            height: 256,
            seed: 1,
            sky_e: 200.0,
            fwhm_px: 3.2,
            profile: Profile::Gaussian,
            stars: 0,
            flux_e: (500.0, 1e6),
            on_a_grid: false,
            cosmic_rays: 0,
            dead_pixels: 0,
            detector: Detector {
                gain_e_per_adu: 1.6,
                read_noise_e: 5.0,
                saturation_adu: 60_000.0,
                exposure_s: 300.0,
            },
        }
    }
}

/// A star that was put in, in the FITS convention.
#[derive(Clone, Copy, Debug)]
pub struct Star {
    pub x: f64,
    pub y: f64,
    pub flux_e: f64,
}

/// What the detector delivered, what calibrates it, and what was there.
pub struct Simulated {
    pub raw: Frame,
    pub bias: Frame,
    pub dark_rate: Frame,
    pub flat: Frame,
    pub stars: Vec<Star>,
    /// Index and electrons of each pixel hit.
    pub rays: Vec<(usize, f64)>,
    /// Electrons of sky and stars per pixel of mean sensitivity, free of noise.
    pub light: Frame,
}

impl Simulated {
    pub fn masters(&self) -> Masters<'_> {
        Masters {
            bias: Some(&self.bias),
            dark_rate: Some(&self.dark_rate),
            flat: Some(&self.flat),
        }
    }
}

impl Scene {
    pub fn simulate(&self) -> Simulated {
        let mut dice = Dice::new(self.seed);
        let stars = self.place_stars(&mut dice);
        let mut light = self.frame(|_, _| self.sky_e);
        for star in &stars {
            self.shine(star, &mut light);
        }
        let rays = self.hit(&mut dice);
        let bias = self.frame(|x, y| 1000.0 + 3.0 * (x / 37.0).sin() + y / 500.0);
        let dark_rate = self.frame(|_, _| 0.02);
        let center = (size_f64(self.width) / 2.0, size_f64(self.height) / 2.0);
        let corner = center.0 * center.0 + center.1 * center.1;
        let mut flat = self.frame(|x, y| {
            let square = (x - center.0) * (x - center.0) + (y - center.1) * (y - center.1);
            1.05 - 0.15 * square / corner
        });
        for value in &mut flat.data {
            *value *= nearest_f32(1.0 + 0.01 * dice.normal());
        }
        for _ in 0..self.dead_pixels {
            let at = dice.index(flat.data.len());
            flat.data[at] = 0.0;
        }
        let mut raw = Frame::filled(self.width, self.height, 0.0);
        let detector = &self.detector;
        let dark_e = 0.02 * f64::from(detector.exposure_s);
        for (at, value) in raw.data.iter_mut().enumerate() {
            let expected = f64::from(light.data[at]) * f64::from(flat.data[at]) + dark_e;
            let electrons =
                dice.poisson(expected) + f64::from(detector.read_noise_e) * dice.normal();
            *value = nearest_f32(electrons);
        }
        for (at, electrons) in &rays {
            raw.data[*at] += nearest_f32(*electrons);
        }
        for (value, bias) in raw.data.iter_mut().zip(&bias.data) {
            *value = (*value / detector.gain_e_per_adu + bias)
                .round()
                .clamp(0.0, 65_535.0);
        }
        Simulated {
            raw,
            bias,
            dark_rate,
            flat,
            stars,
            rays,
            light,
        }
    }

    fn frame(&self, value: impl Fn(f64, f64) -> f64) -> Frame {
        let places = (0..self.height).flat_map(|y| (0..self.width).map(move |x| (x, y)));
        Frame {
            width: self.width,
            height: self.height,
            data: places
                .map(|(x, y)| nearest_f32(value(size_f64(x), size_f64(y))))
                .collect(),
        }
    }

    fn place_stars(&self, dice: &mut Dice) -> Vec<Star> {
        let across = size_f64(self.stars).sqrt().ceil().max(1.0);
        let step = (
            size_f64(self.width) / across,
            size_f64(self.height) / across,
        );
        (0..self.stars)
            .map(|number| {
                let (column, row) = (
                    size_f64(number) % across,
                    (size_f64(number) / across).floor(),
                );
                let (x, y) = if self.on_a_grid {
                    (
                        (column + 0.5) * step.0 + dice.uniform(),
                        (row + 0.5) * step.1 + dice.uniform(),
                    )
                } else {
                    (
                        dice.uniform() * size_f64(self.width) + 0.5,
                        dice.uniform() * size_f64(self.height) + 0.5,
                    )
                };
                let (faint, bright) = self.flux_e;
                let flux_e = (faint / (1.0 - dice.uniform())).min(bright);
                Star { x, y, flux_e }
            })
            .collect()
    }

    /// Adds a star, its profile averaged over 5 × 5 parts of each pixel.
    fn shine(&self, star: &Star, light: &mut Frame) {
        let reach = (self.fwhm_px * 10.0).ceil();
        let columns = part(star.x - 1.0, reach, self.width);
        for row in part(star.y - 1.0, reach, self.height) {
            for column in columns.clone() {
                let mut sum = 0.0;
                for fine in 0..25_u8 {
                    let offset = |part: u8| (f64::from(part) - 2.0) / 5.0;
                    let dx = size_f64(column) + 1.0 + offset(fine % 5) - star.x;
                    let dy = size_f64(row) + 1.0 + offset(fine / 5) - star.y;
                    sum += self.density(dx * dx + dy * dy);
                }
                light.data[row * self.width + column] += nearest_f32(star.flux_e * sum / 25.0);
            }
        }
    }

    /// Share of a star's light per pixel at a squared distance from its centre.
    fn density(&self, square: f64) -> f64 {
        match self.profile {
            Profile::Gaussian => {
                let variance = (self.fwhm_px / 2.354_820_045).powi(2);
                (-0.5 * square / variance).exp() / (std::f64::consts::TAU * variance)
            }
            Profile::Moffat(beta) => {
                let alpha = self.fwhm_px / (2.0 * (2.0_f64.powf(1.0 / beta) - 1.0).sqrt());
                let peak = (beta - 1.0) / (std::f64::consts::PI * alpha * alpha);
                peak * (1.0 + square / (alpha * alpha)).powf(-beta)
            }
        }
    }

    fn hit(&self, dice: &mut Dice) -> Vec<(usize, f64)> {
        let mut hits = vec![0.0; self.width * self.height];
        for _ in 0..self.cosmic_rays {
            let (mut x, mut y) = (
                dice.uniform() * size_f64(self.width),
                dice.uniform() * size_f64(self.height),
            );
            let angle = std::f64::consts::TAU * dice.uniform();
            let length = 1.0 + 6.0 * dice.uniform().powi(2);
            let electrons = 1500.0 * (0.8 * dice.normal()).exp();
            let steps = round_u64(length);
            for _ in 0..steps {
                let (column, row) = (
                    count_usize(round_u64(x.floor())),
                    count_usize(round_u64(y.floor())),
                );
                if x >= 0.0 && y >= 0.0 && column < self.width && row < self.height {
                    hits[row * self.width + column] += electrons * (0.5 + dice.uniform());
                }
                x += angle.cos();
                y += angle.sin();
            }
        }
        hits.into_iter()
            .enumerate()
            .filter(|it| it.1 > 0.0)
            .collect()
    }
}

fn part(center: f64, reach: f64, pixels: usize) -> std::ops::Range<usize> {
    let first = count_usize(round_u64(center - reach));
    let end = count_usize(round_u64(center + reach + 1.0));
    first.min(pixels)..end.min(pixels)
}

/// Seeded deviates.
pub struct Dice {
    rng: ChaCha8Rng,
}

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    pub fn uniform(&mut self) -> f64 {
        self.rng.random()
    }

    pub fn index(&mut self, n: usize) -> usize {
        self.rng.random_range(0..n)
    }

    /// By Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// By counting below a mean of 30, else from the normal distribution.
    pub fn poisson(&mut self, mean: f64) -> f64 {
        if mean >= 30.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0);
        }
        let limit = (-mean).exp();
        let mut product = self.uniform();
        let mut count = 0.0;
        while product > limit {
            product *= self.uniform();
            count += 1.0;
        }
        count
    }
}

/// Mean and standard deviation.
pub fn moments(values: &[f64]) -> (f64, f64) {
    let count = size_f64(values.len());
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|it| (it - mean) * (it - mean)).sum();
    (mean, (squares / count).sqrt())
}
