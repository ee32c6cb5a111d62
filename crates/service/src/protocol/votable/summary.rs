//! What a `VOTable` says beside its rows.

/// What was found in a complete, well-formed `VOTable`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VotableSummary {
    /// The version attribute, such as `1.4`.
    pub version: Option<String>,
    /// The columns of the result table.
    pub fields: Vec<Field>,
    /// Rows of the result table: the first table that is not in a resource of type `meta`.
    pub rows: u64,
    /// Rows of all other tables.
    pub other_rows: u64,
    /// Tables in the document.
    pub tables: u32,
    /// All INFO elements in the order of the document.
    pub infos: Vec<Info>,
    /// The last `QUERY_STATUS`, which decides: servers write `OK` before the rows and `OVERFLOW` or
    /// `ERROR` after them (DALI 1.1 section 4.4).
    pub query_status: Option<QueryStatus>,
    /// The message of a Simple Cone Search `Error`, an INFO or PARAM of the document, of a resource
    /// or of its definitions (SCS 1.03 section 2.3).
    pub error: Option<String>,
    /// How the rows of the result table are written; `None` when it has no data.
    pub serialization: Option<Serialization>,
    /// Indexes into `fields` of right ascension and declination, where such columns were found.
    pub position_columns: (Option<usize>, Option<usize>),
}

/// A column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its identifier in the document.
    pub id: Option<String>,
    /// What it means, as a Unified Content Descriptor.
    pub ucd: Option<String>,
    /// The datatype of one element, such as `double`.
    pub datatype: String,
    /// The shape of a cell, such as `*` or `3x*`; `None` for a single value.
    pub arraysize: Option<String>,
    /// Its unit.
    pub unit: Option<String>,
    /// Its extended type, such as `timestamp`.
    pub xtype: Option<String>,
}

/// An INFO element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Info {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The text in it, trimmed.
    pub text: String,
}

/// The outcome that a service states (DALI 1.1 section 4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryStatus {
    /// The outcome.
    pub state: QueryState,
    /// The text beside it, empty when there is none.
    pub message: String,
}

/// The outcomes of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueryState {
    /// The query ran and all rows are there.
    Ok,
    /// The query ran and rows were left out.
    Overflow,
    /// The query failed.
    Error,
    /// A word that the standard does not have.
    Other(String),
}

impl QueryState {
    pub(super) fn of(value: &str) -> Self {
        match value.trim().to_ascii_uppercase().as_str() {
            "OK" => Self::Ok,
            "OVERFLOW" => Self::Overflow,
            "ERROR" => Self::Error,
            _ => Self::Other(value.trim().to_owned()),
        }
    }
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serialization {
    /// As elements.
    TableData,
    /// As big-endian values in base64.
    Binary,
    /// As [`Binary`](Self::Binary) with a mask of nulls before each row.
    Binary2,
    /// As a FITS file, which is not read.
    Fits,
    /// Somewhere else, behind an address, which is not read.
    Remote,
}

impl Serialization {
    /// Whether rows written so are read and counted.
    pub fn is_readable(self) -> bool {
        !matches!(self, Self::Fits | Self::Remote)
    }
}
