//! The elements that matter, by where they stand.

/// An element of a `VOTable`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Votable,
    /// A resource; whether its type is `meta`, so that it describes services and no results.
    Resource {
        is_meta: bool,
    },
    Definitions,
    Table,
    Field,
    Info,
    Param,
    Data,
    TableData,
    Row,
    Cell,
    Binary,
    Binary2,
    Stream,
    Fits,
    /// Anything else, whose text does not matter.
    Other,
}

impl Element {
    /// The element with this name inside `parent`. A name in a place where it means nothing to the
    /// reader, such as a PARAM in a GROUP, is [`Element::Other`].
    pub(super) fn of(parent: Option<Self>, name: &str) -> Self {
        match (parent, name) {
            (None, "VOTABLE") => Self::Votable,
            (Some(Self::Votable | Self::Resource { .. }), "RESOURCE") => {
                Self::Resource { is_meta: false }
            }
            (Some(Self::Votable | Self::Resource { .. }), "DEFINITIONS") => Self::Definitions,
            (Some(Self::Resource { .. }), "TABLE") => Self::Table,
            (Some(Self::Table), "FIELD") => Self::Field,
            (
                Some(
                    Self::Votable
                    | Self::Resource { .. }
                    | Self::Definitions
                    | Self::Table
                    | Self::Data
                    | Self::Binary
                    | Self::Binary2
                    | Self::Fits,
                ),
                "INFO",
            ) => Self::Info,
            (Some(Self::Votable | Self::Resource { .. } | Self::Definitions), "PARAM") => {
                Self::Param
            }
            (Some(Self::Table), "DATA") => Self::Data,
            (Some(Self::Data), "TABLEDATA") => Self::TableData,
            (Some(Self::Data), "BINARY") => Self::Binary,
            (Some(Self::Data), "BINARY2") => Self::Binary2,
            (Some(Self::Data), "FITS") => Self::Fits,
            (Some(Self::Binary | Self::Binary2 | Self::Fits), "STREAM") => Self::Stream,
            (Some(Self::TableData), "TR") => Self::Row,
            (Some(Self::Row), "TD") => Self::Cell,
            _ => Self::Other,
        }
    }

    /// Whether an INFO or PARAM named `Error` here is the error of a cone search.
    pub(super) fn may_hold_cone_error(self) -> bool {
        matches!(
            self,
            Self::Votable | Self::Resource { .. } | Self::Definitions
        )
    }
}
