//! The ways to send rows.

/// A way to send rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// One INSERT for each row.
    RowByRow,
    /// INSERT with many rows of VALUES.
    MultiRow,
    /// INSERT from arrays.
    Unnest,
    /// COPY in text.
    CopyText,
    /// COPY in binary.
    CopyBinary,
}

/// Columns of a row.
pub(super) const COLUMNS: u64 = 10;

impl Method {
    pub(super) const ALL: [Self; 5] = [
        Self::RowByRow,
        Self::MultiRow,
        Self::Unnest,
        Self::CopyText,
        Self::CopyBinary,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::RowByRow => "row_by_row",
            Self::MultiRow => "multi_row_insert",
            Self::Unnest => "unnest_arrays",
            Self::CopyText => "copy_text",
            Self::CopyBinary => "copy_binary",
        }
    }

    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::RowByRow => "A prepared INSERT for each row, one after the other.",
            Self::MultiRow => "A prepared INSERT with many rows of VALUES.",
            Self::Unnest => "A prepared INSERT … SELECT FROM unnest of one array a column.",
            Self::CopyText => "COPY FROM STDIN in text.",
            Self::CopyBinary => "COPY FROM STDIN in binary.",
        }
    }

    /// Batch sizes worth a look, up to `largest`.
    pub(super) fn batches(self, largest: u64) -> Vec<u64> {
        let sizes: &[u64] = match self {
            Self::RowByRow => &[1000],
            // 65,535 parameters of the protocol hold 6,553 rows.
            Self::MultiRow => &[100, 1000, 5000],
            Self::Unnest | Self::CopyText | Self::CopyBinary => &[100, 1000, 5000, 10_000],
        };
        let fitting: Vec<u64> = sizes
            .iter()
            .copied()
            .filter(|size| *size <= largest)
            .collect();
        if fitting.is_empty() {
            vec![largest]
        } else {
            fitting
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_batch_has_more_parameters_than_the_protocol() {
        for size in Method::MultiRow.batches(u64::MAX) {
            assert!(size * COLUMNS < 65_536);
        }
    }
}
