//! The errors of stores.

use crate::Position;

/// The reason why a store did not do an operation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another owner has claimed the session; this one must stop writing.
    #[error("session is owned by another process")]
    Fenced,
    /// There is no such session, or no such stream in it.
    #[error("no such session or stream")]
    NotFound,
    /// A session with this id exists already; or the stream has ended; or an event is not
    /// newer than those before it.
    #[error("what should be new exists already")]
    Conflict,
    /// Events after the given position were dropped to stay within bounds; the rest would
    /// be a replay with a hole.
    #[error("events after the given position are no longer kept")]
    Trimmed {
        /// The oldest position from which a replay is whole.
        oldest: Position,
    },
    /// More is waiting to be written than the bound allows.
    #[error("store is busy: too many writes are waiting")]
    Backpressure,
    /// The store cannot be used now; trying again may help.
    #[error("store is unavailable: {reason}")]
    Unavailable {
        /// The error of the engine.
        reason: String,
    },
    /// No space is left; nothing more is written until the process starts anew.
    #[error("store is full: {reason}")]
    Full {
        /// The error of the engine.
        reason: String,
    },
    /// Another user could read the store, or put another one in its place.
    #[error("store is not safe: {reason}")]
    Unsafe {
        /// The file, what is wrong with it, and what would help.
        reason: String,
    },
    /// The store can be read, but not written.
    #[error("store is read-only: {reason}")]
    ReadOnly {
        /// The error of the engine.
        reason: String,
    },
    /// The store read other data than it wrote.
    #[error("store is damaged: {reason}")]
    Corrupt {
        /// The damage that was found.
        reason: String,
    },
    /// The store, or a record in it, was written by a later version of this program.
    #[error("what is stored has version {found}; this program knows up to {known}")]
    Unsupported {
        /// The version found.
        found: u32,
        /// The highest version that this program reads.
        known: u32,
    },
}

impl StoreError {
    /// Whether the request may succeed later without help from an operator.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Backpressure | Self::Unavailable { .. })
    }
}
