//! Which columns hold the position, and in what unit.

use super::{Field, VotableOptions};
use crate::protocol::position::columns_by_name;

/// The columns of right ascension and declination.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct PositionColumns {
    pub(super) ra: Option<Column>,
    pub(super) dec: Option<Column>,
}

/// A column with an angle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Column {
    /// Its index among the fields.
    pub(super) index: usize,
    /// Degrees in its unit.
    pub(super) degrees: f64,
}

impl PositionColumns {
    /// Finds them: as asked for, by the UCDs of Simple Cone Search 1.1 or 1.03, by other UCDs of
    /// equatorial positions, by usual names.
    pub(super) fn find(fields: &[Field], options: &VotableOptions) -> Self {
        let (ra, dec) = if let Some((ra, dec)) = &options.position_columns {
            (named(fields, ra), named(fields, dec))
        } else {
            let names: Vec<&str> = fields.iter().map(|it| it.name.as_str()).collect();
            let (ra, dec) = columns_by_name(&names);
            (
                by_ucd(fields, "pos.eq.ra", "POS_EQ_RA").or(ra),
                by_ucd(fields, "pos.eq.dec", "POS_EQ_DEC").or(dec),
            )
        };
        Self {
            ra: column(fields, ra),
            dec: column(fields, dec),
        }
    }
}

fn named(fields: &[Field], name: &str) -> Option<usize> {
    fields
        .iter()
        .position(|it| it.name.eq_ignore_ascii_case(name) || it.id.as_deref() == Some(name))
}

/// The main column with a UCD of version 1+ or 1, else the first one with it.
fn by_ucd(fields: &[Field], ucd: &str, old_ucd: &str) -> Option<usize> {
    let with = |wanted: &str| {
        fields.iter().position(|field| {
            let ucd = field.ucd.as_deref().unwrap_or_default().trim();
            ucd.eq_ignore_ascii_case(wanted)
        })
    };
    with(&format!("{ucd};meta.main"))
        .or_else(|| with(&format!("{old_ucd}_MAIN")))
        .or_else(|| with(ucd))
        .or_else(|| with(old_ucd))
}

/// A column with one angle in a unit that is understood.
fn column(fields: &[Field], index: Option<usize>) -> Option<Column> {
    let index = index?;
    let degrees = match fields.get(index)?.unit.as_deref().map(str::trim) {
        None | Some("" | "deg" | "degree" | "degrees") => 1.0,
        Some("rad") => 1_f64.to_degrees(),
        // Hours and sexagesimal text are no degrees: such a row has no readable position.
        Some(_) => return None,
    };
    Some(Column { index, degrees })
}
