//! The clock of the machines.

use std::time::Instant;

/// The time, which only goes on. Tests move it.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
