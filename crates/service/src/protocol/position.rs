//! Where a row of an answer is in the sky.

/// The position that a row states, as far as it could be read.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RowPosition {
    /// Right ascension as written, degrees; `None` when there is no such column or no finite number.
    pub ra_deg: Option<f64>,
    /// Declination as written, degrees; `None` when there is no such column or no finite number.
    pub dec_deg: Option<f64>,
}

/// Who is told of each row.
pub type OnRow<'a> = dyn FnMut(RowPosition) + 'a;

/// Names of a right ascension column in degrees, most specific first, compared without case.
const RA_NAMES: [&str; 9] = [
    "ra",
    "ra_deg",
    "radeg",
    "s_ra",
    "raj2000",
    "ra_j2000",
    "_raj2000",
    "ra_icrs",
    "right_ascension",
];
/// Names of a declination column in degrees, in the order of [`RA_NAMES`].
const DEC_NAMES: [&str; 9] = [
    "dec",
    "dec_deg",
    "decdeg",
    "s_dec",
    "dej2000",
    "dec_j2000",
    "_dej2000",
    "de_icrs",
    "declination",
];

/// The columns of right ascension and declination by their usual names.
pub(super) fn columns_by_name(names: &[impl AsRef<str>]) -> (Option<usize>, Option<usize>) {
    let find = |usual: &[&str]| {
        usual.iter().find_map(|wanted| {
            names
                .iter()
                .position(|name| name.as_ref().eq_ignore_ascii_case(wanted))
        })
    };
    (find(&RA_NAMES), find(&DEC_NAMES))
}

/// The finite number that a piece of text holds, white space around it ignored.
pub(super) fn number(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    text.trim_ascii()
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite())
}
