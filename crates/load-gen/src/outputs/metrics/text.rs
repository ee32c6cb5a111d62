//! The text format of Prometheus, version 0.0.4.

use std::fmt::Write as _;

use super::Family;

/// The metrics as text; families without a sample are left out.
pub(in crate::outputs) fn text(families: &[Family]) -> String {
    let mut out = String::new();
    for family in families.iter().filter(|it| !it.samples.is_empty()) {
        let (name, kind) = (family.name, family.kind.as_str());
        // Writing to a string does not fail.
        let _ = writeln!(out, "# HELP {name} {}\n# TYPE {name} {kind}", family.help);
        for sample in &family.samples {
            out.push_str(name);
            out.push_str(sample.suffix);
            for (place, (label, value)) in sample.labels.iter().enumerate() {
                let before = if place == 0 { '{' } else { ',' };
                let _ = write!(out, "{before}{label}=\"{}\"", escaped(value));
            }
            if !sample.labels.is_empty() {
                out.push('}');
            }
            let _ = writeln!(out, " {}", sample.value);
        }
    }
    out
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
