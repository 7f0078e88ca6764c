//! The table of streams and the table of events.

mod cursors;
mod finished;
mod row;

use bytes::Bytes;
use std::time::Duration;

use eyot_session::{
    Event, Fence, LogLimits, NewEvent, Page, Position, SessionId, StoreError, StreamEnd, StreamNo,
    StreamRecord, UpstreamCursor, UpstreamName,
};
use rusqlite::{Connection, Row, params};

use crate::checksum::Checksum;
use crate::failure::{Failure, corrupt};
use crate::number::Number;
use crate::owned::Owned;
use crate::streams::row::StreamRow;

/// How many streams one sweep forgets at most, so that it does not hold up other writes.
const STREAMS_SWEPT_MAX: u32 = 1_024;

/// Registers a stream.
pub(crate) fn open(
    connection: &Connection,
    session: Owned<'_>,
    record: &StreamRecord,
) -> Result<(), Failure> {
    session.check(connection)?;
    let id = session.id;
    match StreamRow::find(connection, id, record.no)? {
        Some(row) if row.expires_ms.is_some() => Err(StoreError::Conflict.into()),
        Some(_) => Ok(()),
        None => {
            StreamRow::new(record.clone()).insert(connection, id)?;
            cursors::note(connection, id, record.no, record.upstream_cursor.as_ref())?;
            Ok(session.raise_next_stream(connection, record.no)?)
        }
    }
}

/// Appends events, and drops the oldest ones if there are too many.
pub(crate) fn append(
    connection: &Connection,
    session: Owned<'_>,
    no: StreamNo,
    events: &[NewEvent],
    limits: &LogLimits,
) -> Result<(), Failure> {
    session.check(connection)?;
    let id = session.id;
    let mut row = StreamRow::find(connection, id, no)?.ok_or(StoreError::NotFound)?;
    if row.expires_ms.is_some() || !is_ascending(row.top, events) {
        return Err(StoreError::Conflict.into());
    }
    for event in events {
        insert_event(connection, id, no, event)?;
        cursors::note(connection, id, no, event.upstream_cursor.as_ref())?;
        row.count(event);
    }
    trim(connection, id, &mut row, limits)?;
    Ok(row.save(connection, id)?)
}

/// Appends the last events, marks the stream as ended and forgets the streams that are then too
/// many. Only the first end counts. If the end fails, the writer undoes the append.
pub(crate) fn finish(
    connection: &Connection,
    session: Owned<'_>,
    no: StreamNo,
    end: &StreamEnd,
    limits: &LogLimits,
) -> Result<(), Failure> {
    if end.last.is_empty() {
        session.check(connection)?;
    } else {
        append(connection, session, no, &end.last, limits)?;
    }
    let id = session.id;
    let mut row = StreamRow::find(connection, id, no)?.ok_or(StoreError::NotFound)?;
    if row.expires_ms.is_none() {
        row.expires_ms = Some(end.at_ms.saturating_add(millis(limits.keep_done)));
        row.save(connection, id)?;
        finished::forget_oldest(connection, id, limits)?;
    }
    Ok(())
}

/// Events after a position. Needs a transaction, because the row must fit the events.
pub(crate) fn read(
    connection: &Connection,
    id: &SessionId,
    no: StreamNo,
    after: Position,
    limit: usize,
) -> Result<Page, Failure> {
    let row = StreamRow::find(connection, id, no)?.ok_or(StoreError::NotFound)?;
    if after < row.trimmed {
        return Err(StoreError::Trimmed { oldest: row.trimmed }.into());
    }
    let events = read_events(connection, id, no, after, limit)?;
    let mut last_upstream_cursors = cursors::find(connection, id, no)?;
    if let Some(cursor) = row.last_cursor {
        last_upstream_cursors.note(&UpstreamCursor { upstream: UpstreamName::DEFAULT, cursor });
    }
    let reached = events.last().map_or(after, |event| event.position);
    Ok(Page {
        is_end: row.expires_ms.is_some() && reached >= row.top,
        stream: row.record,
        events,
        last_upstream_cursors,
    })
}

/// Deletes streams that ended long enough ago, with their events.
pub(crate) fn sweep(connection: &Connection, now_ms: u64) -> Result<(), rusqlite::Error> {
    let mut expired =
        connection.prepare_cached("SELECT sid, no FROM stream WHERE expires_ms <= ?1 LIMIT ?2")?;
    let rows = expired.query_map(params![Number(now_ms), STREAMS_SWEPT_MAX], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
    })?;
    let expired: Vec<(String, i64)> = rows.collect::<Result<_, _>>()?;
    for (sid, no) in expired {
        remove(connection, &sid, no)?;
    }
    Ok(())
}

