//! One event stream of a legacy session: pull what is there, store it, then show it.
//!
//! "Log, then send": an event's id is shown only after the event is stored, so that what a
//! client names in `Last-Event-ID` is always there. What has come by then is stored together, and
//! with the stream itself if it is new: a write costs the store much more than an event.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use eyot_frame::{EventHead, EventWriter, Frames, encode_event, encode_priming};
use eyot_jsonrpc::{Id, Message};
use eyot_service::{Fault, ReplyItem, SessionHandle, unix_ms};
use eyot_session::{
    EventId, NewEvent, Position, StoreError, StoreFuture, StreamKind, StreamNo, StreamRecord,
    StreamWrite, UpstreamCursor, UpstreamName, WrittenStream,
};
use eyot_types::codes::{self, Outcome};
use tokio::time::Instant;

use crate::in_flight::InFlight;
use crate::reply_stream::ReplyStream;

/// Drives one stream. It belongs to no connection: each poll gives what comes next.
pub(crate) struct EventStream {
    handle: Arc<SessionHandle>,
    stream: StreamNo,
    kind: StreamKind,
    request_id: Option<Id>,
    source: ReplyStream,
    /// Keeps the requests in flight while the stream runs.
    in_flight: Vec<InFlight>,
    /// Answers still to come; the stream ends with the last.
    answers_left: usize,
    /// The last position that was given to an event.
    assigned: Position,
    /// The last position that was handed out: everything up to it is stored.
    shown: Position,
    /// The upstream's event id up to which everything was taken.
    cursor: Option<Bytes>,
    /// When an event id without a message was stored.
    marked: Option<Instant>,
    /// Whether the store knows the stream.
    is_registered: bool,
    step: Step,
    /// Events that are stored, up to a position, and not handed out.
    stored: Option<(Frames, Position)>,
}

enum Step {
    Pulling,
    Storing { writing: StoreFuture<()>, frames: Frames, position: Position, is_last: bool },
    Over,
}

/// What was taken from the source and is to be stored in one write.
#[derive(Default)]
struct Draft {
    events: Vec<NewEvent>,
    frames: EventWriter,
    len_bytes: usize,
    /// The last answer is in it, or will not come.
    is_last: bool,
}

impl Draft {
    fn is_full(&self) -> bool {
        self.is_last || self.events.len() >= EVENTS_MAX || self.len_bytes >= BYTES_MAX
    }
}

/// With this many events, what a write costs by itself does not count any more.
const EVENTS_MAX: usize = 32;
/// Nothing more is taken once a write has this many bytes.
const BYTES_MAX: usize = 64 << 10;

/// The outcome of a poll.
pub(crate) enum StreamOutput {
    /// Events, stored.
    Event(Frames),
    /// The client may hang up and come back: the last bytes for it.
    Closing(Bytes),
    /// The stream has ended.
    End,
}

impl EventStream {
    /// The stream of one call, or of the calls of one batch.
    pub(crate) fn call(
        handle: &Arc<SessionHandle>,
        stream: StreamNo,
        source: ReplyStream,
        in_flight: Vec<InFlight>,
        request_id: Option<Id>,
    ) -> Self {
        let answers_left = in_flight.len().max(1);
        let cursor = source.cursor();
        let mut events = Self::new(handle, stream, StreamKind::Call, source);
        events.cursor = cursor;
        events.request_id = request_id;
        events.in_flight = in_flight;
        events.answers_left = answers_left;
        events
    }

    /// The stream of messages that belong to no call. It has no source before it has a reader.
    pub(crate) fn standalone(handle: &Arc<SessionHandle>) -> Self {
        Self::new(handle, StreamNo::STANDALONE, StreamKind::Standalone, ReplyStream::over())
    }

    fn new(
        handle: &Arc<SessionHandle>,
        stream: StreamNo,
        kind: StreamKind,
        source: ReplyStream,
    ) -> Self {
        let start = Position { fence: handle.fence(), seq: 0 };
        Self {
            handle: Arc::clone(handle),
            stream,
            kind,
            request_id: None,
            source,
            in_flight: Vec::new(),
            answers_left: usize::MAX,
            assigned: start,
            shown: start,
            cursor: None,
            marked: None,
            is_registered: false,
            step: Step::Pulling,
            stored: None,
        }
    }

    /// Whether it belongs to a call or to none.
    pub(crate) fn kind(&self) -> StreamKind {
        self.kind
    }

    /// The last position that was handed out.
    pub(crate) fn shown(&self) -> Position {
        self.shown
    }

