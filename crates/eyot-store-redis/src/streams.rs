//! Streams and their events.

use bytes::Bytes;
use eyot_session::{
    Event, Fence, LogLimits, Page, Position, StoreError, StreamKind, StreamNo, StreamRecord,
    StreamWrite, UpstreamCursor, UpstreamCursors, UpstreamName, WrittenStream,
};

use crate::failure::corrupt;
use crate::operation::{flag, number, size, text};
use crate::values::{Values, Word};

/// The arguments of a write.
pub(crate) fn written(fence: Fence, write: &StreamWrite, limits: &LogLimits) -> Vec<Bytes> {
    let new = match &write.stream {
        WrittenStream::New(record) => Some(record),
        WrittenStream::Opened(_) => None,
    };
    let places = write.events.iter().map(|it| it.position);
    let mut args = vec![
        number(fence.0),
        number(write.stream.no().0),
        flag(new.is_some()),
        ends_ms(write, limits).map_or_else(Bytes::new, number),
        flag(write.is_only_end()),
        flag(places.is_sorted_by(|one, next| one < next)),
        size(limits.events_per_stream_max),
        size(limits.bytes_per_stream_max),
        size(limits.finished_streams_max),
        size(limits.finished_bytes_max),
        flag(new.is_some_and(|it| it.kind == StreamKind::Call)),
        new.and_then(|it| it.request_id.clone()).unwrap_or_default(),
    ];
    args.extend(cursor(new.and_then(|it| it.upstream_cursor.as_ref())));
    for event in &write.events {
        let Position { fence, seq } = event.position;
        args.extend([number(fence.0), number(seq), event.data.clone()]);
        args.extend(cursor(event.upstream_cursor.as_ref()));
    }
    args
}

/// When a stream is forgotten that ends with this write.
pub(crate) fn ends_ms(write: &StreamWrite, limits: &LogLimits) -> Option<u64> {
    let keep_ms = u64::try_from(limits.keep_done.as_millis()).unwrap_or(u64::MAX);
    write.end_ms.map(|it| it.saturating_add(keep_ms))
}

/// The upstream of a cursor, and the cursor; both empty if there is none.
fn cursor(cursor: Option<&UpstreamCursor>) -> [Bytes; 2] {
    match cursor {
        Some(it) => [text(it.upstream.as_str()), it.cursor.clone()],
        None => [Bytes::new(), Bytes::new()],
    }
}

/// The arguments of a read.
pub(crate) fn asked(no: StreamNo, after: Position, limit: usize) -> Vec<Bytes> {
    let Position { fence: Fence(fence), seq } = after;
    let from = match (seq.checked_add(1), fence.checked_add(1)) {
        (Some(seq), _) => format!("{fence}-{seq}"),
        (None, Some(fence)) => format!("{fence}-0"),
        (None, None) => String::new(),
    };
    let limit = limit.min(1 << 31);
    vec![number(no.0), number(fence), number(seq), from.into(), size(limit)]
}

/// The page that a read has found.
pub(crate) fn page(no: StreamNo, mut values: Values) -> Result<Page, StoreError> {
    match values.word()? {
        Word::Ok => {}
        Word::Trimmed => {
            let (fence, seq) = (values.number()?, values.number()?);
            return Err(StoreError::Trimmed { oldest: Position { fence: Fence(fence), seq } });
        }
        _ => return Err(StoreError::NotFound),
    }
    let kind = match &*values.bytes()? {
        b"1" => StreamKind::Call,
        _ => StreamKind::Standalone,
    };
    let request_id = Some(values.bytes()?).filter(|it| !it.is_empty());
    let upstream_cursor = read_cursor(&values.text()?, values.bytes()?)?;
    let is_end = values.text()? == "1";
    let mut entries = values.list()?;
    let mut events = Vec::new();
    while !entries.is_empty() {
        events.push(event(&mut entries.list()?)?);
    }
    let mut cursors = values.list()?;
    let mut last = UpstreamCursors::default();
    while !cursors.is_empty() {
        let found = read_cursor(&cursors.text()?, cursors.bytes()?)?;
        found.iter().for_each(|it| last.note(it));
    }
    let stream = StreamRecord { no, kind, request_id, upstream_cursor };
    Ok(Page { stream, events, is_end, last_upstream_cursors: last })
}

/// An entry: its place, and its fields by name.
fn event(entry: &mut Values) -> Result<Event, StoreError> {
    let place = entry.text()?;
    let place = place.split_once('-').and_then(|(fence, seq)| {
        Some(Position { fence: Fence(fence.parse().ok()?), seq: seq.parse().ok()? })
    });
    let mut fields = entry.list()?;
    let (mut data, mut upstream, mut cursor) = (None, String::new(), Bytes::new());
    while !fields.is_empty() {
        match &*fields.bytes()? {
            b"d" => data = Some(fields.bytes()?),
            b"n" => upstream = fields.text()?,
            b"c" => cursor = fields.bytes()?,
            _ => drop(fields.bytes()?),
        }
    }
    let (Some(position), Some(data)) = (place, data) else { return Err(damaged()) };
    Ok(Event { position, data, upstream_cursor: read_cursor(&upstream, cursor)? })
}

fn read_cursor(upstream: &str, cursor: Bytes) -> Result<Option<UpstreamCursor>, StoreError> {
    if upstream.is_empty() {
        return Ok(None);
    }
    let upstream = UpstreamName::parse(upstream).ok_or_else(damaged)?;
    Ok(Some(UpstreamCursor { upstream, cursor }))
}

fn damaged() -> StoreError {
    corrupt("an event")
}
