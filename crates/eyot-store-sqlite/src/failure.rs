//! Turns errors of SQLite into errors of the trait.

use std::path::Path;

use eyot_session::StoreError;
use rusqlite::{Error, ErrorCode};

/// The reason why work on a connection did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// SQLite failed. The data that the transaction has written so far is in doubt.
    Engine(Error),
    /// The work was refused before it wrote anything: the other writes are not affected.
    Refused(StoreError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Engine(error) => store_error(&error),
            Failure::Refused(error) => error,
        }
    }
}

/// The error that callers see.
pub(crate) fn store_error(error: &Error) -> StoreError {
    let reason = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full { reason },
        Some(ErrorCode::ReadOnly) => StoreError::ReadOnly { reason },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Corrupt { reason }
        }
        None if is_misshapen(error) => StoreError::Corrupt { reason },
        _ => StoreError::Unavailable { reason },
    }
}

/// Like [`store_error`], with the path of the file in the reason.
pub(crate) fn store_error_at(path: &Path, failure: Failure) -> StoreError {
    let at = |reason: String| format!("{}: {reason}", path.display());
    match StoreError::from(failure) {
        StoreError::Corrupt { reason } => StoreError::Corrupt { reason: at(reason) },
        StoreError::Full { reason } => StoreError::Full { reason: at(reason) },
        StoreError::ReadOnly { reason } => StoreError::ReadOnly { reason: at(reason) },
        StoreError::Unavailable { reason } => StoreError::Unavailable { reason: at(reason) },
        other => other,
    }
}

/// Whether nothing more should be written. After a failed write, the content of the disk is
/// unknown; and a full disk that frees up now and then would leave holes.
pub(crate) fn ends_writing(error: &Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DiskFull | ErrorCode::ReadOnly | ErrorCode::SystemIoFailure)
    )
}

pub(crate) fn corrupt(reason: impl Into<String>) -> StoreError {
    StoreError::Corrupt { reason: reason.into() }
}

pub(crate) fn unavailable(reason: impl Into<String>) -> StoreError {
    StoreError::Unavailable { reason: reason.into() }
}

/// A value that our own statements have never written.
fn is_misshapen(error: &Error) -> bool {
    matches!(
        error,
        Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..)
    )
}

#[cfg(test)]
mod tests;
