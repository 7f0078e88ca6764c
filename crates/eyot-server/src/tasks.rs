//! Tasks: tool calls that go on after their request was answered, as the extension
//! `io.modelcontextprotocol/tasks` (SEP-2663) has them.
//!
//! A call begins as any other: its handler is polled inside the reply. Only when it is not done in
//! time, or asks its client, does it become a task: the handler's future moves, as it is, into a
//! tracked task of the [`Keeper`](eyot_endpoint::Keeper), and the client gets the name under which
//! it finds the rest. Beside the keeper's own work this is the one thing that outlives its request.
//!
//! The experimental tasks of 2025-11-25 are another protocol; legacy clients have none here.

mod entry;
mod handoff;
mod kept;
mod methods;
mod record;
mod table;
mod watch;

use std::time::Duration;

pub(crate) use self::entry::TaskEntry;
pub(crate) use self::handoff::{TaskLink, TaskReply};
pub(crate) use self::table::Tasks;
pub(crate) use self::watch::Watch;

/// Whether calls of a tool may become tasks.
///
/// Only a client of the modern era that declares the extension `io.modelcontextprotocol/tasks` in
/// its request can get one; what the others get is what the policies differ in. "The server is the
/// sole decider" (tasks extension, Capability Negotiation): a call that is done before the server's
/// [`task_patience`](crate::ServerBuilder::task_patience) ends is answered at once, whatever the
/// policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TaskPolicy {
    /// Never: the call is answered when it is done.
    #[default]
    Never,
    /// If the client has the extension; other clients wait for the answer.
    Optional,
    /// A client without the extension is refused before the handler runs, and legacy clients do
    /// not see the tool in their list.
    Required,
}

/// How a server keeps tasks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskOptions {
    pub(crate) ttl: Duration,
    pub(crate) poll_interval: Duration,
    pub(crate) patience: Duration,
    pub(crate) max: usize,
    pub(crate) per_principal_max: usize,
    pub(crate) result_bytes_max: usize,
}

impl Default for TaskOptions {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(3_600),
            poll_interval: Duration::from_secs(1),
            patience: Duration::from_millis(100),
            max: 10_000,
            per_principal_max: 1_000,
            result_bytes_max: 256 << 20,
        }
    }
}

#[cfg(test)]
mod tests;
