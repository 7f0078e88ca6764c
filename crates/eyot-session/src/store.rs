//! The traits of an engine that keeps sessions and their events.
//!
//! The traits are dyn-safe because the engine is chosen at run time. A future may be moved to
//! another task and finished there, so no future borrows.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use eyot_stdx::Secret;

use crate::{
    Fence, ItemChange, Leases, NodeId, ParkedCalls, Position, SessionId, SessionRecord,
    SessionState, StoreError, StoreFuture, StreamNo, UpstreamCursor, UpstreamCursors,
};

/// An engine: sessions, their events, parked calls, and who lives.
pub trait Store: Sessions + EventLog + ParkedCalls + Leases + fmt::Debug + Send + Sync {
    /// Whether writes are possible now, and why not. Cheap: no I/O.
    ///
    /// # Errors
    ///
    /// The reason why the last write failed.
    fn health(&self) -> Result<(), StoreError>;

    /// The key for what clients keep for all processes that share this store, across restarts; made
    /// when it is first asked for.
    fn seal_key(&self) -> StoreFuture<Secret<[u8; 32]>>;

    /// Ends in order: everything that was accepted is written, then the engine is closed. Later
    /// operations are [`StoreError::Unavailable`]; a second call changes nothing.
    fn shutdown(&self) -> StoreFuture<()>;
}

/// Keeps session records.
pub trait Sessions {
    /// Stores a new session. [`StoreError::Conflict`] when the id is taken.
    fn create(&self, record: SessionRecord) -> StoreFuture<()>;

    /// The stored record, or `None`. An expired session is `None` at `now_ms`.
    fn load(&self, id: SessionId, now_ms: u64) -> StoreFuture<Option<SessionRecord>>;

    /// Makes the claimant's node the one process that may write: raises the fence and returns the
    /// record with it. `None` when there is no such session at `now_ms`, and likewise when
    /// another principal opened it: then nothing changes.
    ///
    /// [`StoreError::Conflict`] when the fence is not the one that the claimant has seen.
    fn claim(&self, id: SessionId, claimant: Claimant, now_ms: u64)
    -> StoreFuture<Option<Claimed>>;

    /// Lets a session go: it has no owner, and the next process that claims it may have it at once. The
    /// fence stays until then. [`StoreError::Fenced`] when `fence` is not the current one.
    fn release(&self, id: SessionId, fence: Fence) -> StoreFuture<()>;

    /// Replaces the changing part, except its items. [`StoreError::Fenced`] when `fence` is not the current one.
    fn update(&self, id: SessionId, fence: Fence, state: SessionState) -> StoreFuture<()>;

    /// Changes items of the state, in this order and in one write, without the rest of it.
    /// [`StoreError::Fenced`] when `fence` is not the current one.
    fn change_items(
        &self,
        id: SessionId,
        fence: Fence,
        changes: Vec<ItemChange>,
    ) -> StoreFuture<()>;

    /// Moves the end of the session; never to an earlier time. May be written late and together
    /// with others: at a crash the session may end up to an eighth of its idle time early.
    fn touch(&self, id: &SessionId, expires_ms: u64);

    /// Forgets the session and its events; `false` when there was none.
    fn remove(&self, id: SessionId) -> StoreFuture<bool>;

    /// Forgets up to `limit` sessions that have expired at `now_ms`, events of streams that ended
    /// long enough ago, and parked calls that have expired; returns the sessions.
    fn sweep(&self, now_ms: u64, limit: usize) -> StoreFuture<Vec<SessionId>>;

    /// Up to `limit` records in the order of their ids, after `after`.
    fn list(&self, after: Option<SessionId>, limit: usize) -> StoreFuture<Vec<SessionRecord>>;
}

/// Who claims a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// The process.
    pub node: NodeId,
    /// The principal that it acts for.
    pub principal: Option<Arc<str>>,
    /// The fence under which it has found that it may take the session: another process may have been
    /// faster. `None`: it takes the session from any owner.
    pub seen: Option<Fence>,
}

impl Claimant {
    /// A process that takes the session from any owner.
    #[must_use]
    pub fn new(node: NodeId, principal: Option<Arc<str>>) -> Self {
        Self { node, principal, seen: None }
    }

    /// As long as this is the fence.
    #[must_use]
    pub fn over(self, seen: Fence) -> Self {
        Self { seen: Some(seen), ..self }
    }
}

/// A session that this process may now write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The record, with the new fence and owner.
    pub record: SessionRecord,
    /// A stream number from which on none was ever used in this session (at least 1): the lowest
    /// one, or a little above.
    pub next_stream: StreamNo,
}

/// Keeps events, in order, for replay.
///
/// A future of `write`, and of what is made of it, is ready when the write is durable at the level
/// that the store was opened with; an event's id is shown to clients only then.
///
/// Each operation concerns one session and says all that it needs: an engine that runs scripts
/// beside its data can do it as one script, with the keys of that session and no others.
pub trait EventLog {
    /// Opens a stream, appends events to it and ends it, as far as the write says so, all or
    /// nothing: an answer without its end would look like a call that still runs.
    ///
    /// To open a stream that is open changes nothing. Appended events drop the oldest when the
    /// stream exceeds [`LogLimits`]. A stream that has ended already stays as it is, if there is
    /// nothing to append. The write that ends a stream forgets the streams of the session that
    /// ended first, as far as they are beyond [`LogLimits`]: to read them is
    /// [`StoreError::NotFound`] from then on.
    ///
    /// [`StoreError::Fenced`] when `fence` is not the current one, [`StoreError::NotFound`] when
    /// there is no such session or the stream was not opened, [`StoreError::Conflict`] when the
    /// stream has ended or the positions do not ascend.
    fn write(&self, id: SessionId, fence: Fence, write: StreamWrite) -> StoreFuture<()>;

