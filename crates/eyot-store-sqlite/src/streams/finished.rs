//! The streams of a session that have ended.

use eyot_session::{LogLimits, SessionId, StreamNo};
use rusqlite::{Connection, params};

use crate::known::{FinishedStream, FinishedStreams, exceeds};
use crate::number::Number;
use crate::streams::StreamRow;

/// Reads all rows of one session, which are few: the finished ones are bounded by
/// [`FinishedStreams::take_forgotten`], the open ones by the caller.
pub(super) fn read(
    connection: &Connection,
    id: &SessionId,
) -> Result<FinishedStreams, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT expires_ms, no, bytes FROM stream WHERE sid = ?1 AND expires_ms IS NOT NULL \
         ORDER BY expires_ms, no",
    )?;
    let mut rows = statement.query([id.as_str()])?;
    let mut finished = FinishedStreams::default();
    while let Some(row) = rows.next()? {
        finished.insert(FinishedStream {
            expires_ms: row.get::<_, Number>(0)?.0,
            no: StreamNo(row.get(1)?),
            bytes: row.get::<_, Number>(2)?.to_len(),
            has_cursors: true,
        });
    }
    Ok(finished)
}

/// Whether a stream that is in the file is one of those that ended first and are too many.
pub(super) fn is_forgotten(
    connection: &Connection,
    id: &SessionId,
    row: &StreamRow,
    limits: &LogLimits,
) -> Result<bool, rusqlite::Error> {
    let Some(expires_ms) = row.expires_ms else { return Ok(false) };
    let mut statement = connection.prepare_cached(
        "SELECT count(*), coalesce(sum(bytes), 0) FROM stream \
         WHERE sid = ?1 AND expires_ms IS NOT NULL AND (expires_ms, no) > (?2, ?3)",
    )?;
    let key = params![id.as_str(), Number(expires_ms), row.record.no.0];
    let (later, later_bytes) = statement.query_row(key, |row| {
        Ok((row.get::<_, Number>(0)?.to_len(), row.get::<_, Number>(1)?.to_len()))
    })?;
    Ok(later > 0 && exceeds(limits, later + 1, later_bytes.saturating_add(row.bytes)))
}
