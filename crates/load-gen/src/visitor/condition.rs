//! Whether a condition of a scenario holds for a user.

use service::session::Session;

use crate::scenario::{Comparison, Condition};

/// Whether it holds: numbers are compared as numbers where both sides are numbers.
pub(super) fn holds(condition: &Condition, session: &mut Session) -> bool {
    let left = session.evaluate(&condition.left);
    let right = session.evaluate(&condition.right);
    compare(left.trim(), condition.comparison, right.trim())
}

fn compare(left: &str, comparison: Comparison, right: &str) -> bool {
    let numbers = left.parse::<f64>().ok().zip(right.parse::<f64>().ok());
    let order = numbers.map_or_else(
        || Some(left.cmp(right)),
        |(left, right)| left.partial_cmp(&right),
    );
    match comparison {
        Comparison::Equal => order.is_some_and(std::cmp::Ordering::is_eq),
        Comparison::Unequal => !order.is_some_and(std::cmp::Ordering::is_eq),
        Comparison::Below => order.is_some_and(std::cmp::Ordering::is_lt),
        Comparison::AtMost => order.is_some_and(std::cmp::Ordering::is_le),
        Comparison::Above => order.is_some_and(std::cmp::Ordering::is_gt),
        Comparison::AtLeast => order.is_some_and(std::cmp::Ordering::is_ge),
        Comparison::Contains => left.contains(right),
        Comparison::Exists => !left.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_as_numbers_and_words_as_words() {
        assert!(compare("9", Comparison::Below, "10"));
        assert!(compare("9", Comparison::Below, "nine"));
        assert!(compare("1.0", Comparison::Equal, "1"));
        assert!(compare("COMPLETED", Comparison::Unequal, "QUEUED"));
        assert!(compare("a cone", Comparison::Contains, "cone"));
        assert!(!compare("", Comparison::Exists, ""));
        assert!(!compare("NaN", Comparison::Equal, "NaN"));
    }
}
