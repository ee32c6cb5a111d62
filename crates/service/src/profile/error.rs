//! What is wrong with a profile, and where.

use thiserror::Error;

/// What is wrong with a profile, with the place in its file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{origin}:{line}:{column}: {field}: {message}")]
pub struct ProfileError {
    /// The file, or the name of a built-in profile.
    pub origin: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The field, such as ``operation `cone_search`: request.path``.
    pub field: String,
    /// The rule that is broken.
    pub message: String,
}

/// Line and column (both from 1) of a byte of a text.
pub fn place_of(text: &str, byte: usize) -> (usize, usize) {
    let mut end = byte.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line = before.bytes().filter(|it| *it == b'\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |it| it.chars().count())
        + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters() {
        assert_eq!(place_of("ab\ncd", 0), (1, 1));
        assert_eq!(place_of("ab\ncd", 4), (2, 2));
        assert_eq!(place_of("α=1", 2), (1, 2));
        assert_eq!(place_of("ab", 99), (1, 3));
    }
}