    /// Goes on behind an event that an earlier process has taken from the upstream.
    pub(crate) fn go_on_behind(&mut self, cursor: Bytes) {
        self.cursor.get_or_insert(cursor);
    }

    /// The upstream's event id up to which everything was taken.
    pub(crate) fn cursor(&self) -> Option<Bytes> {
        self.cursor.clone()
    }

    /// The cursor as it is stored: the service has one upstream, which has no name.
    fn upstream_cursor(&self) -> Option<UpstreamCursor> {
        let cursor = self.cursor.clone()?;
        Some(UpstreamCursor { upstream: UpstreamName::DEFAULT, cursor })
    }

    /// Whether a source must be set before anything can come.
    pub(crate) fn wants_source(&self) -> bool {
        self.kind == StreamKind::Standalone && self.source.is_over()
    }

    /// Sets the source of messages.
    pub(crate) fn set_source(&mut self, source: ReplyStream) {
        self.source = source;
    }

    /// Lets go of the source. What was taken from it and is being stored stays.
    pub(crate) fn drop_source(&mut self) {
        self.source = ReplyStream::over();
    }

    /// Registers the stream, with the events that are there already, so that an id of it may be
    /// shown. Before them it shows its start, if there is a `retry`: "the server SHOULD immediately
    /// send an SSE event consisting of an event ID and an empty data field" (2025-11-25).
    pub(crate) fn poll_begun(
        &mut self,
        retry: Option<Duration>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), StoreError>> {
        if !self.is_registered && matches!(self.step, Step::Pulling) {
            let mut draft = Draft::default();
            if retry.is_some() {
                let id = EventId { stream: self.stream, position: self.shown }.text();
                let head = EventHead { id: Some(id.as_str()), event: None, retry };
                draft.frames.push(&head, 0, std::iter::empty(), true);
            }
            if let Poll::Ready(Some(retry)) = self.fill(&mut draft, cx) {
                self.source.put_back(ReplyItem::HangUp { retry });
            }
            self.store(draft);
        }
        self.poll_stored(cx)
    }

