//! The gnomonic (TAN) world coordinate system of an image (Calabretta & Greisen 2002).

use super::error::FitsError;
use super::header::Header;
use crate::sky::Position;

/// A linear transformation of pixels followed by the gnomonic projection. Pixels count from 1, their
/// centres are whole numbers, as FITS has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wcs {
    /// Position of the reference pixel (CRVAL), ICRS.
    pub reference: Position,
    /// The reference pixel (CRPIX).
    pub pixel: [f64; 2],
    /// Degrees per pixel (CD): rows are the two axes of the sky, columns those of the image.
    pub matrix: [[f64; 2]; 2],
}

impl Wcs {
    /// A camera of square pixels: scale in degrees, position angle of the image's second axis (north
    /// through east), degrees, east to the left of north.
    pub fn new(reference: Position, pixel: [f64; 2], scale_deg: f64, angle_deg: f64) -> Self {
        let (sine, cosine) = libm::sincos(angle_deg.to_radians());
        Self {
            reference,
            pixel,
            matrix: [
                [-scale_deg * cosine, scale_deg * sine],
                [scale_deg * sine, scale_deg * cosine],
            ],
        }
    }

    /// Reads the TAN keywords of a header: CD, or PC with CDELT, or CDELT with CROTA2.
    ///
    /// # Errors
    ///
    /// A keyword is missing, the projection is another, or the matrix has no inverse.
    pub fn from_header(header: &Header) -> Result<Self, FitsError> {
        for (keyword, axis) in [("CTYPE1", "RA--"), ("CTYPE2", "DEC-")] {
            let known = |text: &String| text.starts_with(axis) && text[4..].starts_with("-TAN");
            if header.str(keyword).is_none_or(|text| !known(&text)) {
                return Err(FitsError::Keyword {
                    keyword: keyword.to_owned(),
                    expected: "a TAN axis, right ascension first",
                });
            }
        }
        let wcs = Self {
            reference: Position::new(header.require_f64("CRVAL1")?, header.require_f64("CRVAL2")?),
            pixel: [header.require_f64("CRPIX1")?, header.require_f64("CRPIX2")?],
            matrix: matrix(header)?,
        };
        if wcs.determinant().abs() < 1e-20 || !wcs.determinant().is_finite() {
            return Err(FitsError::Keyword {
                keyword: "CD1_1".to_owned(),
                expected: "part of a matrix with an inverse",
            });
        }
        Ok(wcs)
    }

    /// Sets the keywords of this system.
    pub fn write_to(&self, header: &mut Header) {
        header.set("WCSAXES", 2, "number of axes of the sky");
        header.set("CTYPE1", "RA---TAN", "gnomonic projection");
        header.set("CTYPE2", "DEC--TAN", "gnomonic projection");
        header.set("CUNIT1", "deg", "");
        header.set("CUNIT2", "deg", "");
        header.set("CRPIX1", self.pixel[0], "reference pixel");
        header.set("CRPIX2", self.pixel[1], "reference pixel");
        header.set("CRVAL1", self.reference.ra_deg, "right ascension there");
        header.set("CRVAL2", self.reference.dec_deg, "declination there");
        for (i, row) in self.matrix.iter().enumerate() {
            for (j, value) in row.iter().enumerate() {
                header.set(&format!("CD{}_{}", i + 1, j + 1), *value, "deg per pixel");
            }
        }
        header.set("RADESYS", "ICRS", "");
    }

    /// The pixel of a position; none on the far half of the sky.
    pub fn to_pixel(self, position: Position) -> Option<[f64; 2]> {
        let [xi, eta] = self.to_plane(position)?;
        let [[xi_x, xi_y], [eta_x, eta_y]] = self.matrix;
        let inverse = 1.0 / self.determinant();
        Some([
            self.pixel[0] + inverse * (eta_y * xi - xi_y * eta),
            self.pixel[1] + inverse * (xi_x * eta - eta_x * xi),
        ])
    }

