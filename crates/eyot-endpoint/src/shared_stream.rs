//! A stream that several readers share, one after the other.
//!
//! One reader at a time, the newest: a client that comes back over a new connection takes the
//! stream from the old one, even if that one is a dead socket that has not been noticed.

use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use eyot_frame::Frames;
use eyot_session::{Position, StoreError, StreamKind};
use parking_lot::Mutex;

use crate::event_stream::{EventStream, StreamOutput};
use crate::reply_stream::ReplyStream;

/// A stream and its readers.
///
/// A call goes on without a reader and ends with its answer. The standalone stream waits without
/// a reader and never ends.
#[derive(Debug)]
pub(crate) struct SharedStream {
    kind: StreamKind,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// `None` once the stream has ended.
    events: Option<EventStream>,
    /// The reader that gets what comes; 0 for none.
    reader: u64,
    last_reader: u64,
    wakers: Vec<(u64, Waker)>,
}

/// Names a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ReaderId(u64);

/// The outcome of a poll.
pub(crate) enum ReaderOutput {
    /// Events, at least one.
    Event(Frames),
    /// The client may hang up and come back: the last bytes for it.
    Closing(Bytes),
    /// The stream has ended.
    End,
    /// Another reader has it now.
    Displaced,
    /// This reader has the stream and must set its source.
    WantsSource,
}

impl SharedStream {
    pub(crate) fn new(events: EventStream) -> Self {
        let kind = events.kind();
        let state = State { events: Some(events), reader: 0, last_reader: 0, wakers: Vec::new() };
        Self { kind, state: Mutex::new(state) }
    }

    /// Whether it is the stream of messages that belong to no call.
    pub(crate) fn is_standalone(&self) -> bool {
        self.kind == StreamKind::Standalone
    }

    /// Becomes the reader. Returns where the live part begins: what is stored up to there
    /// must come from the store.
    pub(crate) fn attach(&self) -> (ReaderId, Option<Position>) {
        let mut state = self.state.lock();
        state.last_reader += 1;
        state.reader = state.last_reader;
        let reader = ReaderId(state.reader);
        let shown = state.events.as_ref().map(EventStream::shown);
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(|(_, waker)| waker.wake());
        (reader, shown)
    }

    /// Becomes the reader if there is none.
    pub(crate) fn attach_if_unread(&self) -> Option<ReaderId> {
        let mut state = self.state.lock();
        if state.reader != 0 {
            return None;
        }
        state.last_reader += 1;
        state.reader = state.last_reader;
        Some(ReaderId(state.reader))
    }

    /// The upstream's event id up to which everything was taken.
    pub(crate) fn cursor(&self) -> Option<Bytes> {
        self.state.lock().events.as_ref()?.cursor()
    }

    /// Goes on behind an event that an earlier process has taken from the upstream.
    pub(crate) fn go_on_behind(&self, cursor: Bytes) {
        if let Some(events) = &mut self.state.lock().events {
            events.go_on_behind(cursor);
        }
    }

    /// Whether the stream needs a source.
    pub(crate) fn wants_source(&self) -> bool {
        self.state.lock().events.as_ref().is_some_and(EventStream::wants_source)
    }

    /// Sets the source of messages, if `reader` still reads.
    pub(crate) fn set_source(&self, reader: ReaderId, source: ReplyStream) {
        let mut state = self.state.lock();
        if state.reader == reader.0
            && let Some(events) = &mut state.events
        {
            events.set_source(source);
        }
    }

    /// Registers the stream in the store, so that an id of it may be shown: see
    /// [`EventStream::poll_begun`]. A stream that cannot be stored ends.
    pub(crate) fn poll_begun(
        &self,
        retry: Option<Duration>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), StoreError>> {
        let mut state = self.state.lock();
        let Some(events) = &mut state.events else { return Poll::Ready(Ok(())) };
        let begun = ready!(events.poll_begun(retry, cx));
        let failed = if begun.is_err() { state.events.take() } else { None };
        drop(state);
        drop(failed);
        Poll::Ready(begun)
    }

    /// The next events for this reader.
    pub(crate) fn poll(&self, reader: ReaderId, cx: &mut Context<'_>) -> Poll<ReaderOutput> {
        let mut state = self.state.lock();
        if self.is_standalone() && state.reader == 0 {
            // The newer reader has gone: this one has the stream again.
            state.reader = reader.0;
        }
        if state.reader != reader.0 {
            state.wait(reader, cx);
            return Poll::Ready(ReaderOutput::Displaced);
        }
        let Some(events) = &mut state.events else { return Poll::Ready(ReaderOutput::End) };
        if events.wants_source() && !events.is_storing() {
            return Poll::Ready(ReaderOutput::WantsSource);
        }
        match events.poll_event(cx) {
            Poll::Ready(Ok(StreamOutput::Event(frames))) => {
                Poll::Ready(ReaderOutput::Event(frames))
            }
            Poll::Ready(Ok(StreamOutput::Closing(last))) => {
                Poll::Ready(ReaderOutput::Closing(last))
            }
            Poll::Ready(Ok(StreamOutput::End)) => {
                state.events = None;
                Poll::Ready(ReaderOutput::End)
            }
            Poll::Ready(Err(error)) => {
                tracing::error!(%error, "event stream ends: events cannot be stored");
                let last_words = events.last_words();
                state.events = None;
                Poll::Ready(last_words.map_or(ReaderOutput::End, ReaderOutput::Event))
            }
            Poll::Pending => {
                state.wait(reader, cx);
                Poll::Pending
            }
        }
    }

    /// Stops reading. `true` when the stream must be read on: a call has not ended, or an event is
    /// not stored.
    pub(crate) fn detach(&self, reader: ReaderId) -> bool {
        let mut state = self.state.lock();
        state.wakers.retain(|(number, _)| *number != reader.0);
        if state.reader != reader.0 {
            return false;
        }
        state.reader = 0;
        let needs_reader = match &mut state.events {
            None => false,
            Some(events) if self.is_standalone() => {
                events.drop_source();
                events.is_storing()
            }
            Some(_) => true,
        };
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(|(_, waker)| waker.wake());
        needs_reader
    }

    /// Ends the stream at once.
    pub(crate) fn end(&self) {
        let mut state = self.state.lock();
        let events = state.events.take();
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        drop(events);
        wakers.into_iter().for_each(|(_, waker)| waker.wake());
    }
}

impl State {
    fn wait(&mut self, reader: ReaderId, cx: &Context<'_>) {
        let waker = cx.waker();
        match self.wakers.iter_mut().find(|(number, _)| *number == reader.0) {
            Some((_, known)) => known.clone_from(waker),
            None => self.wakers.push((reader.0, waker.clone())),
        }
    }
}

#[cfg(test)]
mod tests;
