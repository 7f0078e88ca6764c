//! The two ways of a stream: what was posted for it, and what it is to send.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use eyot_frame::{EventHead, EventWriter, Frames};
use eyot_jsonrpc::Message;
use eyot_service::{IoEnd, IoEvent, Limits, MessageIo, QueueFull};
use parking_lot::Mutex;

/// Messages that were posted and that the pipe has not taken. Its lock is a leaf.
#[derive(Debug)]
pub(super) struct Inbox {
    count_max: usize,
    bytes_max: usize,
    state: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<Bytes>,
    bytes: usize,
    is_closed: bool,
    /// Wakes the pipe.
    reader: Option<Waker>,
}

/// A message that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct InboxFull;

impl Inbox {
    pub(super) fn new(limits: &Limits) -> Self {
        let (count_max, bytes_max) = (limits.pipe.running_max, limits.pipe.queue_bytes_max);
        Self { count_max, bytes_max, state: Mutex::default() }
    }

    /// Leaves a message for the pipe. While none waits, one of any length fits.
    pub(super) fn push(&self, message: Bytes) -> Result<(), InboxFull> {
        let mut state = self.state.lock();
        let bytes = state.bytes + message.len();
        let fits = bytes <= self.bytes_max && state.messages.len() < self.count_max;
        if state.is_closed || !(fits || state.messages.is_empty()) {
            return Err(InboxFull);
        }
        state.bytes = bytes;
        state.messages.push_back(message);
        let reader = state.reader.take();
        drop(state);
        wake(reader);
        Ok(())
    }

    /// The client has gone: no message follows.
    pub(super) fn close(&self) {
        let mut state = self.state.lock();
        state.is_closed = true;
        let reader = state.reader.take();
        drop(state);
        wake(reader);
    }

    fn poll_take(&self, cx: &Context<'_>) -> Poll<IoEvent> {
        let mut state = self.state.lock();
        if state.is_closed {
            return Poll::Ready(IoEvent::Ended(IoEnd::new("closed its stream").of_both_sides()));
        }
        match state.messages.pop_front() {
            Some(message) => {
                state.bytes -= message.len().min(state.bytes);
                Poll::Ready(IoEvent::Message(message))
            }
            None => {
                state.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Events that wait to be sent.
#[derive(Debug, Default)]
pub(super) struct Outbox(Mutex<Unsent>);

#[derive(Debug, Default)]
struct Unsent {
    events: VecDeque<Frames>,
    bytes: usize,
    taken_bytes: u64,
}

impl Outbox {
    /// The next event.
    pub(super) fn pop(&self) -> Option<Frames> {
        let mut unsent = self.0.lock();
        let event = unsent.events.pop_front()?;
        let bytes = event.len_bytes();
        unsent.bytes -= bytes.min(unsent.bytes);
        unsent.taken_bytes += bytes as u64;
        Some(event)
    }
}

/// A stream as its pipe sees it.
#[derive(Debug)]
pub(super) struct SseIo {
    inbox: Arc<Inbox>,
    outbox: Arc<Outbox>,
    /// What may wait: so much, and one message of the longest kind.
    bytes_max: usize,
}

impl SseIo {
    pub(super) fn new(inbox: Arc<Inbox>, limits: &Limits) -> Self {
        let bytes_max = limits.pipe.queue_bytes_max.saturating_add(limits.messages.bytes_max);
        Self { inbox, outbox: Arc::default(), bytes_max }
    }

    /// What the stream sends.
    pub(super) fn outbox(&self) -> Arc<Outbox> {
        Arc::clone(&self.outbox)
    }
}

/// The body of the response takes what is queued; it polls the pipe, and with it this.
impl MessageIo for SseIo {
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<IoEvent> {
        self.inbox.poll_take(cx)
    }

    fn queue_message(&mut self, message: &Message) -> Result<(), QueueFull> {
        let mut unsent = self.outbox.0.lock();
        if unsent.bytes > 0 && unsent.bytes.saturating_add(message.len()) > self.bytes_max {
            return Err(QueueFull { queued_bytes: unsent.bytes, queue_bytes_max: self.bytes_max });
        }
        let is_plain = message.is_single_line() && !message.has_line_separators();
        let mut writer = EventWriter::default();
        writer.push(&HEAD, message.len(), message.pieces(), is_plain);
        let event = writer.finish();
        unsent.bytes += event.len_bytes();
        unsent.events.push_back(event);
        Ok(())
    }

    fn queued_bytes(&self) -> usize {
        self.outbox.0.lock().bytes
    }

    fn written_bytes(&self) -> u64 {
        self.outbox.0.lock().taken_bytes
    }

    fn poll_close(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        // The body polls again when it has taken everything.
        let is_empty = self.outbox.0.lock().events.is_empty();
        if is_empty || self.inbox.state.lock().is_closed { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// "Server messages are sent as SSE `message` events" (2024-11-05, basic/transports, HTTP with SSE).
const HEAD: EventHead<'static> = EventHead { id: None, event: Some("message"), retry: None };
