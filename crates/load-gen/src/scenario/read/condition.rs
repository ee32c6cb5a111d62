//! Conditions: `{value.status} != COMPLETED`.

use super::super::document::Node;
use super::super::model::{Comparison, Condition};
use super::Reading;

/// Signs and words, the longer ones first: `<=` begins with `<`.
const COMPARISONS: [(&str, Comparison); 8] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("<", Comparison::Below),
    (">", Comparison::Above),
    ("contains", Comparison::Contains),
    ("exists", Comparison::Exists),
];

const FORM: &str = "a condition is `LEFT == RIGHT` with one of ==, !=, <, <=, >, >= and contains, or `LEFT exists`";

pub(super) fn condition(
    reading: &mut Reading<'_, '_>,
    node: &Node,
    field: &str,
) -> Option<Condition> {
    let Some(text) = node.text() else {
        reading.wrong(node, field, FORM);
        return None;
    };
    let Some((left, comparison, right)) = split(text) else {
        reading.wrong(node, field, format!("{FORM}, got `{text}`"));
        return None;
    };
    let is_bare = comparison == Comparison::Exists;
    if left.is_empty() || (is_bare != right.is_empty()) {
        let message = if is_bare && !left.is_empty() {
            format!("nothing stands behind `exists`, got `{right}`")
        } else {
            format!("a side of `{text}` is empty: write '' for an empty text")
        };
        reading.wrong(node, field, message);
        return None;
    }
    let left = reading.template_of(unquoted(left), node, field);
    let right = reading.template_of(unquoted(right), node, field);
    Some(Condition {
        left: left?,
        comparison,
        right: right?,
    })
}

/// The sides of a condition and what stands between, outside of placeholders.
fn split(text: &str) -> Option<(&str, Comparison, &str)> {
    let mut depth = 0_u32;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ => {
                let rest = &text[at..];
                let found = COMPARISONS.iter().find(|it| begins(text, at, it.0));
                if let Some((sign, comparison)) = found {
                    return Some((text[..at].trim(), *comparison, rest[sign.len()..].trim()));
                }
            }
        }
    }
    None
}

/// Whether a sign begins here; a word must stand alone.
fn begins(text: &str, at: usize, sign: &str) -> bool {
    let Some(after) = text[at..].strip_prefix(sign) else {
        return false;
    };
    let is_word = sign.starts_with(|it: char| it.is_ascii_alphabetic());
    let ends = |it: Option<char>| it.is_none_or(char::is_whitespace);
    !is_word || (ends(text[..at].chars().next_back()) && ends(after.chars().next()))
}

fn unquoted(text: &str) -> &str {
    let inside = text.strip_prefix('\'').and_then(|it| it.strip_suffix('\''));
    inside.unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_split_outside_of_its_placeholders() {
        assert_eq!(
            split("{value.a} != COMPLETED"),
            Some(("{value.a}", Comparison::Unequal, "COMPLETED"))
        );
        assert_eq!(
            split("{choice:a<b|c}<=3"),
            Some(("{choice:a<b|c}", Comparison::AtMost, "3"))
        );
        assert_eq!(
            split("{value.next} exists"),
            Some(("{value.next}", Comparison::Exists, ""))
        );
        assert_eq!(split("it-contains x"), None);
    }
}
