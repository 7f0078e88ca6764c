//! The streams of a session that have ended.

use eyot_session::{SessionId, StreamNo};
use rusqlite::Connection;

use crate::known::{FinishedStream, FinishedStreams};
use crate::number::Number;

/// Reads all rows of one session, which are few: the finished ones are bounded by
/// [`FinishedStreams::take_excess`], the open ones by the caller.
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
