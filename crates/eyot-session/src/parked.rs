//! The stored form of a parked call: enough for another process to go on with it.

use bytes::Bytes;

use crate::{Fence, StoreFuture};

/// A parked call as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedCall {
    /// The name of the call: random, and known only to those who may go on with it.
    pub name: String,
    /// Counts the owners of the call; a write with an older fence is refused.
    pub fence: Fence,
    /// When the call is forgotten, in milliseconds since 1970.
    pub expires_ms: u64,
    /// The state that the process that parked the call needs to go on.
    pub content: Bytes,
}

/// Keeps parked calls.
///
/// A future of `park` is ready when the write is durable at the level that the store was opened
/// with: only then is a client told to come again.
pub trait ParkedCalls {
    /// Stores a call; it replaces the earlier state of the call.
    /// [`StoreError::Fenced`](crate::StoreError::Fenced) when the stored fence is another one by
    /// now.
    fn park(&self, call: ParkedCall) -> StoreFuture<()>;

    /// Makes the caller the one that may go on with a call: raises the fence and returns the call
    /// with it. `None` when there is no such call at `now_ms`.
    fn take_over(&self, name: String, now_ms: u64) -> StoreFuture<Option<ParkedCall>>;

    /// Forgets a call, if there is one and it has this fence.
    fn unpark(&self, name: String, fence: Fence) -> StoreFuture<()>;
}
