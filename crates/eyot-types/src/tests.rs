//! The typed messages against the official examples of all five revisions.

mod examples;

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder of the official schemas: `$EYOT_SHARED/schema`, or `shared/schema` beside the
/// checkout. `None`, with a visible note, where neither is.
#[expect(clippy::print_stderr, reason = "who runs the tests must see that some did not run")]
fn schema_folder() -> Option<PathBuf> {
    let beside =
        || Some(PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?).join("../../../shared"));
    let shared = std::env::var_os("EYOT_SHARED").map(PathBuf::from).or_else(beside);
    let folder = shared.unwrap_or_default().join("schema");
    if !folder.is_dir() {
        eprintln!("skipped: no official schemas in {}", folder.display());
        return None;
    }
    Some(folder)
}

fn read_json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap()
}
