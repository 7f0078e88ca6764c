//! The body of a stream, in which its pipe lives.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use eyot_frame::Frames;
use http_body::{Body, Frame};

use super::OpenChannel;
use super::channel::Outbox;
use crate::silence::Silence;

/// Sends what the pipe writes, and drives the pipe.
pub(super) struct SseBody {
    /// `None` once it has ended.
    pipe: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    channel: Option<OpenChannel>,
    outbox: Arc<Outbox>,
    /// The event that is being sent.
    out: Frames,
    silence: Silence,
}

impl SseBody {
    pub(super) fn new(
        pipe: impl Future<Output = ()> + Send + 'static,
        channel: OpenChannel,
        outbox: Arc<Outbox>,
        first: Frames,
    ) -> Self {
        let silence = Silence::new(channel.keep_alive());
        Self { pipe: Some(Box::pin(pipe)), channel: Some(channel), outbox, out: first, silence }
    }
}

impl Body for SseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        loop {
            if let Some(bytes) = self.out.next() {
                self.silence.end();
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if let Some(event) = self.outbox.pop() {
                self.out = event;
                continue;
            }
            let Some(pipe) = &mut self.pipe else { return Poll::Ready(None) };
            if pipe.as_mut().poll(cx).is_ready() {
                self.pipe = None;
                continue;
            }
            match self.outbox.pop() {
                Some(event) => self.out = event,
                None => return self.silence.poll(cx).map(|it| Some(Ok(Frame::data(it)))),
            }
        }
    }
}

/// The client has gone: its session ends, and its upstream is told.
impl Drop for SseBody {
    fn drop(&mut self) {
        let (Some(channel), Some(pipe)) = (self.channel.take(), self.pipe.take()) else { return };
        channel.let_end(pipe);
    }
}

impl fmt::Debug for SseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseBody").finish_non_exhaustive()
    }
}
