//! The rights of files and folders, as far as the system has them.

use std::io;

#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use self::elsewhere::*;
#[cfg(unix)]
pub(crate) use self::unix::*;

/// Why a file or folder is not used.
#[derive(Debug)]
pub(crate) enum Problem {
    /// The system refuses.
    Io(io::Error),
    /// Another user could read it or replace it. The text follows its path.
    Unsafe(String),
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