    /// The position of a pixel.
    pub fn to_sky(self, pixel: [f64; 2]) -> Position {
        let [x, y] = [pixel[0] - self.pixel[0], pixel[1] - self.pixel[1]];
        let [xi, eta] = self
            .matrix
            .map(|[per_x, per_y]| (per_x * x + per_y * y).to_radians());
        let [here, east, north] = self.axes();
        Position::from_unit_vector([0, 1, 2].map(|i| here[i] + xi * east[i] + eta * north[i]))
    }

    /// Geometric mean of the sides of a pixel, arcseconds.
    pub fn pixel_scale_arcsec(&self) -> f64 {
        3600.0 * self.determinant().abs().sqrt()
    }

    /// The same system for an image cut out of this one, whose first pixel is (`x0` + 1, `y0` + 1).
    #[must_use]
    pub fn shifted(&self, x0: f64, y0: f64) -> Self {
        Self {
            pixel: [self.pixel[0] - x0, self.pixel[1] - y0],
            ..*self
        }
    }

    fn determinant(&self) -> f64 {
        self.matrix[0][0] * self.matrix[1][1] - self.matrix[0][1] * self.matrix[1][0]
    }

    /// Unit vectors towards the reference and east and north of it.
    fn axes(&self) -> [[f64; 3]; 3] {
        let (sin_ra, cos_ra) = libm::sincos(self.reference.ra_deg.to_radians());
        let (sin_dec, cos_dec) = libm::sincos(self.reference.dec_deg.to_radians());
        [
            [cos_dec * cos_ra, cos_dec * sin_ra, sin_dec],
            [-sin_ra, cos_ra, 0.0],
            [-sin_dec * cos_ra, -sin_dec * sin_ra, cos_dec],
        ]
    }

    /// Standard coordinates, degrees.
    fn to_plane(self, position: Position) -> Option<[f64; 2]> {
        let there = position.unit_vector();
        let [here, east, north] = self.axes();
        let along = |axis: [f64; 3]| axis[0] * there[0] + axis[1] * there[1] + axis[2] * there[2];
        let depth = along(here);
        (depth > 1e-3).then(|| [along(east) / depth, along(north) / depth].map(f64::to_degrees))
    }
}

