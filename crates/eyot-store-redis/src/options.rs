//! Options for opening a store.

use std::time::Duration;

use eyot_session::LogLimits;

/// The failures that an acknowledged write survives.
///
/// What the first of the two means is decided by the server: without an append-only file a primary that
/// ends has lost what it had. [`ServerDurability`](crate::ServerDurability) tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// The primary has applied it: this process may end.
    Primary,
    /// So many replicas have it as well (`WAIT`): the primary may be lost. A write that they do not
    /// confirm within [`RedisOptions::timeout`] is an error, although the primary has it.
    Replicas(u8),
}

/// Options for opening a store.
#[derive(Clone, Debug)]
pub struct RedisOptions {
    /// The failures that an acknowledged write survives.
    pub durability: Durability,
    /// How much of each stream is kept.
    pub limits: LogLimits,
    /// Stands before all keys: stores of different prefixes know nothing of each other. Braces have a
    /// meaning in clusters and are refused.
    pub prefix: String,
    /// How many operations may wait; more are refused with
    /// [`StoreError::Backpressure`](eyot_session::StoreError::Backpressure).
    pub queue_ops_max: usize,
    /// How long an answer of the server may take. After it, what waits fails, and all that comes fails
    /// at once until a connection is made anew.
    pub timeout: Duration,
    /// How long making a connection may take.
    pub connect_timeout: Duration,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            durability: Durability::Primary,
            limits: LogLimits::default(),
            prefix: "eyot:1:".to_owned(),
            queue_ops_max: 8_192,
            timeout: Duration::from_millis(250),
            connect_timeout: Duration::from_secs(2),
        }
    }
}
