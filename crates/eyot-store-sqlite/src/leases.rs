//! The table of processes that live. All of them are of this machine, so its clock is theirs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use eyot_session::{NodeId, NodeLease};
use rusqlite::{Connection, params};

use crate::failure::Failure;
use crate::number::Number;

/// Writes a lease; it replaces that of its node and that of its name.
pub(crate) fn renew(
    connection: &Connection,
    lease: &NodeLease,
    time: Duration,
) -> Result<(), Failure> {
    let time_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    connection
        .prepare_cached("DELETE FROM lease WHERE node = ?1 OR name = ?2 OR until_ms <= ?3")?
        .execute(params![lease.node.as_str(), lease.name, Number(now_ms())])?;
    connection
        .prepare_cached(
            "INSERT INTO lease(node, name, address, process, is_draining, until_ms) \
             VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            lease.node.as_str(),
            lease.name,
            lease.address,
            lease.process,
            lease.is_draining,
            Number(now_ms().saturating_add(time_ms)),
        ])?;
    Ok(())
}

/// The leases whose time is not over.
pub(crate) fn all(connection: &Connection) -> Result<Vec<NodeLease>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT node, name, address, process, is_draining FROM lease WHERE until_ms > ?1 ORDER BY node",
    )?;
    let rows = statement.query_map([Number(now_ms())], |row| {
        Ok(NodeLease {
            node: NodeId::new(&row.get::<_, String>(0)?),
            name: row.get(1)?,
            address: row.get(2)?,
            process: row.get(3)?,
            is_draining: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Deletes a lease.
pub(crate) fn end(connection: &Connection, node: &NodeId) -> Result<(), Failure> {
    connection.prepare_cached("DELETE FROM lease WHERE node = ?1")?.execute([node.as_str()])?;
    Ok(())
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
