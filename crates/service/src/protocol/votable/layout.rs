//! How many bytes a cell takes in a binary serialisation (`VOTable` 1.5 sections 2.1 and 5.4).

use common::units::size_u64;

use super::Field;
use super::columns::{Column, PositionColumns};

/// What the bytes of a row are, in their order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Step {
    /// This many bytes, at least one, that say nothing of the position.
    Skip(u64),
    /// A count in four bytes, then as many items of this many bits each.
    Array(u64),
    /// A number of the position.
    Value(Angle),
}

/// A number that is an angle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Angle {
    /// Whether it is the right ascension, else the declination.
    pub(super) is_ra: bool,
    /// Its datatype.
    pub(super) number: Number,
    /// Degrees in its unit.
    pub(super) degrees: f64,
}

/// The datatypes that a position can have.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Double,
    Float,
    Int,
    Short,
}

impl Number {
    /// Bytes of one number.
    pub(super) fn width(self) -> usize {
        match self {
            Self::Double => 8,
            Self::Float | Self::Int => 4,
            Self::Short => 2,
        }
    }

    /// The number in big-endian bytes; `None` when there are too few or it is not finite.
    pub(super) fn read(self, bytes: &[u8]) -> Option<f64> {
        let value = match self {
            Self::Double => f64::from_be_bytes(*bytes.first_chunk()?),
            Self::Float => f32::from_be_bytes(*bytes.first_chunk()?).into(),
            Self::Int => i32::from_be_bytes(*bytes.first_chunk()?).into(),
            Self::Short => i16::from_be_bytes(*bytes.first_chunk()?).into(),
        };
        value.is_finite().then_some(value)
    }
}

/// The steps through a row of these fields, without a mask of nulls.
pub(super) fn steps(fields: &[Field], columns: &PositionColumns) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let step = match angle(index, field, columns) {
            Some(angle) => Step::Value(angle),
            None => match step(field)? {
                Step::Skip(0) => continue,
                step => step,
            },
        };
        match (steps.last_mut(), step) {
            (Some(Step::Skip(before)), Step::Skip(bytes)) => {
                let sum = before.checked_add(bytes);
                *before = sum.ok_or("a row is longer than any memory")?;
            }
            _ => steps.push(step),
        }
    }
    if steps.is_empty() {
        return Err("the rows of a binary stream have no width".into());
    }
    Ok(steps)
}

fn angle(index: usize, field: &Field, columns: &PositionColumns) -> Option<Angle> {
    let is = |column: &Option<Column>| column.filter(|it| it.index == index);
    let (column, is_ra) = match is(&columns.ra) {
        Some(column) => (column, true),
        None => (is(&columns.dec)?, false),
    };
    if !matches!(
        field.arraysize.as_deref().map(str::trim),
        None | Some("" | "1")
    ) {
        return None;
    }
    let number = match field.datatype.as_str() {
        "double" => Number::Double,
        "float" => Number::Float,
        "int" => Number::Int,
        "short" => Number::Short,
        _ => return None,
    };
    Some(Angle {
        is_ra,
        number,
        degrees: column.degrees,
    })
}

fn step(field: &Field) -> Result<Step, String> {
    let name = &field.name;
    let bits = match field.datatype.as_str() {
        "bit" => 1,
        "boolean" | "unsignedByte" | "char" => 8,
        "short" | "unicodeChar" => 16,
        "int" | "float" => 32,
        "long" | "double" | "floatComplex" => 64,
        "doubleComplex" => 128,
        "" => return Err(format!("the field `{name}` has no datatype")),
        other => {
            return Err(format!(
                "the field `{name}` has the unknown datatype `{other}`"
            ));
        }
    };
    let arraysize = field.arraysize.as_deref().unwrap_or("1").trim();
    let wrong = || format!("the field `{name}` has the arraysize `{arraysize}`");
    let (fixed, is_variable) = match arraysize.split_once('*') {
        // `10*` is at most ten, but as many as its count says.
        Some((fixed, "")) => (fixed.trim_end_matches('x'), true),
        Some(_) => return Err(wrong()),
        None => (arraysize, false),
    };
    if is_variable {
        if !fixed
            .split('x')
            .all(|it| it.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(wrong());
        }
        return Ok(Step::Array(bits));
    }
    let mut items = 1_u64;
    for size in fixed.split('x').filter(|_| !fixed.is_empty()) {
        let size: u64 = size.trim().parse().map_err(|_| wrong())?;
        items = items.checked_mul(size).ok_or_else(wrong)?;
    }
    let total = items.checked_mul(bits).ok_or_else(wrong)?;
    Ok(Step::Skip(total.div_ceil(8)))
}

/// Bytes of a mask of nulls for this many fields.
pub(super) fn mask_bytes(fields: usize) -> u64 {
    size_u64(fields.div_ceil(8))
}
