//! Sessions, streams and events to check stores with, and helpers for the answers.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use eyot_jsonrpc::Id;
use eyot_session::{
    Event, Fence, ItemChange, NewEvent, NodeId, OpenQuestion, Page, Position, SessionId,
    SessionRecord, SessionState, Store, StoreError, StoreFuture, StreamEnd, StreamKind, StreamNo,
    StreamRecord, UpstreamCursor, UpstreamName, UpstreamRef,
};
use eyot_types::Revision;

use crate::block_on;

/// The time when the sessions of [`record`] end.
pub const EXPIRES_MS: u64 = 10_000;
/// The fence of [`record`]; not 1, so that a fixed number is noticed.
pub const FENCE: Fence = Fence(3);
/// The stream of [`call_stream`].
pub const CALL: StreamNo = StreamNo(1);
/// The start of every stream: before all events.
pub const START: Position = Position { fence: Fence(0), seq: 0 };

/// A text as an id.
///
/// # Panics
///
/// When the text is no id.
#[must_use]
pub fn session_id(text: &str) -> SessionId {
    SessionId::parse(text).expect("ids of checks are visible ASCII")
}

/// The principal that opened the sessions of [`record`].
#[must_use]
pub fn principal() -> Option<Arc<str>> {
    Some("käthe".into())
}

/// A session of `node-a` that ends at [`EXPIRES_MS`].
#[must_use]
pub fn record(id: &SessionId) -> SessionRecord {
    SessionRecord {
        id: id.clone(),
        principal: principal().as_deref().map(str::to_owned),
        revision: Revision::V2025_06_18,
        initialize: Bytes::from_static(br#"{"clientInfo":{"name":"checker"}}"#),
        state: SessionState::default(),
        owner: Some(NodeId::new("node-a")),
        fence: FENCE,
        created_ms: 1_000,
        expires_ms: EXPIRES_MS,
    }
}

/// A state in which no member has its default.
#[must_use]
pub fn full_state() -> SessionState {
    let legacy = UpstreamRef {
        target: Some("http://upstream/mcp".into()),
        session_id: Some("up-1".into()),
        revision: Some("2025-03-26".into()),
        cookies: Some(";/;lb=1".into()),
        generation: 7,
        is_modern: false,
    };
    let modern = UpstreamRef { is_modern: true, ..UpstreamRef::default() };
    SessionState {
        is_initialized: true,
        log_level: Some("debug".into()),
        upstreams: [(UpstreamName::DEFAULT, legacy), (named(), modern)].into_iter().collect(),
        items: items().into_iter().collect(),
    }
}

/// Changes that make items of every kind.
#[must_use]
pub fn items() -> Vec<ItemChange> {
    let ask = |id, call| ItemChange::Ask(OpenQuestion { id: Id::from_text(id), call });
    vec![
        ItemChange::Subscribe("file:///ü".into()),
        ItemChange::Subscribe("file:///a".into()),
        ask("2.7", Some(Id::from_number(3))),
        ask("1.\"q\"", None),
    ]
}

/// The name of an upstream that is not the default.
///
/// # Panics
///
/// Never.
#[must_use]
pub fn named() -> UpstreamName {
    UpstreamName::parse("named").expect("letters are a name")
}

/// A stream of a call; its number is part of its request id.
#[must_use]
pub fn call_stream(no: StreamNo) -> StreamRecord {
    StreamRecord {
        no,
        kind: StreamKind::Call,
        request_id: Some(Bytes::from(format!("\"request {}\"", no.0))),
        upstream_cursor: None,
    }
}

/// An event without an upstream's cursor.
#[must_use]
pub fn event(fence: Fence, seq: u64, data: &str) -> NewEvent {
    Event {
        position: Position { fence, seq },
        data: Bytes::copy_from_slice(data.as_bytes()),
        upstream_cursor: None,
    }
}

/// The event with an upstream's cursor.
#[must_use]
pub fn with_cursor(event: NewEvent, cursor: UpstreamCursor) -> NewEvent {
    Event { upstream_cursor: Some(cursor), ..event }
}

/// A cursor of the upstream with the default name.
#[must_use]
pub fn cursor(text: &'static str) -> UpstreamCursor {
    cursor_of(UpstreamName::DEFAULT, text)
}

/// A cursor of an upstream.
#[must_use]
pub fn cursor_of(upstream: UpstreamName, text: &'static str) -> UpstreamCursor {
    UpstreamCursor { upstream, cursor: Bytes::from_static(text.as_bytes()) }
}

/// Events 1 to `count` of the owner with [`FENCE`].
#[must_use]
pub fn numbered_events(count: u64) -> Vec<NewEvent> {
    (1..=count).map(|seq| event(FENCE, seq, &format!("event {seq}"))).collect()
}

/// A new session with [`CALL`] open.
///
/// # Panics
///
/// When the store fails to do it.
pub fn opened(store: &dyn Store, text: &str) -> SessionId {
    let id = session_id(text);
    done(store.create(record(&id)));
    done(store.open(id.clone(), FENCE, call_stream(CALL)));
    id
}

/// The value of an operation that has to succeed.
///
/// # Panics
///
/// When it fails.
#[track_caller]
pub fn done<T: fmt::Debug>(future: StoreFuture<T>) -> T {
    match block_on(future) {
        Ok(value) => value,
        Err(error) => fail(&format!("operation failed: {error}")),
    }
}

/// An end without further events.
#[must_use]
pub fn ended(at_ms: u64) -> StreamEnd {
    StreamEnd { last: Vec::new(), at_ms }
}

/// Checks that an operation fails with the expected error.
///
/// # Panics
///
/// When it does not.
#[track_caller]
pub fn refused<T: fmt::Debug>(future: StoreFuture<T>, expected: &StoreError) {
    match block_on(future) {
        Err(error) if error == *expected => {}
        other => fail(&format!("expected {expected:?}, got {other:?}")),
    }
}

/// All events of [`CALL`] after a position.
///
/// # Panics
///
/// When it cannot be read.
#[track_caller]
pub fn read_after(store: &dyn Store, id: &SessionId, after: Position) -> Page {
    done(store.read(id.clone(), CALL, after, usize::MAX))
}

/// The numbers of the events of a page.
#[must_use]
pub fn seqs(page: &Page) -> Vec<u64> {
    page.events.iter().map(|event| event.position.seq).collect()
}

#[track_caller]
#[expect(clippy::panic, reason = "a check tells of a broken promise by a panic")]
fn fail(text: &str) -> ! {
    panic!("{text}")
}
