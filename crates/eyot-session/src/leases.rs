//! Which processes live, so that one of them does not take what another is serving.

use std::time::Duration;

use crate::{NodeId, StoreFuture};

/// A process that lives, as it says itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeLease {
    /// The process.
    pub node: NodeId,
    /// The name that an operator has given it. A process that starts under a name takes the place of the
    /// one that had it: two never live under one name.
    pub name: Option<Box<str>>,
    /// Where the others reach it. `None`: they do not.
    pub address: Option<Box<str>>,
    /// The process as its machine knows it: others of this machine can tell at once when it is gone.
    pub process: Option<Box<str>>,
    /// It ends soon, and takes nothing over any more.
    pub is_draining: bool,
}

/// Keeps the leases of processes. Their time is that of the engine, if it has one: no process compares its
/// clock with that of another.
pub trait Leases {
    /// Says that the process lives for `time` from now on. It takes the place of a lease of that node, and
    /// of one of that name.
    fn renew(&self, lease: NodeLease, time: Duration) -> StoreFuture<()>;

    /// The lease of a process; `None` when its time is over, or when it has ended in order.
    fn lease(&self, node: NodeId) -> StoreFuture<Option<NodeLease>>;

    /// All leases whose time is not over, in the order of their nodes.
    fn leases(&self) -> StoreFuture<Vec<NodeLease>>;

    /// Ends a lease; no error if there is none.
    fn end_lease(&self, node: NodeId) -> StoreFuture<()>;
}
