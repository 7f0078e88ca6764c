//! Cursors in columns, and the table of the newest ones of upstreams with names.
//!
//! The newest cursor of the upstream with the default name is kept in the row of its stream, which
//! is written with each event anyway.

use bytes::Bytes;
use eyot_session::{SessionId, StreamNo, UpstreamCursor, UpstreamCursors, UpstreamName};
use rusqlite::{Connection, params};

use crate::checksum::Checksum;
use crate::failure::{Failure, corrupt};

/// Reads a cursor from its two columns.
pub(super) fn decode(
    cursor: Option<Vec<u8>>,
    upstream: Option<String>,
) -> Result<Option<UpstreamCursor>, Failure> {
    let upstream = match upstream {
        Some(name) => decode_name(&name)?,
        None => UpstreamName::DEFAULT,
    };
    Ok(cursor.map(|cursor| UpstreamCursor { upstream, cursor: Bytes::from(cursor) }))
}

/// The upstream of a cursor in the form of a column: `None` for the default one.
pub(crate) fn upstream_of(cursor: Option<&UpstreamCursor>) -> Option<&str> {
    cursor.filter(|it| !it.upstream.is_default()).map(|it| it.upstream.as_str())
}

/// The event id in a cursor.
pub(crate) fn id_of(cursor: Option<&UpstreamCursor>) -> Option<&[u8]> {
    cursor.map(|it| &*it.cursor)
}

/// Adds the upstream of a cursor to a sum. The default one adds nothing, so that rows from before
/// upstreams had names keep their sums.
pub(super) fn add_upstream(checksum: Checksum, cursor: Option<&UpstreamCursor>) -> Checksum {
    match upstream_of(cursor) {
        Some(name) => checksum.bytes(name.as_bytes()),
        None => checksum,
    }
}

/// Notes a cursor as the newest of its upstream, if the upstream has a name.
pub(super) fn note(
    connection: &Connection,
    id: &SessionId,
    no: StreamNo,
    cursor: Option<&UpstreamCursor>,
) -> Result<(), rusqlite::Error> {
    let Some(newest) = cursor.filter(|it| !it.upstream.is_default()) else { return Ok(()) };
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO stream_cursor(sid, stream, upstream, checksum, cursor) \
         VALUES(?1, ?2, ?3, ?4, ?5)",
    )?;
    let upstream = newest.upstream.as_str();
    let checksum = checksum(id, no, newest);
    statement.execute(params![id.as_str(), no.0, upstream, checksum, &*newest.cursor])?;
    Ok(())
}

/// The newest cursor of each upstream with a name.
pub(super) fn find(
    connection: &Connection,
    id: &SessionId,
    no: StreamNo,
) -> Result<UpstreamCursors, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT upstream, cursor, checksum FROM stream_cursor WHERE sid = ?1 AND stream = ?2",
    )?;
    let mut rows = statement.query(params![id.as_str(), no.0])?;
    let mut found = UpstreamCursors::default();
    while let Some(row) = rows.next()? {
        let upstream = decode_name(&row.get::<_, String>(0)?)?;
        let cursor = UpstreamCursor { upstream, cursor: row.get::<_, Vec<u8>>(1)?.into() };
        if row.get::<_, i64>(2)? != checksum(id, no, &cursor) {
            return Err(damaged());
        }
        found.note(&cursor);
    }
    Ok(found)
}

/// Deletes the cursors of a stream.
pub(super) fn remove(connection: &Connection, sid: &str, no: i64) -> Result<(), rusqlite::Error> {
    connection
        .prepare_cached("DELETE FROM stream_cursor WHERE sid = ?1 AND stream = ?2")?
        .execute(params![sid, no])?;
    Ok(())
}

/// Deletes the cursors of all streams of a session.
pub(super) fn remove_all(connection: &Connection, sid: &str) -> Result<(), rusqlite::Error> {
    connection.prepare_cached("DELETE FROM stream_cursor WHERE sid = ?1")?.execute([sid])?;
    Ok(())
}

fn checksum(id: &SessionId, no: StreamNo, cursor: &UpstreamCursor) -> i64 {
    Checksum::new()
        .bytes(id.as_str().as_bytes())
        .number(u64::from(no.0))
        .bytes(cursor.upstream.as_str().as_bytes())
        .bytes(&cursor.cursor)
        .value()
}

fn decode_name(text: &str) -> Result<UpstreamName, Failure> {
    UpstreamName::parse(text).ok_or_else(damaged)
}

fn damaged() -> Failure {
    corrupt("a cursor of an upstream is not what was written").into()
}
