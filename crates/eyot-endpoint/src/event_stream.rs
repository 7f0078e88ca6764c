//! One event stream of a legacy session: pull a message, store it, then show it.
//!
//! "Log, then send": an event's id is shown only after the event is stored, so that what a
//! client names in `Last-Event-ID` is always there.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use eyot_frame::{EventHead, Frames, encode_event, encode_priming};
use eyot_jsonrpc::{Id, Message};
use eyot_service::{Fault, ReplyItem, SessionHandle, unix_ms};
use eyot_session::{
    EventId, NewEvent, Position, StoreError, StoreFuture, StreamEnd, StreamKind, StreamNo,
    StreamRecord, UpstreamCursor, UpstreamName,
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
    step: Step,
}

enum Step {
    /// The stream is not registered in the store.
    Unopened,
    Opening(StoreFuture<()>),
    Pulling,
    Storing {
        writing: StoreFuture<()>,
        frames: Option<Frames>,
        position: Position,
        is_last: bool,
    },
    Finishing(StoreFuture<()>),
    Over,
}

/// The outcome of a poll.
pub(crate) enum StreamOutput {
    /// An event, stored.
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
            step: Step::Unopened,
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

    /// Registers the stream, so that an id of it may be shown before its first event.
    pub(crate) fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StoreError>> {
        if matches!(self.step, Step::Unopened) {
            self.step = Step::Opening(self.open());
        }
        if let Step::Opening(opening) = &mut self.step {
            let opened = ready!(opening.as_mut().poll(cx));
            self.step = Step::Pulling;
            return Poll::Ready(opened);
        }
        Poll::Ready(Ok(()))
    }

    /// The next event, once it is stored.
    pub(crate) fn poll_event(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<StreamOutput, StoreError>> {
        loop {
            match &mut self.step {
                Step::Unopened | Step::Opening(_) => ready!(self.poll_open(cx))?,
                Step::Pulling => match ready!(self.source.poll_item(cx)) {
                    Some(Ok(ReplyItem::Message { message, cursor })) => self.take(&message, cursor),
                    Some(Ok(ReplyItem::Cursor(cursor))) => self.take_cursor(cursor),
                    Some(Ok(ReplyItem::HangUp { retry })) => {
                        return Poll::Ready(Ok(StreamOutput::Closing(self.closing(retry))));
                    }
                    Some(Err(fault)) => self.fail(&fault),
                    None if self.kind == StreamKind::Standalone => return Poll::Pending,
                    None => self.step = Step::Finishing(self.finish()),
                },
                Step::Storing { writing, frames, position, is_last } => {
                    ready!(writing.as_mut().poll(cx))?;
                    let (frames, is_last) = (frames.take(), *is_last);
                    self.shown = *position;
                    self.step = if is_last { Step::Over } else { Step::Pulling };
                    if is_last {
                        // Before the answer is seen: the client may use its id again at once.
                        self.in_flight.clear();
                    }
                    if let Some(frames) = frames {
                        return Poll::Ready(Ok(StreamOutput::Event(frames)));
                    }
                }
                Step::Finishing(finishing) => {
                    ready!(finishing.as_mut().poll(cx))?;
                    self.step = Step::Over;
                }
                Step::Over => return Poll::Ready(Ok(StreamOutput::End)),
            }
        }
    }

    /// "If the server does close the connection prior to terminating the SSE stream, it SHOULD
    /// send an SSE event with a standard `retry` field before closing the connection"
    /// (2025-11-25, basic/transports). It repeats the id of what was shown last.
    fn closing(&self, retry: Duration) -> Bytes {
        let id = EventId { stream: self.stream, position: self.shown }.to_string();
        encode_priming(&id, Some(retry))
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

    fn take(&mut self, message: &Message, cursor: Option<Bytes>) {
        self.cursor = cursor.or_else(|| self.cursor.take());
        let is_last = message.is_response() && self.count_answer() == 0;
        self.assigned.seq += 1;
        let position = self.assigned;
        let id = EventId { stream: self.stream, position }.to_string();
        let is_plain = message.is_single_line() && !message.has_line_separators();
        let data = message.to_bytes();
        let head = EventHead { id: Some(&id), event: None, retry: None };
        let frames = encode_event(&head, std::iter::once(data.clone()), is_plain);
        let event = NewEvent { position, data, upstream_cursor: self.upstream_cursor() };
        let writing = self.write(event, is_last);
        self.step = Step::Storing { writing, frames: Some(frames), position, is_last };
    }

    /// Takes an event id that came without a message. Of the stream that belongs to no call it is
    /// stored as an event without data, so that the next process goes on behind it; but not each of
    /// them: the one before it is good enough.
    fn take_cursor(&mut self, cursor: Bytes) {
        self.cursor = Some(cursor);
        let is_due = self.marked.is_none_or(|it| it.elapsed() >= MARK_INTERVAL);
        if self.kind != StreamKind::Standalone || !is_due {
            return;
        }
        self.marked = Some(Instant::now());
        self.assigned.seq += 1;
        let position = self.assigned;
        let event =
            NewEvent { position, data: Bytes::new(), upstream_cursor: self.upstream_cursor() };
        let writing = self.write(event, false);
        self.step = Step::Storing { writing, frames: None, position, is_last: false };
    }

    /// Stores an event; the last one together with the stream's end, so that no process
    /// takes an answered call for one that still runs.
    fn write(&self, event: NewEvent, is_last: bool) -> StoreFuture<()> {
        let (handle, stream) = (&self.handle, self.stream);
        let (id, fence) = (handle.id().clone(), handle.fence());
        if is_last {
            let end = StreamEnd { last: vec![event], at_ms: unix_ms() };
            handle.store().finish(id, fence, stream, end)
        } else {
            handle.store().append(id, fence, stream, vec![event])
        }
    }

    /// A fault becomes the answer: the client learns what happened, on the call's own stream.
    fn fail(&mut self, fault: &Fault) {
        tracing::debug!(%fault, "call failed");
        if let Some(id) = self.request_id.clone() {
            self.take(&Message::error_response(Some(id), &fault.error), None);
        }
    }

    fn count_answer(&mut self) -> usize {
        self.answers_left = self.answers_left.saturating_sub(1);
        self.answers_left
    }

    fn open(&self) -> StoreFuture<()> {
        let record = StreamRecord {
            no: self.stream,
            kind: self.kind,
            request_id: self
                .request_id
                .as_ref()
                .map(|it| Bytes::copy_from_slice(it.as_raw().as_bytes())),
            upstream_cursor: self.upstream_cursor(),
        };
        self.handle.store().open(self.handle.id().clone(), self.handle.fence(), record)
    }

    /// Ends a stream that got no answer: its call was cancelled.
    fn finish(&mut self) -> StoreFuture<()> {
        self.in_flight.clear();
        let handle = &self.handle;
        let end = StreamEnd { last: Vec::new(), at_ms: unix_ms() };
        handle.store().finish(handle.id().clone(), handle.fence(), self.stream, end)
    }
}

/// How soon after another an event id without a message is stored.
const MARK_INTERVAL: Duration = Duration::from_secs(10);

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").field("stream", &self.stream).finish_non_exhaustive()
    }
}
