//! Cuts the overscan off a raw image: what is left are the pixels that see light, amplifier beside
//! amplifier, as the world coordinates of the header count them.

use common::fits::{Header, Image};

use super::super::super::calibration::Frame;

/// A part of an image, from 0, its ends excluded.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Section {
    columns: (usize, usize),
    rows: (usize, usize),
}

/// The lit pixels of an image, and how many columns and rows were cut off before the first of them.
///
/// Sections are read from `DATASEC`, or `DATASEC1`, `DATASEC2` … where several amplifiers read one
/// image; they must cover the same rows. Where there are none, or none that fit, the image is whole.
pub(super) fn trim(image: Image) -> (Frame, (usize, usize)) {
    let Some(sections) = sections(&image.header, image.width, image.height) else {
        let frame = Frame {
            width: image.width,
            height: image.height,
            data: image.data,
        };
        return (frame, (0, 0));
    };
    let (first_row, end_row) = sections[0].rows;
    let width = sections.iter().map(|it| it.columns.1 - it.columns.0).sum();
    let mut data = Vec::with_capacity(width * (end_row - first_row));
    let rows = image.data.chunks_exact(image.width);
    for row in rows.take(end_row).skip(first_row) {
        for section in &sections {
            data.extend_from_slice(&row[section.columns.0..section.columns.1]);
        }
    }
    let frame = Frame {
        width,
        height: end_row - first_row,
        data,
    };
    (frame, (sections[0].columns.0, first_row))
}

fn sections(header: &Header, width: usize, height: usize) -> Option<Vec<Section>> {
    let mut sections: Vec<Section> = Vec::new();
    if let Some(text) = header.str("DATASEC") {
        sections.push(section(&text)?);
    }
    for number in 1..=MOST_AMPLIFIERS {
        let Some(text) = header.str(&format!("DATASEC{number}")) else {
            break;
        };
        sections.push(section(&text)?);
    }
    sections.sort_by_key(|it| it.columns);
    let rows = sections.first()?.rows;
    let fit = sections
        .iter()
        .all(|it| it.rows == rows && it.columns.0 < it.columns.1 && it.columns.1 <= width);
    let apart = sections
        .windows(2)
        .all(|pair| pair[0].columns.1 <= pair[1].columns.0);
    (fit && apart && rows.0 < rows.1 && rows.1 <= height).then_some(sections)
}

/// More than any detector has for one image.
const MOST_AMPLIFIERS: u32 = 16;

/// Reads `[first column:last column,first row:last row]`, from 1.
fn section(text: &str) -> Option<Section> {
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    let (columns, rows) = inner.split_once(',')?;
    let range = |text: &str| -> Option<(usize, usize)> {
        let (first, last) = text.split_once(':')?;
        let first: usize = first.trim().parse().ok()?;
        Some((first.checked_sub(1)?, last.trim().parse().ok()?))
    };
    Some(Section {
        columns: range(columns)?,
        rows: range(rows)?,
    })
}

#[cfg(test)]
mod tests {
    use common::units::{nearest_f32, size_f64};

    use super::*;

    fn image(sections: &[(&str, &str)]) -> Image {
        let mut header = Header::new();
        for (keyword, section) in sections {
            header.set(keyword, *section, "");
        }
        Image {
            width: 8,
            height: 3,
            data: (0..24).map(|it| nearest_f32(size_f64(it))).collect(),
            header,
            extname: None,
            hdu: 1,
            plane: 0,
        }
    }

    #[test]
    fn two_amplifiers_are_put_side_by_side() {
        let (frame, before) = trim(image(&[
            ("DATASEC1", "[2:3,2:3]"),
            ("DATASEC2", "[6:7,2:3]"),
        ]));
        assert_eq!((frame.width, frame.height, before), (4, 2, (1, 1)));
        assert_eq!(frame.data, [9.0, 10.0, 13.0, 14.0, 17.0, 18.0, 21.0, 22.0]);
    }

    #[test]
    fn what_does_not_fit_leaves_the_image_whole() {
        for sections in [
            &[][..],
            &[("DATASEC", "[1:9,1:3]")],
            &[("DATASEC", "[0:8,1:3]")],
            &[("DATASEC", "[3:2,1:3]")],
            &[("DATASEC", "all")],
            &[("DATASEC1", "[1:4,1:3]"), ("DATASEC2", "[4:8,1:3]")],
            &[("DATASEC1", "[1:4,1:3]"), ("DATASEC2", "[5:8,1:2]")],
        ] {
            let (frame, before) = trim(image(sections));
            assert_eq!((frame.data.len(), before), (24, (0, 0)), "{sections:?}");
        }
    }
}
