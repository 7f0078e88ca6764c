//! Whether a file has changed.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// What changes when a file does. A link to another file, as Kubernetes changes it, is another file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stamp(Option<(u64, i64, i64, u64)>);

impl Stamp {
    /// How the file is now; that it is not there is a state like any other.
    pub(crate) fn of(path: &Path) -> Self {
        let found = std::fs::metadata(path).ok();
        Self(found.map(|it| (it.ino(), it.mtime(), it.mtime_nsec(), it.len())))
    }
}