fn matrix(header: &Header) -> Result<[[f64; 2]; 2], FitsError> {
    let names = |prefix: &str| [1, 2].map(|i| [1, 2].map(|j| format!("{prefix}{i}_{j}")));
    let cd = names("CD").map(|row| row.map(|name| header.f64(&name)));
    if cd.iter().flatten().any(Option::is_some) {
        return Ok(cd.map(|row| row.map(|value| value.unwrap_or(0.0))));
    }
    let steps = [header.require_f64("CDELT1")?, header.require_f64("CDELT2")?];
    let pc = names("PC").map(|row| row.map(|name| header.f64(&name)));
    let rotation = if pc.iter().flatten().any(Option::is_some) {
        [
            [pc[0][0].unwrap_or(1.0), pc[0][1].unwrap_or(0.0)],
            [pc[1][0].unwrap_or(0.0), pc[1][1].unwrap_or(1.0)],
        ]
    } else {
        let (sine, cosine) = libm::sincos(header.f64("CROTA2").unwrap_or(0.0).to_radians());
        // CROTA2 turns after scaling, PC before it.
        [
            [cosine, -sine * steps[1] / steps[0]],
            [sine * steps[0] / steps[1], cosine],
        ]
    };
    Ok([0, 1].map(|i| rotation[i].map(|value| steps[i] * value)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn north_is_up_and_east_is_left() {
        let center = Position::new(10.0, -30.0);
        let wcs = Wcs::new(center, [512.5, 512.5], 0.1 / 3600.0, 0.0);
        let [x, y] = wcs.to_pixel(center).unwrap();
        assert!((x - 512.5).abs() < 1e-9 && (y - 512.5).abs() < 1e-9);
        let [x, y] = wcs.to_pixel(center.offset(0.0, 10.0 / 3600.0)).unwrap();
        assert!(
            (x - 512.5).abs() < 1e-6 && (y - 612.5).abs() < 1e-4,
            "{x} {y}"
        );
        let [x, y] = wcs.to_pixel(center.offset(90.0, 10.0 / 3600.0)).unwrap();
        assert!(
            (x - 412.5).abs() < 1e-4 && (y - 512.5).abs() < 1e-4,
            "{x} {y}"
        );
        assert!((wcs.pixel_scale_arcsec() - 0.1).abs() < 1e-12);
        let behind = Position::new(190.0, 30.0);
        assert_eq!(wcs.to_pixel(behind), None);
    }

    #[test]
    fn a_turned_camera_has_its_second_axis_at_the_position_angle() {
        let center = Position::new(200.0, 45.0);
        let wcs = Wcs::new(center, [100.0, 100.0], 1.0 / 3600.0, 30.0);
        let [x, y] = wcs.to_pixel(center.offset(30.0, 10.0 / 3600.0)).unwrap();
        assert!(
            (x - 100.0).abs() < 1e-4 && (y - 110.0).abs() < 1e-4,
            "{x} {y}"
        );
    }

    #[test]
    fn old_and_new_keywords_mean_the_same() {
        let base = |header: &mut Header| {
            header.set("CTYPE1", "RA---TAN", "");
            header.set("CTYPE2", "DEC--TAN-SIP", "");
            for (keyword, value) in [("CRVAL1", 10.0), ("CRVAL2", 5.0)] {
                header.set(keyword, value, "");
            }
            header.set("CRPIX1", 50, "");
            header.set("CRPIX2", 60.5, "");
        };
        let mut old = Header::new();
        base(&mut old);
        for (keyword, value) in [("CDELT1", -2e-4), ("CDELT2", 1e-4), ("CROTA2", 30.0)] {
            old.set(keyword, value, "");
        }
        let (sine, cosine) = 30_f64.to_radians().sin_cos();
        let mut new = Header::new();
        base(&mut new);
        for (keyword, value) in [
            ("CD1_1", -2e-4 * cosine),
            ("CD1_2", -1e-4 * sine),
            ("CD2_1", -2e-4 * sine),
            ("CD2_2", 1e-4 * cosine),
        ] {
            new.set(keyword, value, "");
        }
        let (old, new) = (
            Wcs::from_header(&old).unwrap(),
            Wcs::from_header(&new).unwrap(),
        );
        for (a, b) in old.matrix.iter().flatten().zip(new.matrix.iter().flatten()) {
            assert!((a - b).abs() < 1e-15, "{old:?} {new:?}");
        }
    }

    #[test]
    fn a_header_without_a_projection_says_which_keyword_is_missing() {
        let error = Wcs::from_header(&Header::new()).unwrap_err().to_string();
        assert_eq!(
            error,
            "header keyword CTYPE1 is missing or is not a TAN axis, right ascension first"
        );
    }

    proptest! {
        #[test]
        fn pixels_and_positions_round_trip(
            ra in 0.0..360.0_f64, dec in -90.0..=90.0_f64, angle in 0.0..360.0_f64,
            x in -5000.0..5000.0_f64, y in -5000.0..5000.0_f64,
        ) {
            let wcs = Wcs::new(Position::new(ra, dec), [1024.5, 2048.5], 0.2 / 3600.0, angle);
            let mut header = Header::new();
            wcs.write_to(&mut header);
            let wcs = Wcs::from_header(&header).unwrap();
            let back = wcs.to_pixel(wcs.to_sky([x, y])).unwrap();
            prop_assert!((back[0] - x).abs() < 1e-5 && (back[1] - y).abs() < 1e-5, "{back:?}");
        }
    }
}