/// Deletes a stream, with its events.
fn remove(connection: &Connection, sid: &str, no: i64) -> Result<(), rusqlite::Error> {
    cursors::remove(connection, sid, no)?;
    connection
        .prepare_cached("DELETE FROM event WHERE sid = ?1 AND stream = ?2")?
        .execute(params![sid, no])?;
    connection
        .prepare_cached("DELETE FROM stream WHERE sid = ?1 AND no = ?2")?
        .execute(params![sid, no])?;
    Ok(())
}

/// Deletes all streams of a session, with their events.
pub(crate) fn remove_all(connection: &Connection, sid: &str) -> Result<(), rusqlite::Error> {
    cursors::remove_all(connection, sid)?;
    connection.prepare_cached("DELETE FROM event WHERE sid = ?1")?.execute([sid])?;
    connection.prepare_cached("DELETE FROM stream WHERE sid = ?1")?.execute([sid])?;
    Ok(())
}

/// Drops the oldest events while there are too many. Reads no more events than it drops.
fn trim(
    connection: &Connection,
    id: &SessionId,
    row: &mut StreamRow,
    limits: &LogLimits,
) -> Result<(), rusqlite::Error> {
    if !row.exceeds(limits) {
        return Ok(());
    }
    let mut oldest = connection.prepare_cached(
        "SELECT fence, seq, length(data) FROM event WHERE sid = ?1 AND stream = ?2 \
         ORDER BY fence, seq",
    )?;
    let mut events = oldest.query(params![id.as_str(), row.record.no.0])?;
    while row.exceeds(limits)
        && let Some(event) = events.next()?
    {
        row.discount(position(event)?, event.get::<_, Number>(2)?.to_len());
    }
    let (fence, seq) = numbers(row.trimmed);
    connection
        .prepare_cached(
            "DELETE FROM event WHERE sid = ?1 AND stream = ?2 AND (fence, seq) <= (?3, ?4)",
        )?
        .execute(params![id.as_str(), row.record.no.0, fence, seq])?;
    Ok(())
}

fn insert_event(
    connection: &Connection,
    id: &SessionId,
    no: StreamNo,
    event: &NewEvent,
) -> Result<(), rusqlite::Error> {
    let (fence, seq) = numbers(event.position);
    let mut statement = connection.prepare_cached(
        "INSERT INTO event(sid, stream, fence, seq, checksum, cursor, upstream, data) \
         VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    statement.execute(params![
        id.as_str(),
        no.0,
        fence,
        seq,
        event_checksum(id, no, event),
        cursors::id_of(event.upstream_cursor.as_ref()),
        cursors::upstream_of(event.upstream_cursor.as_ref()),
        &*event.data,
    ])?;
    Ok(())
}

fn read_events(
    connection: &Connection,
    id: &SessionId,
    no: StreamNo,
    after: Position,
    limit: usize,
) -> Result<Vec<Event>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT fence, seq, checksum, cursor, upstream, data FROM event \
         WHERE sid = ?1 AND stream = ?2 AND (fence, seq) > (?3, ?4) \
         ORDER BY fence, seq LIMIT ?5",
    )?;
    let (fence, seq) = numbers(after);
    let limit = Number::from(limit);
    let mut rows = statement.query(params![id.as_str(), no.0, fence, seq, limit])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(decode_event(row, id, no)?);
    }
    Ok(events)
}

fn decode_event(row: &Row<'_>, id: &SessionId, no: StreamNo) -> Result<Event, Failure> {
    let event = Event {
        position: position(row)?,
        upstream_cursor: cursors::decode(row.get(3)?, row.get(4)?)?,
        data: Bytes::from(row.get::<_, Vec<u8>>(5)?),
    };
    if row.get::<_, i64>(2)? != event_checksum(id, no, &event) {
        return Err(corrupt("an event is not what was written").into());
    }
    Ok(event)
}

fn event_checksum(id: &SessionId, no: StreamNo, event: &Event) -> i64 {
    let cursor = event.upstream_cursor.as_ref();
    let checksum = Checksum::new()
        .bytes(id.as_str().as_bytes())
        .number(u64::from(no.0))
        .number(event.position.fence.0)
        .number(event.position.seq)
        .optional(cursors::id_of(cursor))
        .bytes(&event.data);
    cursors::add_upstream(checksum, cursor).value()
}

/// The position in the first two columns.
fn position(row: &Row<'_>) -> Result<Position, rusqlite::Error> {
    let (fence, seq): (Number, Number) = (row.get(0)?, row.get(1)?);
    Ok(Position { fence: Fence(fence.0), seq: seq.0 })
}

fn numbers(position: Position) -> (Number, Number) {
    (Number(position.fence.0), Number(position.seq))
}

fn is_ascending(top: Position, events: &[NewEvent]) -> bool {
    let places = events.iter().map(|event| event.position);
    std::iter::once(top).chain(places.clone()).zip(places).all(|(before, next)| before < next)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
