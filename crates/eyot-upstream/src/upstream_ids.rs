//! The ids that a connection gives to its requests.

use std::sync::atomic::{AtomicU64, Ordering};

use eyot_jsonrpc::UpstreamId;

/// Gives each request of one connection an id of its own.
#[derive(Debug)]
pub(crate) struct UpstreamIds(AtomicU64);

impl UpstreamIds {
    /// Ids that count up from `first`.
    pub(crate) fn starting_at(first: UpstreamId) -> Self {
        Self(AtomicU64::new(first.get()))
    }

    /// The id of the next request.
    pub(crate) fn next(&self) -> UpstreamId {
        UpstreamId::new(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

impl Default for UpstreamIds {
    /// Ids that count up from 1.
    fn default() -> Self {
        Self::starting_at(UpstreamId::new(1))
    }
}
