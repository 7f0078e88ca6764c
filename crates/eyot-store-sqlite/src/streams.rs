//! The table of streams and the table of events.

pub(crate) mod cursors;
mod finished;
mod row;

use bytes::Bytes;
use std::time::Duration;

use eyot_session::{
    Event, Fence, LogLimits, NewEvent, Page, Position, SessionId, StoreError, StreamNo,
    StreamWrite, UpstreamCursor, UpstreamName, WrittenStream,
};
use rusqlite::{Connection, Row, params};

use crate::failure::{Failure, corrupt};
use crate::known::{FinishedStream, FinishedStreams};
use crate::number::Number;
use crate::owned::Owned;
use crate::tables::{Held, Tables};

pub(crate) use self::row::{StreamRow, event_checksum};

/// How many streams one sweep forgets at most, so that it does not hold up other writes.
const STREAMS_SWEPT_MAX: u32 = 1_024;

/// Does a write. Nothing is written before everything is checked.
pub(crate) fn write(
    tables: &mut Tables<'_>,
    owned: Owned<'_>,
    write: &StreamWrite,
    limits: &LogLimits,
) -> Result<(), Failure> {
    let mut session = tables.hold(owned)?;
    let found = session.find_stream(write.stream.no(), limits)?;
    let is_new = found.is_none();
    let mut row = match (found, &write.stream) {
        (Some(row), _) if row.expires_ms.is_some() => {
            return if write.is_only_end() { Ok(()) } else { Err(StoreError::Conflict.into()) };
        }
        (Some(row), _) => row,
        (None, WrittenStream::New(record)) => StreamRow::new(record.clone()),
        (None, WrittenStream::Opened(_)) => return Err(StoreError::NotFound.into()),
    };
    if !write.follows(row.top) {
        return Err(StoreError::Conflict.into());
    }
    if is_new {
        let first = row.record.upstream_cursor.as_ref();
        cursors::note(session.connection, session.id, row.record.no, first)?;
    }
    session.append(&mut row, &write.events, limits)?;
    row.expires_ms = write.end_ms.map(|it| it.saturating_add(millis(limits.keep_done)));
    if is_new {
        session.insert_stream(&row)?;
    } else {
        session.statements.save_stream(session.id, &row)?;
    }
    session.keep(row, limits)
}

/// What is done with the streams of a session by its owner.
impl Held<'_, '_> {
    /// The stream, also if it has ended.
    fn find_stream(
        &mut self,
        no: StreamNo,
        limits: &LogLimits,
    ) -> Result<Option<StreamRow>, Failure> {
        let found = match self.known.take_running(no) {
            None if no < self.known.next_stream => StreamRow::find(self.connection, self.id, no)?,
            known => known,
        };
        if found.as_ref().is_some_and(|it| it.expires_ms.is_some())
            && let Some(forgotten) = self.finished(limits)?.take_if_forgotten(no)
        {
            self.delete(forgotten)?;
            return Ok(None);
        }
        Ok(found)
    }

    /// The streams that have ended.
    fn finished(&mut self, limits: &LogLimits) -> Result<&mut FinishedStreams, rusqlite::Error> {
        let read = match self.known.finished.take() {
            Some(known) => known,
            None => {
                let mut read = finished::read(self.connection, self.id)?;
                read.forget_oldest(limits);
                read
            }
        };
        Ok(self.known.finished.insert(read))
    }

    fn delete(&mut self, stream: FinishedStream) -> Result<(), rusqlite::Error> {
        if stream.has_cursors {
            cursors::remove(self.connection, self.id.as_str(), stream.no.0.into())?;
        }
        self.statements.delete_stream(self.id, stream.no)
    }

    /// Appends events, and drops the oldest ones if there are too many.
    fn append(
        &mut self,
        row: &mut StreamRow,
        events: &[NewEvent],
        limits: &LogLimits,
    ) -> Result<(), rusqlite::Error> {
        let no = row.record.no;
        for event in events {
            self.statements.insert_event(self.id, no, event)?;
            cursors::note(self.connection, self.id, no, event.upstream_cursor.as_ref())?;
            row.count(event);
        }
        trim(self.connection, self.id, row, limits)
    }

    fn insert_stream(&mut self, row: &StreamRow) -> Result<(), rusqlite::Error> {
        let no = row.record.no;
        self.statements.insert_stream(self.id, row)?;
        if self.known.next_stream <= no {
            let next = next_stream_behind(no);
            self.statements.raise_next_stream(self.id, next)?;
            self.known.next_stream = next;
        }
        Ok(())
    }

    /// Keeps the row for the next write; of a stream that ends now, what is needed of it.
    fn keep(&mut self, row: StreamRow, limits: &LogLimits) -> Result<(), Failure> {
        let Some(expires_ms) = row.expires_ms else {
            self.known.put_running(row);
            return Ok(());
        };
        let (no, bytes, has_cursors) = (row.record.no, row.bytes, row.has_cursors);
        if let Some(finished) = &mut self.known.finished {
            // Otherwise it is among those that are read.
            finished.insert(FinishedStream { expires_ms, no, bytes, has_cursors });
        }
        let finished = self.finished(limits)?;
        finished.forget_oldest(limits);
        for stream in finished.take_forgotten(limits) {
            self.delete(stream)?;
        }
        Ok(())
    }
}

/// Events after a position. Needs a transaction, because the row must fit the events.
pub(crate) fn read(
    connection: &Connection,
    id: &SessionId,
    no: StreamNo,
    (after, limit): (Position, usize),
    limits: &LogLimits,
) -> Result<Page, Failure> {
    let row = StreamRow::find(connection, id, no)?.ok_or(StoreError::NotFound)?;
    if finished::is_forgotten(connection, id, &row, limits)? {
        return Err(StoreError::NotFound.into());
    }
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
pub(crate) fn sweep(tables: &mut Tables<'_>, now_ms: u64) -> Result<(), rusqlite::Error> {
    let connection = tables.connection;
    let mut expired =
        connection.prepare_cached("SELECT sid, no FROM stream WHERE expires_ms <= ?1 LIMIT ?2")?;
    let rows = expired.query_map(params![Number(now_ms), STREAMS_SWEPT_MAX], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
    })?;
    let expired: Vec<(String, i64)> = rows.collect::<Result<_, _>>()?;
    for (sid, no) in expired {
        tables.known.forget(&sid);
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

/// The position in the first two columns.
fn position(row: &Row<'_>) -> Result<Position, rusqlite::Error> {
    let (fence, seq): (Number, Number) = (row.get(0)?, row.get(1)?);
    Ok(Position { fence: Fence(fence.0), seq: seq.0 })
}

fn numbers(position: Position) -> (Number, Number) {
    (Number(position.fence.0), Number(position.seq))
}

/// The number to store as one that no stream ever had. A session that has had many streams will have
/// more: there are enough numbers to write this for several of them at once.
fn next_stream_behind(no: StreamNo) -> StreamNo {
    /// This many streams are many.
    const MANY: u32 = 64;
    const AT_ONCE: u32 = 16;
    let next = no.0.saturating_add(1);
    StreamNo(if next < MANY { next } else { next.saturating_add(AT_ONCE - 1) })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
