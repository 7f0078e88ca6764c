//! What a file was before it was changed, beside it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::client_file;
use super::replace;

/// The earlier texts of a file: `FILE.eyot-backup`, `FILE.eyot-backup.2` and so on.
pub(super) struct Backups {
    file: PathBuf,
}

impl Backups {
    pub(super) fn of(file: &Path) -> Self {
        Self { file: file.to_owned() }
    }

    /// The texts, the newest first.
    pub(super) fn texts(&self) -> Vec<Vec<u8>> {
        let read = self.paths().filter_map(|it| client_file::read(&it).ok());
        let mut texts: Vec<_> = read.collect();
        texts.reverse();
        texts
    }

    /// Keeps a text, if none of the backups has it. None is written over.
    pub(super) fn keep(&self, text: &[u8]) -> anyhow::Result<PathBuf> {
        for path in self.paths() {
            if !path.exists() {
                let written = replace::write_beside(&path, &self.file, text);
                written.with_context(|| format!("cannot write {}", path.display()))?;
                return Ok(path);
            }
            if client_file::read(&path).is_ok_and(|it| it == text) {
                return Ok(path);
            }
        }
        let file = self.file.display();
        anyhow::bail!("there are {COUNT_MAX} backups of {file}: remove those that you do not need")
    }

    /// Removes the backups that the file itself equals.
    pub(super) fn forget(&self, text: &[u8]) {
        for path in self.paths() {
            if client_file::read(&path).is_ok_and(|it| it == text) {
                // One that stays does no harm.
                drop(std::fs::remove_file(path));
            }
        }
    }

    fn paths(&self) -> impl Iterator<Item = PathBuf> {
        (1..=COUNT_MAX).map(|no| {
            let mut path = self.file.clone().into_os_string();
            path.push(".eyot-backup");
            if no > 1 {
                path.push(format!(".{no}"));
            }
            path.into()
        })
    }
}

/// Backups of one file.
const COUNT_MAX: usize = 50;
