//! The statements of every call.

use eyot_session::{NewEvent, Position, SessionId, StreamNo};
use rusqlite::{Connection, PrepFlags, Statement, params};

use crate::number::Number;
use crate::streams::{StreamRow, cursors, event_checksum};

/// Statements that are prepared once: to look one up by its text takes as long as to run it.
#[derive(Debug)]
pub(crate) struct Statements<'c> {
    begin: Statement<'c>,
    commit: Statement<'c>,
    data_version: Statement<'c>,
    insert_stream: Statement<'c>,
    save_stream: Statement<'c>,
    insert_event: Statement<'c>,
    delete_stream: Statement<'c>,
    delete_events: Statement<'c>,
    raise_next_stream: Statement<'c>,
}

impl<'c> Statements<'c> {
    pub(crate) fn prepare(connection: &'c Connection) -> Result<Self, rusqlite::Error> {
        let prepare =
            |sql| connection.prepare_with_flags(sql, PrepFlags::SQLITE_PREPARE_PERSISTENT);
        Ok(Self {
            begin: prepare("BEGIN IMMEDIATE")?,
            commit: prepare("COMMIT")?,
            data_version: prepare("PRAGMA data_version")?,
            insert_stream: prepare(
                "INSERT INTO stream(sid, no, kind, request_id, first_cursor, first_upstream, \
                 last_cursor, top_fence, top_seq, trimmed_fence, trimmed_seq, events, bytes, \
                 expires_ms, checksum) \
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            )?,
            save_stream: prepare(
                "UPDATE stream SET last_cursor = ?3, top_fence = ?4, top_seq = ?5, \
                 trimmed_fence = ?6, trimmed_seq = ?7, events = ?8, bytes = ?9, \
                 expires_ms = ?10, checksum = ?11 WHERE sid = ?1 AND no = ?2",
            )?,
            insert_event: prepare(
                "INSERT INTO event(sid, stream, fence, seq, checksum, cursor, upstream, data) \
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?,
            delete_stream: prepare("DELETE FROM stream WHERE sid = ?1 AND no = ?2")?,
            delete_events: prepare("DELETE FROM event WHERE sid = ?1 AND stream = ?2")?,
            raise_next_stream: prepare(
                "UPDATE session SET next_stream = ?2 WHERE sid = ?1 AND next_stream < ?2",
            )?,
        })
    }

    pub(crate) fn begin(&mut self) -> Result<(), rusqlite::Error> {
        self.begin.execute(()).map(drop)
    }

    pub(crate) fn commit(&mut self) -> Result<(), rusqlite::Error> {
        self.commit.execute(()).map(drop)
    }

    pub(crate) fn data_version(&mut self) -> Result<i64, rusqlite::Error> {
        self.data_version.query_row((), |row| row.get(0))
    }

    pub(crate) fn insert_stream(
        &mut self,
        id: &SessionId,
        row: &StreamRow,
    ) -> Result<(), rusqlite::Error> {
        let (top_fence, top_seq) = numbers(row.top);
        let (trimmed_fence, trimmed_seq) = numbers(row.trimmed);
        self.insert_stream.execute(params![
            id.as_str(),
            row.record.no.0,
            row.kind_number(),
            row.record.request_id.as_deref(),
            cursors::id_of(row.record.upstream_cursor.as_ref()),
            cursors::upstream_of(row.record.upstream_cursor.as_ref()),
            row.last_cursor.as_deref(),
            top_fence,
            top_seq,
            trimmed_fence,
            trimmed_seq,
            Number::from(row.events),
            Number::from(row.bytes),
            row.expires_ms.map(Number),
            row.checksum(id),
        ])?;
        Ok(())
    }

    /// Writes the parts that change.
    pub(crate) fn save_stream(
        &mut self,
        id: &SessionId,
        row: &StreamRow,
    ) -> Result<(), rusqlite::Error> {
        let (top_fence, top_seq) = numbers(row.top);
        let (trimmed_fence, trimmed_seq) = numbers(row.trimmed);
        self.save_stream.execute(params![
            id.as_str(),
            row.record.no.0,
            row.last_cursor.as_deref(),
            top_fence,
            top_seq,
            trimmed_fence,
            trimmed_seq,
            Number::from(row.events),
            Number::from(row.bytes),
            row.expires_ms.map(Number),
            row.checksum(id),
        ])?;
        Ok(())
    }

    pub(crate) fn insert_event(
        &mut self,
        id: &SessionId,
        no: StreamNo,
        event: &NewEvent,
    ) -> Result<(), rusqlite::Error> {
        let (fence, seq) = numbers(event.position);
        self.insert_event.execute(params![
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

    /// Deletes a stream with its events, but not its cursors.
    pub(crate) fn delete_stream(
        &mut self,
        id: &SessionId,
        no: StreamNo,
    ) -> Result<(), rusqlite::Error> {
        self.delete_events.execute(params![id.as_str(), no.0])?;
        self.delete_stream.execute(params![id.as_str(), no.0])?;
        Ok(())
    }

    /// Notes the lowest number that no stream ever had.
    pub(crate) fn raise_next_stream(
        &mut self,
        id: &SessionId,
        next: StreamNo,
    ) -> Result<(), rusqlite::Error> {
        self.raise_next_stream.execute(params![id.as_str(), next.0])?;
        Ok(())
    }
}

fn numbers(position: Position) -> (Number, Number) {
    (Number(position.fence.0), Number(position.seq))
}
