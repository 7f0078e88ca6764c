//! Options for opening a store.

use std::time::Duration;

use eyot_session::LogLimits;

/// The failures that an acknowledged write survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// A power failure: each commit is on the disk (`synchronous=FULL`).
    PowerLoss,
    /// The end of the process: each commit is with the operating system (`synchronous=NORMAL`).
    /// After a power failure the last commits may be missing; the rest is whole.
    ProcessCrash,
}

/// Options for opening a store.
#[derive(Clone, Copy, Debug)]
pub struct SqliteOptions {
    /// The failures that an acknowledged write survives.
    pub durability: Durability,
    /// How much of each stream is kept.
    pub limits: LogLimits,
    /// How many writes may wait, and how many reads; more are refused with
    /// [`StoreError::Backpressure`](eyot_session::StoreError::Backpressure).
    pub queue_ops_max: usize,
    /// How many threads read, each with a connection of its own; at least one.
    pub readers: usize,
    /// How long to wait for another process that holds the file.
    pub busy_timeout: Duration,
    /// Largest size of the file; a write beyond it fails as on a full disk. `None`: the disk sets
    /// the limit.
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
