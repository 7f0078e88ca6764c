//! What SQLite says, in the words of the trait.

use std::path::Path;

use eyot_session::StoreError;
use rusqlite::{Error, ErrorCode};

/// Why a piece of work on a connection did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// SQLite failed. What the transaction has written so far is in doubt.
    Engine(Error),
    /// The work said no before it wrote anything: nobody else is concerned.
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

/// The same, with the file that it is about.
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

/// Whether nothing more should be written. After a failed write to the disk nobody knows
/// what is on it, and a full disk that frees up now and then would leave holes.
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

/// A value that our own statements never wrote.
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
