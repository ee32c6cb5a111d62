//! The profiles that come with the tools.

/// Names and texts of the built-in profiles.
pub const BUILT_IN: &[(&str, &str)] = &[
    (
        "astro-pipeline",
        include_str!("builtin/astro-pipeline.toml"),
    ),
    ("ivoa", include_str!("builtin/ivoa.toml")),
];

/// The text of a built-in profile.
pub fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|it| it.0 == name).map(|it| it.1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::profile::{Group, Profile};

    #[test]
    fn every_built_in_profile_can_be_read() {
        for (name, text) in BUILT_IN {
            let profile = Profile::parse(text, name, &BTreeMap::new()).unwrap();
            assert_eq!(profile.name, *name);
            assert!(profile.group(Group::Health).next().is_some(), "{name}");
            assert!(profile.group(Group::Catalog).next().is_some(), "{name}");
        }
    }
}
