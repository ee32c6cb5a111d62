//! The scenarios that come with the tool.

/// Names and texts of the built-in scenarios.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("observatory", include_str!("builtin/observatory.toml")),
    (
        "astronomical_user",
        include_str!("builtin/astronomical_user.toml"),
    ),
    ("stress_users", include_str!("builtin/stress_users.toml")),
    ("ivoa_archive", include_str!("builtin/ivoa_archive.toml")),
    (
        "pipeline_night",
        include_str!("builtin/pipeline_night.toml"),
    ),
];

/// The text of a built-in scenario.
pub fn built_in(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|it| it.0 == name).map(|it| it.1)
}