    /// The next events, once they are stored.
    pub(crate) fn poll_event(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<StreamOutput, StoreError>> {
        loop {
            if let Some((frames, position)) = self.stored.take() {
                self.shown = position;
                return Poll::Ready(Ok(StreamOutput::Event(frames)));
            }
            match self.step {
                Step::Pulling => {
                    let mut draft = Draft::default();
                    if let Some(retry) = ready!(self.fill(&mut draft, cx)) {
                        return Poll::Ready(Ok(StreamOutput::Closing(self.closing(retry))));
                    }
                    self.store(draft);
                }
                Step::Storing { .. } => ready!(self.poll_stored(cx))?,
                Step::Over => return Poll::Ready(Ok(StreamOutput::End)),
            }
        }
    }

    /// Takes what has come; ready when that is something. If the client may hang up, and nothing
    /// came before that, the time after which it comes back.
    fn fill(&mut self, draft: &mut Draft, cx: &mut Context<'_>) -> Poll<Option<Duration>> {
        while !draft.is_full() {
            match self.source.poll_item(cx) {
                Poll::Ready(Some(Ok(ReplyItem::Message { message, cursor }))) => {
                    self.take(draft, &message, cursor);
                }
                Poll::Ready(Some(Ok(ReplyItem::Cursor(cursor)))) => self.take_cursor(draft, cursor),
                Poll::Ready(Some(Ok(ReplyItem::HangUp { retry }))) if draft.events.is_empty() => {
                    return Poll::Ready(Some(retry));
                }
                Poll::Ready(Some(Ok(hang_up))) => {
                    self.source.put_back(hang_up);
                    break;
                }
                Poll::Ready(Some(Err(fault))) => self.fail(draft, &fault),
                // Its call was cancelled, or its last answer has come.
                Poll::Ready(None) if self.kind != StreamKind::Standalone => draft.is_last = true,
                Poll::Ready(None) | Poll::Pending if draft.events.is_empty() => {
                    return Poll::Pending;
                }
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        Poll::Ready(None)
    }

    fn poll_stored(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StoreError>> {
        if let Step::Storing { writing, .. } = &mut self.step {
            ready!(writing.as_mut().poll(cx))?;
        }
        let step = std::mem::replace(&mut self.step, Step::Pulling);
        let Step::Storing { frames, position, is_last, .. } = step else {
            self.step = step;
            return Poll::Ready(Ok(()));
        };
        self.is_registered = true;
        if is_last {
            self.step = Step::Over;
            // Before the answer is seen: the client may use its id again at once.
            self.in_flight.clear();
        }
        if frames.len_bytes() > 0 {
            self.stored = Some((frames, position));
        } else {
            self.shown = position;
        }
        Poll::Ready(Ok(()))
    }

    /// "If the server does close the connection prior to terminating the SSE stream, it SHOULD
    /// send an SSE event with a standard `retry` field before closing the connection"
    /// (2025-11-25, basic/transports). It repeats the id of what was shown last.
    fn closing(&self, retry: Duration) -> Bytes {
        let id = EventId { stream: self.stream, position: self.shown }.text();
        encode_priming(id.as_str(), Some(retry))
    }

    /// What a client is told when the store fails: without an id, because nothing more can
    /// be promised.
    pub(crate) fn last_words(&self) -> Option<Frames> {
        let error = codes::upstream_lost("session store failed", Outcome::Unknown, true);
        let message = Message::error_response(Some(self.request_id.clone()?), &error);
        Some(encode_event(&EventHead::default(), message.pieces(), true))
    }

    /// Whether an event has been taken from the source but not been stored.
    pub(crate) fn is_storing(&self) -> bool {
        matches!(self.step, Step::Storing { .. })
    }

    fn take(&mut self, draft: &mut Draft, message: &Message, cursor: Option<Bytes>) {
        self.cursor = cursor.or_else(|| self.cursor.take());
        draft.is_last = message.is_response() && self.count_answer() == 0;
        self.assigned.seq += 1;
        let id = EventId { stream: self.stream, position: self.assigned }.text();
        let is_plain = message.is_single_line() && !message.has_line_separators();
        let data = message.to_bytes();
        let head = EventHead { id: Some(id.as_str()), event: None, retry: None };
        draft.frames.push(&head, data.len(), std::iter::once(data.clone()), is_plain);
        self.add(draft, data);
    }

    /// Takes an event id that came without a message. Of the stream that belongs to no call it is
    /// stored as an event without data, so that the next process goes on behind it; but not each of
    /// them: the one before it is good enough.
    fn take_cursor(&mut self, draft: &mut Draft, cursor: Bytes) {
        self.cursor = Some(cursor);
        let is_due = self.marked.is_none_or(|it| it.elapsed() >= MARK_INTERVAL);
        if self.kind != StreamKind::Standalone || !is_due {
            return;
        }
        self.marked = Some(Instant::now());
        self.assigned.seq += 1;
        self.add(draft, Bytes::new());
    }

    fn add(&self, draft: &mut Draft, data: Bytes) {
        draft.len_bytes += data.len();
        let (position, upstream_cursor) = (self.assigned, self.upstream_cursor());
        draft.events.push(NewEvent { position, data, upstream_cursor });
    }

    /// Stores events; the last one together with the stream's end, so that no process takes an
    /// answered call for one that still runs.
    fn store(&mut self, draft: Draft) {
        let Draft { events, frames, is_last, .. } = draft;
        let (handle, position) = (&self.handle, self.assigned);
        let stream = match self.is_registered {
            true => WrittenStream::Opened(self.stream),
            // An event has a newer cursor.
            false => WrittenStream::New(self.record(events.is_empty())),
        };
        let write = StreamWrite { stream, events, end_ms: is_last.then(unix_ms) };
        let writing = handle.store().write(handle.id().clone(), handle.fence(), write);
        self.step = Step::Storing { writing, frames: frames.finish(), position, is_last };
    }

    /// A fault becomes the answer: the client learns what happened, on the call's own stream.
    fn fail(&mut self, draft: &mut Draft, fault: &Fault) {
        tracing::debug!(%fault, "call failed");
        if let Some(id) = self.request_id.clone() {
            self.take(draft, &Message::error_response(Some(id), &fault.error), None);
        }
    }

    fn count_answer(&mut self) -> usize {
        self.answers_left = self.answers_left.saturating_sub(1);
        self.answers_left
    }

    fn record(&self, has_cursor: bool) -> StreamRecord {
        let request_id = self.request_id.as_ref();
        StreamRecord {
            no: self.stream,
            kind: self.kind,
            request_id: request_id.map(|it| Bytes::copy_from_slice(it.as_raw().as_bytes())),
            upstream_cursor: self.upstream_cursor().filter(|_| has_cursor),
        }
    }
}

/// How soon after another an event id without a message is stored.
const MARK_INTERVAL: Duration = Duration::from_secs(10);

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("stream", &self.stream).finish_non_exhaustive()
    }
}
