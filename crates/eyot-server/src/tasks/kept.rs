//! How much room the results of tasks take.

use std::sync::atomic::{AtomicUsize, Ordering};

use eyot_jsonrpc::ErrorObject;
use eyot_types::codes;
use serde_json::json;

/// Bytes of the results that are kept, of all tasks together.
#[derive(Debug)]
pub(crate) struct Kept {
    bytes: AtomicUsize,
    bytes_max: usize,
}

impl Kept {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { bytes: AtomicUsize::new(0), bytes_max }
    }

    /// Makes room for a result. It must not be dropped before its time: "The server may discard the
    /// task after the TTL elapses" (tasks extension, Tasks), so a new one finds no room instead.
    pub(crate) fn take(&self, bytes: usize) -> Result<(), ErrorObject> {
        let order = Ordering::Relaxed;
        let fitting = |it: usize| it.checked_add(bytes).filter(|it| *it <= self.bytes_max);
        self.bytes.fetch_update(order, order, fitting).map(drop).map_err(|_| full())
    }

    /// A result is gone.
    pub(crate) fn give_back(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Bytes that are kept.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// The work is done, so that it may do harm to ask for it again.
fn full() -> ErrorObject {
    let error = "Overloaded: the work is done, but its result cannot be kept";
    let data = json!({ "limit": "task results", "retryable": false });
    ErrorObject::new(codes::OVERLOADED, error).with_data(data)
}
