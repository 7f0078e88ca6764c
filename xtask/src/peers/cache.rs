//! A folder of parts, each complete or absent.

use std::path::{Path, PathBuf};
use std::{env, fs, process};

use anyhow::Context as _;

/// Name of the file in a part that lists the pins it was made from.
const STAMP: &str = ".pins";

/// One folder of the cache.
pub(super) struct Part {
    pub(super) folder: &'static str,
    /// What the tests lose without the part.
    pub(super) purpose: &'static str,
    /// Package and version, in the form of the package manager.
    pub(super) pins: &'static [&'static str],
    pub(super) install: Install,
}

/// Puts the pinned packages into an empty folder.
pub(super) type Install = fn(&Cache, pins: &[&str], folder: &Path) -> anyhow::Result<()>;

/// The folder that holds the parts.
#[derive(Debug)]
pub(super) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The cache of this user, or the one that `EYOT_PEERS` names.
    pub(super) fn open() -> Self {
        Self::at(folder(|name| env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from)))
    }

    fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the part, unless it is there with the current pins.
    pub(super) fn ensure(&self, part: &Part) -> anyhow::Result<()> {
        let place = self.folder.join(part.folder);
        let pins = part.pins.join("\n") + "\n";
        if fs::read_to_string(place.join(STAMP)).is_ok_and(|it| it == pins) {
            return Ok(());
        }
        // The tests do not expect a part with other pins: without network they should miss it
        // rather than run against another version.
        remove(&place)?;
        eprintln!("peers: fetching {}: {}", part.folder, part.pins.join(" "));
        let draft = self.folder.join(format!("{}.{}", part.folder, process::id()));
        let made = self.make(part, &draft).and_then(|()| {
            fs::write(draft.join(STAMP), pins).context("write the stamp")?;
            fs::rename(&draft, &place).context("move the part to its place")
        });
        if made.is_err() {
            remove(&draft)?;
        }
        made
    }

    fn make(&self, part: &Part, draft: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(draft).context("make a folder in the cache")?;
        (part.install)(self, part.pins, draft)
    }
}

/// Finds the folder from the environment.
fn folder(variable: impl Fn(&str) -> Option<PathBuf>) -> PathBuf {
    let in_home = || variable("HOME").map(|it| it.join(".cache"));
    let in_cache = || variable("XDG_CACHE_HOME").or_else(in_home).map(|it| it.join("eyot-peers"));
    let nowhere = || env::temp_dir().join("eyot-peers");
    variable("EYOT_PEERS").or_else(in_cache).unwrap_or_else(nowhere)
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
