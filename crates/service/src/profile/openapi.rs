//! A profile to start from, made of an `OpenAPI` document.
//!
//! Names and formats say what a parameter may be: `ra`, `dec` and `radius` become the target, limits and
//! magnitudes ranges, enumerations choices. What cannot be known is a variable or a comment that begins
//! with `check:`.

mod document;
mod operation;
mod schema;
mod value;
mod write;

use thiserror::Error;

use self::document::Document;

/// Why a document is no `OpenAPI` document that a profile can be made of.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenApiError {
    /// The text is neither JSON nor YAML.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: u64,
        /// What is wrong.
        message: String,
    },
    /// A field breaks a rule.
    #[error("{}{field}: {message}", line.map(|it| format!("line {it}: ")).unwrap_or_default())]
    Field {
        /// The line, from 1, where it could be found: that of the path or the section.
        line: Option<u64>,
        /// The field, such as `paths./cone.get.parameters[0].in`.
        field: String,
        /// The rule that is broken.
        message: String,
    },
}

/// Makes a profile of an `OpenAPI` 3.0 or 3.1 document in JSON or YAML: TOML with comments to edit.
pub fn from_openapi(text: &str) -> Result<String, OpenApiError> {
    let document = Document::read(text)?;
    let (operations, variables) = operation::operations(&document)?;
    Ok(write::profile(&document, &operations, &variables))
}

#[cfg(test)]
mod tests;
