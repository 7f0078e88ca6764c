//! What a server asks of the heap and of the runtime: what `eyot-bench-heap` tells `eyot-bench`.

use serde::{Deserialize, Serialize};

use crate::exchange::{Era, Tool};

/// The counts of one server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HeapReport {
    /// Of a session at rest.
    pub session: SessionCost,
    /// Of calls, in the order in which they were asked for.
    pub calls: Vec<CallCost>,
}

/// What one more session costs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct SessionCost {
    /// Bytes that it holds while it is at rest, as asked of the allocator.
    pub live_bytes: f64,
    /// Tasks that it keeps alive.
    pub live_tasks: f64,
    /// Tasks that were spawned to open it.
    pub spawned_tasks: f64,
    /// Requests to the allocator to open it.
    pub allocations: f64,
}

/// What one call costs.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct CallCost {
    /// What its client speaks.
    pub era: Era,
    /// What it calls.
    pub tool: Tool,
    /// Size of the text that it sends.
    pub text_bytes: usize,
    /// Requests to the allocator. A buffer that grows is a new one.
    pub allocations: f64,
    /// Bytes asked of the allocator.
    pub bytes: f64,
    /// Tasks that were spawned.
    pub spawned_tasks: f64,
}
