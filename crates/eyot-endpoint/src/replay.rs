//! Events that a client has not seen, out of the store.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use eyot_frame::{EventHead, EventWriter, Frames};
use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, Id, Message};
use eyot_service::SessionHandle;
use eyot_session::{EventId, NewEvent, Page, Position, StoreError, StoreFuture, StreamNo};

/// Reads one stream from a position on.
pub(crate) struct Replay {
    handle: Arc<SessionHandle>,
    stream: StreamNo,
    after: Position,
    /// Where the live part begins; `None`: everything that is stored.
    until: Option<Position>,
    reading: Option<StoreFuture<Page>>,
    is_over: bool,
}

/// The outcome of a poll.
pub(crate) enum Replayed {
    /// Events, in order.
    Events(Frames),
    /// What follows is live, or nothing.
    End,
}

impl Replay {
    pub(crate) fn new(
        handle: &Arc<SessionHandle>,
        stream: StreamNo,
        after: Position,
        until: Option<Position>,
    ) -> Self {
        let handle = Arc::clone(handle);
        Self { handle, stream, after, until, reading: None, is_over: false }
    }

    pub(crate) fn poll_events(&mut self, cx: &mut Context<'_>) -> Poll<Replayed> {
        if self.is_over || self.until.is_some_and(|until| self.after >= until) {
            return Poll::Ready(Replayed::End);
        }
        let (handle, stream, after) = (&self.handle, self.stream, self.after);
        let reading = self.reading.get_or_insert_with(|| {
            handle.store().read(handle.id().clone(), stream, after, PAGE_EVENTS)
        });
        let page = ready!(reading.as_mut().poll(cx));
        self.reading = None;
        match page {
            Ok(page) => Poll::Ready(Replayed::Events(self.take(page))),
            // The standalone stream exists only once it has an event.
            Err(StoreError::NotFound) => {
                self.is_over = true;
                Poll::Ready(Replayed::End)
            }
            Err(StoreError::Trimmed { oldest }) if stream == StreamNo::STANDALONE => {
                // The events that were dropped belong to no call; the rest is better than nothing.
                self.after = oldest;
                self.poll_events(cx)
            }
            Err(error) => {
                tracing::warn!(%error, "events cannot be replayed");
                self.is_over = true;
                Poll::Ready(Replayed::End)
            }
        }
    }

    fn take(&mut self, page: Page) -> Frames {
        let is_live = |event: &NewEvent| self.until.is_some_and(|until| event.position > until);
        let is_short = page.events.len() < PAGE_EVENTS;
        let reaches_live = page.events.last().is_some_and(is_live);
        let events: Vec<_> = page.events.into_iter().filter(|it| !is_live(it)).collect();
        self.is_over = is_short || reaches_live;
        if let Some(last) = events.last() {
            self.after = last.position;
        }
        // An event without data was stored for the sake of the upstream's event id.
        let shown = events.iter().filter(|it| !it.data.is_empty());
        let mut frames = EventWriter::default();
        shown.for_each(|it| write_event(&mut frames, self.stream, it));
        frames.finish()
    }
}

/// Writes an event as it was sent the first time.
fn write_event(frames: &mut EventWriter, stream: StreamNo, event: &NewEvent) {
    let id = EventId { stream, position: event.position }.text();
    let head = EventHead { id: Some(id.as_str()), event: None, retry: None };
    frames.push(&head, event.data.len(), std::iter::once(event.data.clone()), false);
}

/// The answer for a call whose events are no longer all there.
pub(crate) fn trimmed_answer(request_id: Option<Id>) -> Frames {
    let error = ErrorObject::new(INTERNAL_ERROR, "events of this call are no longer kept");
    let message = Message::error_response(request_id, &error);
    let mut frames = EventWriter::default();
    frames.push(&EventHead::default(), message.len(), message.pieces(), true);
    frames.finish()
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("after", &self.after).finish_non_exhaustive()
    }
}

/// Events per read.
const PAGE_EVENTS: usize = 64;
