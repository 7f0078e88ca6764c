//! What is stored of a parked call: enough for another process to go on with it.

use bytes::Bytes;

use crate::{Fence, StoreFuture};

/// A parked call as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedCall {
    /// Names the call: random, and known to nobody but those who may go on with it.
    pub name: String,
    /// Counts those who took the call over; a write with an older one is refused.
    pub fence: Fence,
    /// When the call is forgotten, in milliseconds since 1970.
    pub expires_ms: u64,
    /// What whoever parked it needs to go on.
    pub content: Bytes,
}

/// Keeps parked calls.
///
/// A future of `park` is ready when the write is durable at the level that the store was opened
/// with: only then is a client told to come again.
pub trait ParkedCalls {
    /// Stores a call, in the place of what was stored of it before.
    /// [`StoreError::Fenced`](crate::StoreError::Fenced) when it has another fence by now.
    fn park(&self, call: ParkedCall) -> StoreFuture<()>;

    /// Makes the caller the one that may go on with a call: raises the fence and returns the call
    /// with it. `None` when there is no such call at `now_ms`.
    fn take_over(&self, name: String, now_ms: u64) -> StoreFuture<Option<ParkedCall>>;

    /// Forgets a call, if there is one and it has this fence.
    fn unpark(&self, name: String, fence: Fence) -> StoreFuture<()>;
}
