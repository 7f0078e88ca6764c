//! Which users of this store live.

use std::collections::BTreeMap;

use eyot_session::{NodeId, NodeLease};

#[derive(Debug, Default)]
pub(crate) struct LeaseTable(BTreeMap<Box<str>, NodeLease>);

impl LeaseTable {
    pub(crate) fn renew(&mut self, lease: NodeLease) {
        if lease.name.is_some() {
            self.0.retain(|_, it| it.name != lease.name);
        }
        self.0.insert(lease.node.as_str().into(), lease);
    }

    /// In the order of their nodes.
    pub(crate) fn all(&self) -> impl Iterator<Item = &NodeLease> {
        self.0.values()
    }

    pub(crate) fn end(&mut self, node: &NodeId) {
        self.0.remove(node.as_str());
    }
}
