//! The committed JSON Schema is the one of the types.

use std::path::Path;

/// Run with `UPDATE_GENERATED=1` to write the schema anew after a change of the types.
#[test]
fn the_committed_schema_is_that_of_the_types() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/result.schema.json");
    let mut expected = serde_json::to_string_pretty(&common::report::json_schema()).unwrap();
    expected.push('\n');
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        common::files::write_whole(&path, expected.as_bytes()).unwrap();
    }
    let committed = common::files::read(&path).unwrap_or_default();
    assert!(
        committed == expected,
        "docs/result.schema.json is out of date: UPDATE_GENERATED=1 cargo test -p common --test schema"
    );
}
