//! The bound on the streams of a session that have ended.

use eyot_session::{LogLimits, SessionId};
use rusqlite::Connection;

use super::remove;
use crate::number::Number;

/// Deletes the oldest finished streams that are too many, with their events. Reads all rows of one
/// session, which are few: the finished ones are bounded here, the open ones by the caller.
pub(super) fn forget_oldest(
    connection: &Connection,
    id: &SessionId,
    limits: &LogLimits,
) -> Result<(), rusqlite::Error> {
    for no in beyond(connection, id, limits)? {
        remove(connection, id.as_str(), no)?;
    }
    Ok(())
}

/// Numbers of the finished streams that no longer fit. The newest always fits.
fn beyond(
    connection: &Connection,
    id: &SessionId,
    limits: &LogLimits,
) -> Result<Vec<i64>, rusqlite::Error> {
    let mut newest_first = connection.prepare_cached(
        "SELECT no, bytes FROM stream WHERE sid = ?1 AND expires_ms IS NOT NULL \
         ORDER BY expires_ms DESC, no DESC",
    )?;
    let mut rows = newest_first.query([id.as_str()])?;
    let (mut streams, mut bytes) = (0_usize, 0_usize);
    let mut beyond = Vec::new();
    while let Some(row) = rows.next()? {
        streams += 1;
        bytes = bytes.saturating_add(row.get::<_, Number>(1)?.to_len());
        let is_over = streams > limits.finished_streams_max || bytes > limits.finished_bytes_max;
        if is_over && streams > 1 {
            beyond.push(row.get(0)?);
        }
    }
    Ok(beyond)
}
