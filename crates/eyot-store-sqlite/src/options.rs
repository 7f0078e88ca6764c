//! How a store is opened.

use std::time::Duration;

use eyot_session::LogLimits;

/// What an acknowledged write survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// The end of the power: each commit is on the disk (`synchronous=FULL`).
    PowerLoss,
    /// The end of the process: each commit is with the operating system
    /// (`synchronous=NORMAL`). When the power fails, the last commits may be missing; what
    /// remains is whole.
    ProcessCrash,
}

/// How a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct SqliteOptions {
    /// What an acknowledged write survives.
    pub durability: Durability,
    /// How much of each stream is kept.
    pub limits: LogLimits,
    /// Writes that may wait, and reads that may wait; more are refused with
    /// [`StoreError::Backpressure`](eyot_session::StoreError::Backpressure).
    pub queue_ops_max: usize,
    /// Threads that read, each with a connection of its own; at least one.
    pub readers: usize,
    /// How long to wait for another process that holds the file.
    pub busy_timeout: Duration,
    /// Largest size of the file; a write beyond it fails as on a full disk. `None`: the
    /// disk decides.
    pub file_bytes_max: Option<u64>,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            durability: Durability::ProcessCrash,
            limits: LogLimits::default(),
            queue_ops_max: 8_192,
            readers: 2,
            busy_timeout: Duration::from_secs(5),
            file_bytes_max: None,
        }
    }
}
