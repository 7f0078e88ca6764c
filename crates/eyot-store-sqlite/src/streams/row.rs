//! One row of the table of streams.

use bytes::Bytes;
use eyot_session::{
    Event, Fence, LogLimits, NewEvent, Position, SessionId, StoreError, StreamKind, StreamNo,
    StreamRecord, UpstreamCursor,
};
use rusqlite::{Connection, Row, params};

use crate::checksum::Checksum;
use crate::failure::{Failure, corrupt};
use crate::number::Number;
use crate::streams::cursors;

/// A stream with the running counts of its events, so that an append need not count them.
#[derive(Debug)]
pub(crate) struct StreamRow {
    pub(crate) record: StreamRecord,
    /// The newest event id that the upstream with the default name gave.
    pub(crate) last_cursor: Option<Bytes>,
    /// The newest event; the start when there was none.
    pub(crate) top: Position,
    /// The newest event that was dropped; the start when there was none.
    pub(crate) trimmed: Position,
    pub(crate) events: usize,
    pub(crate) bytes: usize,
    /// Whether there may be cursors of upstreams with a name.
    pub(crate) has_cursors: bool,
    /// The time when the stream is forgotten; `None` while it is open.
    pub(crate) expires_ms: Option<u64>,
}

impl StreamRow {
    pub(crate) fn new(record: StreamRecord) -> Self {
        Self {
            last_cursor: default_cursor(record.upstream_cursor.as_ref()).cloned(),
            has_cursors: cursors::upstream_of(record.upstream_cursor.as_ref()).is_some(),
            record,
            top: Position::default(),
            trimmed: Position::default(),
            events: 0,
            bytes: 0,
            expires_ms: None,
        }
    }

    pub(crate) fn find(
        connection: &Connection,
        id: &SessionId,
        no: StreamNo,
    ) -> Result<Option<Self>, Failure> {
        let mut statement = connection.prepare_cached(
            "SELECT kind, request_id, first_cursor, first_upstream, last_cursor, top_fence, \
             top_seq, trimmed_fence, trimmed_seq, events, bytes, expires_ms, checksum \
             FROM stream WHERE sid = ?1 AND no = ?2",
        )?;
        let mut rows = statement.query(params![id.as_str(), no.0])?;
        rows.next()?.map(|row| Self::decode(row, id, no)).transpose()
    }

    /// Counts an appended event.
    pub(crate) fn count(&mut self, event: &NewEvent) {
        self.top = event.position;
        self.events += 1;
        self.bytes += event.data.len();
        if let Some(cursor) = default_cursor(event.upstream_cursor.as_ref()) {
            self.last_cursor = Some(cursor.clone());
        }
        self.has_cursors |= cursors::upstream_of(event.upstream_cursor.as_ref()).is_some();
    }

    /// Counts the oldest event as dropped.
    pub(crate) fn discount(&mut self, position: Position, len_bytes: usize) {
        self.trimmed = position;
        self.events = self.events.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(len_bytes);
    }

    /// Whether the oldest event has to be dropped. The newest always stays.
    pub(crate) fn exceeds(&self, limits: &LogLimits) -> bool {
        let is_over =
            self.events > limits.events_per_stream_max || self.bytes > limits.bytes_per_stream_max;
        is_over && self.events > 1
    }

    fn decode(row: &Row<'_>, id: &SessionId, no: StreamNo) -> Result<Self, Failure> {
        let bytes = |column: &str| -> Result<Option<Bytes>, rusqlite::Error> {
            Ok(row.get::<_, Option<Vec<u8>>>(column)?.map(Bytes::from))
        };
        let number = |column: &str| row.get::<_, Number>(column);
        let found = Self {
            record: StreamRecord {
                no,
                kind: kind_of(number("kind")?.0).ok_or_else(damaged)?,
                request_id: bytes("request_id")?,
                upstream_cursor: cursors::decode(
                    row.get("first_cursor")?,
                    row.get("first_upstream")?,
                )?,
            },
            last_cursor: bytes("last_cursor")?,
            top: Position { fence: Fence(number("top_fence")?.0), seq: number("top_seq")?.0 },
            trimmed: Position {
                fence: Fence(number("trimmed_fence")?.0),
                seq: number("trimmed_seq")?.0,
            },
            events: number("events")?.to_len(),
            bytes: number("bytes")?.to_len(),
            has_cursors: true,
            expires_ms: row.get::<_, Option<Number>>("expires_ms")?.map(|it| it.0),
        };
        let is_whole = row.get::<_, i64>("checksum")? == found.checksum(id);
        if is_whole { Ok(found) } else { Err(damaged().into()) }
    }

    pub(crate) fn kind_number(&self) -> Number {
        Number(kind_number(self.record.kind))
    }

    pub(crate) fn checksum(&self, id: &SessionId) -> i64 {
        let first_cursor = self.record.upstream_cursor.as_ref();
        let checksum = Checksum::new()
            .bytes(id.as_str().as_bytes())
            .number(u64::from(self.record.no.0))
            .number(kind_number(self.record.kind))
            .optional(self.record.request_id.as_deref())
            .optional(cursors::id_of(first_cursor))
            .optional(self.last_cursor.as_deref())
            .number(self.top.fence.0)
            .number(self.top.seq)
            .number(self.trimmed.fence.0)
            .number(self.trimmed.seq)
            .number(Number::from(self.events).0)
            .number(Number::from(self.bytes).0)
            .number(u64::from(self.expires_ms.is_some()))
            .number(self.expires_ms.unwrap_or(0));
        cursors::add_upstream(checksum, first_cursor).value()
    }
}

/// The cursor, if the upstream with the default name gave it.
fn default_cursor(cursor: Option<&UpstreamCursor>) -> Option<&Bytes> {
    cursor.filter(|it| it.upstream.is_default()).map(|it| &it.cursor)
}

fn damaged() -> StoreError {
    corrupt("a stream is not what was written")
}

/// A kind that this version does not know is stored as a call: both are read alike.
fn kind_number(kind: StreamKind) -> u64 {
    match kind {
        StreamKind::Standalone => 0,
        _ => 1,
    }
}

fn kind_of(number: u64) -> Option<StreamKind> {
    match number {
        0 => Some(StreamKind::Standalone),
        1 => Some(StreamKind::Call),
        _ => None,
    }
}

/// The checksum of an event.
pub(crate) fn event_checksum(id: &SessionId, no: StreamNo, event: &Event) -> i64 {
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
