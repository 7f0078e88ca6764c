//! Test data beside the checkout, which may be missing.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// `path` within `$EYOT_SHARED`, or within `shared` beside the checkout. `None`, with a visible
/// note, if neither has it: a test without its data is skipped.
#[must_use]
#[expect(clippy::print_stderr, reason = "who runs the tests must see that some did not run")]
pub fn shared(path: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("EYOT_SHARED").map_or_else(beside, PathBuf::from);
    let found = folder.join(path);
    if !found.exists() {
        eprintln!(
            "SKIPPED: there is no {}; EYOT_SHARED names the folder that has it",
            found.display()
        );
        return None;
    }
    Some(found)
}

/// A parsed JSON file.
///
/// # Panics
///
/// When it cannot be read.
#[must_use]
#[track_caller]
#[expect(clippy::unwrap_used, reason = "a test fails by it")]
pub fn read_json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}
