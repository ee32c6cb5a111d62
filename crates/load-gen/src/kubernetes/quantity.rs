//! Kubernetes quantities (`500m`, `1.5`, `512Mi`), as far as a command line has to check them.

/// The endings of a quantity: decimal, binary, none.
const SUFFIXES: [&str; 14] = [
    "", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei",
];

/// Fails, with the flag, unless it is a quantity above zero.
pub(super) fn check(flag: &str, text: &str) -> Result<(), String> {
    let end = text
        .find(|it: char| !it.is_ascii_digit() && it != '.')
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let positive = number.parse::<f64>().is_ok_and(|it| it > 0.0);
    if flag == "--memory" && suffix == "m" {
        return Err(format!(
            "`--memory` `{text}` are thousandths of a byte; mebibytes are `{number}Mi`"
        ));
    }
    if positive && SUFFIXES.contains(&suffix) {
        return Ok(());
    }
    Err(format!(
        "`{flag}` must be a Kubernetes quantity above 0 (`1`, `500m`, `512Mi`), got `{text}`"
    ))
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn quantities_are_told_from_other_texts() {
        for good in ["1", "500m", "0.5", "512Mi", "2Gi"] {
            assert_eq!(check("--cpu", good), Ok(()), "{good}");
        }
        for bad in ["", "0", "-1", "Mi", "1 Gi", "512mb", "1.2.3", "nan", "∞"] {
            assert!(check("--cpu", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn thousandths_of_a_byte_are_a_typo() {
        let mistake = check("--memory", "512m").unwrap_err();
        assert!(mistake.ends_with("mebibytes are `512Mi`"), "{mistake}");
    }
}
