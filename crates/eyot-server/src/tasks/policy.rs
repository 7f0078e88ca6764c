//! The policies of tools and the options of servers for tasks.

use std::time::Duration;

/// Whether calls of a tool may become tasks.
///
/// Only a client of the modern era that declares the extension `io.modelcontextprotocol/tasks` in
/// its request can get a task; the policies differ in what other clients get. "The server is the
/// sole decider" (tasks extension, Capability Negotiation): under every policy, a call that is done
/// before the server's [`task_patience`](crate::ServerBuilder::task_patience) ends is answered at
/// once.
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

/// The server's options for tasks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TaskOptions {
    pub(crate) poll_interval: Duration,
    pub(crate) patience: Duration,
}

impl Default for TaskOptions {
    fn default() -> Self {
        Self { poll_interval: Duration::from_secs(1), patience: Duration::from_millis(100) }
    }
}
