//! The clock of the machines.

use std::time::Instant;

/// The time, which only goes on. Tests move it.
#[must_use]
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