    /// Registers a stream before its first event.
    fn open(&self, id: SessionId, fence: Fence, stream: StreamRecord) -> StoreFuture<()> {
        let stream = WrittenStream::New(stream);
        self.write(id, fence, StreamWrite { stream, events: Vec::new(), end_ms: None })
    }

    /// Appends events to a stream that was opened.
    fn append(
        &self,
        id: SessionId,
        fence: Fence,
        stream: StreamNo,
        events: Vec<NewEvent>,
    ) -> StoreFuture<()> {
        let stream = WrittenStream::Opened(stream);
        self.write(id, fence, StreamWrite { stream, events, end_ms: None })
    }

    /// Appends the last events, and marks the stream as ended.
    fn finish(
        &self,
        id: SessionId,
        fence: Fence,
        stream: StreamNo,
        end: StreamEnd,
    ) -> StoreFuture<()> {
        let (stream, end_ms) = (WrittenStream::Opened(stream), Some(end.at_ms));
        self.write(id, fence, StreamWrite { stream, events: end.last, end_ms })
    }

    /// Up to `limit` events strictly after `after`, oldest first. [`StoreError::NotFound`]
    /// when there is no such stream, [`StoreError::Trimmed`] when some were dropped,
    /// [`StoreError::Corrupt`] when a checksum does not fit.
    fn read(
        &self,
        id: SessionId,
        stream: StreamNo,
        after: Position,
        limit: usize,
    ) -> StoreFuture<Page>;
}

/// The kind of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamKind {
    /// Messages that belong to no call.
    Standalone,
    /// Messages of one call, its answer last.
    Call,
}

/// A stream when it is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamRecord {
    /// The number of the stream.
    pub no: StreamNo,
    /// The kind of the stream.
    pub kind: StreamKind,
    /// The client's request id as raw JSON; `None` for the standalone stream.
    pub request_id: Option<Bytes>,
    /// The event id that an upstream gave before its first message, if any.
    pub upstream_cursor: Option<UpstreamCursor>,
}

/// What is written to one stream at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamWrite {
    /// The stream.
    pub stream: WrittenStream,
    /// The events to append.
    pub events: Vec<NewEvent>,
    /// The time of the stream's end, in milliseconds since 1970, if this ends it. The stream is
    /// kept for [`LogLimits::keep_done`] after that.
    pub end_ms: Option<u64>,
}

impl StreamWrite {
    /// Whether a stream that has ended is left as it is without an error: there is nothing in the
    /// write but the end.
    #[must_use]
    pub fn is_only_end(&self) -> bool {
        let is_opened = matches!(self.stream, WrittenStream::Opened(_));
        is_opened && self.events.is_empty() && self.end_ms.is_some()
    }

    /// Whether the events can follow what is at `top`: their positions ascend.
    #[must_use]
    pub fn follows(&self, top: Position) -> bool {
        let places = self.events.iter().map(|event| event.position);
        std::iter::once(top).chain(places.clone()).zip(places).all(|(before, next)| before < next)
    }
}

/// The stream that a write concerns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WrittenStream {
    /// It was opened before.
    Opened(StreamNo),
    /// The write opens it, unless it is open already.
    New(StreamRecord),
}

impl WrittenStream {
    /// The number of the stream.
    #[must_use]
    pub fn no(&self) -> StreamNo {
        match self {
            Self::Opened(no) => *no,
            Self::New(record) => record.no,
        }
    }
}

/// An event to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// The position of the event; ascending within the stream.
    pub position: Position,
    /// The message as the client gets it.
    pub data: Bytes,
    /// The event id of this message at the upstream that it came from.
    pub upstream_cursor: Option<UpstreamCursor>,
}

/// The end of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamEnd {
    /// The last events; most often the answer.
    pub last: Vec<NewEvent>,
    /// The time of the end, in milliseconds since 1970. The stream is kept for
    /// [`LogLimits::keep_done`] after that.
    pub at_ms: u64,
}

/// A stored event.
pub type Event = NewEvent;

/// Part of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The stream itself.
    pub stream: StreamRecord,
    /// Events in order.
    pub events: Vec<Event>,
    /// Whether the stream has ended and `events` reaches its end.
    pub is_end: bool,
    /// The newest event id that each upstream gave in the whole stream, also of events that were
    /// dropped: the positions to resume from.
    pub last_upstream_cursors: UpstreamCursors,
}

/// How much of each stream is kept, and how much of the streams that have ended.
#[derive(Clone, Copy, Debug)]
pub struct LogLimits {
    /// Events per stream; at least the newest stays.
    pub events_per_stream_max: usize,
    /// Bytes of data per stream; at least the newest event stays.
    pub bytes_per_stream_max: usize,
    /// How long a stream is kept after its end, unless one of the next two bounds comes first.
    pub keep_done: Duration,
    /// Finished streams per session, the latest ones; at least one stays. Open streams do not
    /// count.
    pub finished_streams_max: usize,
    /// Bytes of data in all finished streams of a session; at least the stream that ended last
    /// stays.
    pub finished_bytes_max: usize,
}

impl Default for LogLimits {
    fn default() -> Self {
        Self {
            events_per_stream_max: 1_024,
            bytes_per_stream_max: 8 << 20,
            keep_done: Duration::from_secs(300),
            finished_streams_max: 64,
            finished_bytes_max: 1 << 20,
        }
    }
}
