//! The transport of 2024-11-05, HTTP with SSE, seen from its client, as [`MessageIo`].
//!
//! "The server MUST provide two endpoints: an SSE endpoint, for clients to establish a connection and
//! receive messages from the server; a regular HTTP POST endpoint for clients to send messages to
//! the server" (2024-11-05, basic/transports). The end of the event stream is the end of the
//! session.

mod posts;
mod stream;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use eyot_jsonrpc::Message;
use eyot_service::{IoEnd, IoEvent, Limits, MessageIo, QueueFull};
use tokio::time::Sleep;

pub use self::posts::{PostError, Posting};
use self::posts::{Posts, Report};
pub use self::stream::{SseError, SseStream};

/// Messages that come as events and go as POSTs.
///
/// A POST begins when the one before is answered. Some servers answer a POST after what it asks for
/// has run: after a moment the next one begins beside it.
pub struct SseIo {
    stream: SseStream,
    posts: Posts,
    /// The stream has ended so, and how long the POSTs under way are waited for.
    ending: Option<(IoEnd, Pin<Box<Sleep>>)>,
    end: Option<IoEnd>,
}

impl SseIo {
    /// Reads `stream`, and sends each message with `post`, which knows the endpoint.
    #[must_use]
    pub fn new(
        stream: SseStream,
        post: impl Fn(Message) -> Posting + Send + 'static,
        limits: &Limits,
    ) -> Self {
        // As for a child: while as much waits as may, one message of the longest kind still fits.
        let room_bytes = limits.upstream.child_queue_bytes_max;
        let queue_bytes_max = room_bytes.saturating_add(limits.messages.bytes_max);
        Self { stream, posts: Posts::new(Box::new(post), queue_bytes_max), ending: None, end: None }
    }

    /// What comes as an event, but for the end: that has to wait for the POSTs under way.
    fn poll_stream(&mut self, cx: &mut Context<'_>) -> Poll<IoEvent> {
        if self.ending.is_some() {
            return Poll::Pending;
        }
        match ready!(self.stream.poll_event(cx)) {
            IoEvent::Ended(end) => {
                self.posts.halt();
                self.ending = Some((end, Box::pin(tokio::time::sleep(AFTERMATH))));
                Poll::Pending
            }
            event => Poll::Ready(event),
        }
    }
}

impl MessageIo for SseIo {
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<IoEvent> {
        if let Some(end) = &self.end {
            return Poll::Ready(IoEvent::Ended(end.clone()));
        }
        let event = self.poll_stream(cx);
        self.posts.drive(cx);
        // What the server has said comes before what has become of a POST.
        if let Poll::Ready(event) = event {
            return Poll::Ready(event);
        }
        let end = match (self.posts.next_report(), &mut self.ending) {
            (Some(Report::Answer(text)), _) => return Poll::Ready(IoEvent::Message(text)),
            (Some(Report::Gone(end)), _) => end,
            (None, Some((end, patience))) => {
                if self.posts.has_running() && patience.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                end.clone()
            }
            (None, None) => return Poll::Pending,
        };
        self.posts.stop();
        self.end = Some(end.clone());
        Poll::Ready(IoEvent::Ended(end))
    }

    fn queue_message(&mut self, message: &Message) -> Result<(), QueueFull> {
        self.posts.queue(message)
    }

    fn queued_bytes(&self) -> usize {
        self.posts.waiting_bytes()
    }

    fn written_bytes(&self) -> u64 {
        self.posts.begun_bytes()
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.posts.close();
        self.posts.drive(cx);
        if self.posts.is_idle() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl fmt::Debug for SseIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseIo").field("posts", &self.posts).field("end", &self.end).finish()
    }
}

/// How long the end waits for the POSTs under way when the event stream has ended: a server that has
/// started again refuses them, and then they have provably not run.
const AFTERMATH: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
