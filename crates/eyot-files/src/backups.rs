//! What a file was before it was changed, beside it.

use std::io;
use std::path::{Path, PathBuf};

use crate::replace::{read, write_beside};

/// The earlier texts of a file: `FILE.eyot-backup`, `FILE.eyot-backup.2` and so on.
#[derive(Clone, Debug)]
pub struct Backups {
    file: PathBuf,
    bytes_max: u64,
}

impl Backups {
    /// The backups of a file, of which no more than so many bytes are read.
    pub fn of(file: &Path, bytes_max: u64) -> Self {
        Self { file: file.to_owned(), bytes_max }
    }

    /// The texts, the newest first; without those that cannot be read.
    pub fn texts(&self) -> Vec<Vec<u8>> {
        let mut texts: Vec<_> = self.paths().filter_map(|it| self.text(&it)).collect();
        texts.reverse();
        texts
    }

    /// Keeps a text, if none of the backups has it, with the mode of the file. None is written over.
    ///
    /// # Errors
    ///
    /// It cannot be written, or there are too many.
    pub fn keep(&self, text: &[u8]) -> io::Result<PathBuf> {
        for path in self.paths() {
            match write_beside(&path, &self.file, text) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                Err(_) if self.text(&path).is_some_and(|it| it == text) => return Ok(path),
                Err(_) => {}
            }
        }
        let message = format!("there are {COUNT_MAX} already: remove those that you do not need");
        Err(io::Error::other(message))
    }

    /// Removes the backups with this text, which the file has itself.
    pub fn forget(&self, text: &[u8]) {
        for path in self.paths().filter(|it| self.text(it).is_some_and(|it| it == text)) {
            // One that stays does no harm.
            drop(std::fs::remove_file(path));
        }
    }

    fn text(&self, path: &Path) -> Option<Vec<u8>> {
        read(path, self.bytes_max).ok()
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
