//! Tasks: tool calls that go on after their request was answered, as the extension
//! `io.modelcontextprotocol/tasks` (SEP-2663) has them.
//!
//! A call begins as any other: its handler is polled inside the reply. It becomes a task only when
//! it is not done in time or asks its client. Then the handler's future moves, as it is, into a
//! tracked task of the [`DetachedCalls`](eyot_endpoint::DetachedCalls), and the client gets the id
//! under which it finds the rest. Beside the calls of clients that have gone, tasks are the one
//! thing that outlives its request.
//!
//! The experimental tasks of 2025-11-25 are another protocol; legacy clients have none here.

mod entry;
mod handoff;
mod link;
mod policy;
mod requests;
mod table;
mod watch;

pub(crate) use self::entry::TaskEntry;
pub(crate) use self::handoff::TaskReply;
pub(crate) use self::link::TaskLink;
pub(crate) use self::policy::TaskOptions;
pub(crate) use self::requests::TaskRequests;
pub(crate) use self::table::Tasks;
pub(crate) use self::watch::Watch;

pub use self::policy::TaskPolicy;

#[cfg(test)]
mod tests;
