//! The leases of processes, each one field of a hash.

use std::time::Duration;

use bytes::Bytes;
use eyot_session::{NodeId, NodeLease, StoreError};

use crate::failure::corrupt;
use crate::operation::{number, text};
use crate::values::Values;

/// The arguments that renew a lease: its node, its name, what it says, and its time.
pub(crate) fn said(lease: &NodeLease, time: Duration) -> Vec<Bytes> {
    let time_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let flag = if lease.is_draining { "d" } else { "-" };
    let address = lease.address.as_deref().unwrap_or_default();
    let process = lease.process.as_deref().unwrap_or_default();
    vec![
        text(lease.node.as_str()),
        text(lease.name.as_deref().unwrap_or_default()),
        format!("{flag}\n{address}\n{process}").into(),
        number(time_ms),
    ]
}

/// Reads leases, each a node, a name, and what it says; in the order of their nodes.
pub(crate) fn read(mut values: Values) -> Result<Vec<NodeLease>, StoreError> {
    values.expect_ok()?;
    let mut leases = values.rest(|values| {
        let (node, name, says) = (values.text()?, values.text()?, values.text()?);
        let mut lines = says.split('\n');
        let (Some(flag), Some(address), Some(process)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(corrupt("a lease"));
        };
        Ok(NodeLease {
            node: NodeId::new(&node),
            name: some(&name),
            address: some(address),
            process: some(process),
            is_draining: flag == "d",
        })
    })?;
    leases.sort_by(|one, other| one.node.as_str().cmp(other.node.as_str()));
    Ok(leases)
}

fn some(text: &str) -> Option<Box<str>> {
    (!text.is_empty()).then(|| text.into())
}
