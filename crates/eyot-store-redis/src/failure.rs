//! Turns errors of the server into errors of the trait.

use deadpool_redis::redis::RedisError;
use eyot_session::StoreError;

/// Why a command has no answer that could be used.
pub(crate) fn store_error(error: &RedisError) -> StoreError {
    // All heal by themselves, or when an operator has helped: nothing is in doubt, as the server
    // has either done a script as a whole or not at all.
    unavailable(error.to_string())
}

/// Whether what the server says means that another server has to be asked: it is a replica by now, or
/// goes down.
pub(crate) fn ends_connection(code: &str) -> bool {
    matches!(code, "READONLY" | "MASTERDOWN" | "LOADING" | "NOAUTH" | "NOSCRIPT")
}

pub(crate) fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt { reason: format!("{what} is not what was written") }
}

pub(crate) fn unavailable(reason: impl Into<String>) -> StoreError {
    StoreError::Unavailable { reason: reason.into() }
}
