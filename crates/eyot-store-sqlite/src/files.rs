//! The files of a store: private when they are made, and checked when they are found.
//!
//! A store holds messages of clients and servers, and the key of what clients keep sealed. So its
//! files belong to the user of this process, who alone may read them, and no other user may put a
//! file in their place. What is ours and too open is mended; anything else is refused.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use eyot_session::StoreError;

use crate::failure::unavailable;
use crate::rights::{self, Problem};

/// The file of a store, which is this user's and private.
#[derive(Debug)]
pub(crate) struct StoreFile {
    /// Its own name, behind all links: SQLite puts its files beside it.
    path: PathBuf,
}

impl StoreFile {
    /// Makes the file and its folder if they are missing, and checks them if they are not.
    ///
    /// # Errors
    /// [`StoreError::Unsafe`] when another user could read or replace a file,
    /// [`StoreError::Unavailable`] when the system refuses.
    pub(crate) fn prepare(path: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = folder_of(path) {
            make_private_folder(folder).map_err(|error| refused(folder, &error))?;
        }
        let path = real_path(path)?;
        if let Some(folder) = folder_of(&path) {
            check(folder, rights::check_folder(folder, &path))?;
        }
        match create_private_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(refused(&path, &error));
            }
            Err(_) | Ok(_) => {}
        }
        let file = Self { path };
        check(&file.path, rights::check_file(&file.path))?;
        file.check_beside()?;
        Ok(file)
    }

    /// Checks the files that SQLite keeps beside it. Once more when SQLite has opened them: in a
    /// folder such as `/tmp`, another user could have been faster.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare).
    pub(crate) fn check_beside(&self) -> Result<(), StoreError> {
        for ending in ["-wal", "-shm", "-journal"] {
            let beside = beside(&self.path, ending);
            match rights::check_file(&beside) {
                Err(Problem::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
                checked => check(&beside, checked)?,
            }
        }
        Ok(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Makes a file that only its owner may read. SQLite gives the files beside it the same rights.
///
/// # Errors
/// Of the system; also when there is such a file, or a link of that name.
pub(crate) fn create_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    rights::private_file(&mut options);
    options.open(path)
}

/// The path with this ending.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    rights::private_folder(&mut builder);
    builder.create(folder)
}

fn folder_of(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}

/// The path behind all links. A file that is still to be made has none.
fn real_path(path: &Path) -> Result<PathBuf, StoreError> {
    let is_link = path.symlink_metadata().is_ok_and(|it| it.is_symlink());
    if is_link {
        check(path, rights::check_link(path))?;
        return path.canonicalize().map_err(|error| refused(path, &error));
    }
    let Some(name) = path.file_name() else { return Ok(path.to_owned()) };
    let folder = folder_of(path).unwrap_or_else(|| Path::new("."));
    let folder = folder.canonicalize().map_err(|error| refused(folder, &error))?;
    Ok(folder.join(name))
}

fn check(path: &Path, checked: Result<(), Problem>) -> Result<(), StoreError> {
    checked.map_err(|problem| match problem {
        Problem::Io(error) => refused(path, &error),
        Problem::Unsafe(reason) => {
            StoreError::Unsafe { reason: format!("{} {reason}", path.display()) }
        }
    })
}

fn refused(path: &Path, error: &io::Error) -> StoreError {
    unavailable(format!("{}: {error}", path.display()))
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
