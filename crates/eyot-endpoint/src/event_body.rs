//! The body of a legacy event stream: priming, replay, live events, keep-alive comments.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use eyot_frame::Frames;
use eyot_service::{ReplyFuture, unix_ms};
use eyot_session::StreamNo;
use http_body::{Body, Frame};
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::active_session::ActiveSession;
use crate::detached_calls::DetachedCalls;
use crate::replay::{Replay, Replayed};
use crate::reply_stream::ReplyStream;
use crate::shared_stream::{ReaderId, ReaderOutput, SharedStream};
use crate::silence::Silence;

/// Makes a reply future that listens to the upstream from after a cursor.
pub(crate) type Listen = Box<dyn Fn(Option<Bytes>) -> ReplyFuture + Send>;

/// What a body needs besides its stream.
pub(crate) struct BodyParts {
    pub(crate) session: Arc<ActiveSession>,
    pub(crate) stream: StreamNo,
    pub(crate) shared: Option<Arc<SharedStream>>,
    pub(crate) reader: Option<ReaderId>,
    pub(crate) replay: Option<Replay>,
    pub(crate) detached: Arc<DetachedCalls>,
    pub(crate) keep_alive: Duration,
}

/// One reader of one stream, as a response body.
pub(crate) struct EventBody {
    parts: BodyParts,
    /// What waits to be written.
    out: Frames,
    silence: Silence,
    /// Only for the standalone stream.
    listen: Option<Listen>,
    /// Ends the stream when the drain begins; a call's stream ends by itself.
    drain: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    /// Counts as an open stream of the session.
    is_counted: bool,
    is_over: bool,
}

impl EventBody {
    pub(crate) fn new(parts: BodyParts, first: Option<Bytes>) -> Self {
        Self {
            silence: Silence::new(parts.keep_alive),
            parts,
            out: first.map(Frames::from).unwrap_or_default(),
            listen: None,
            drain: None,
            is_counted: false,
            is_over: false,
        }
    }

    /// Makes this a reader of the standalone stream, opened with GET.
    pub(crate) fn listening(
        mut self,
        listen: Listen,
        drain: WaitForCancellationFutureOwned,
    ) -> Self {
        self.listen = Some(listen);
        self.drain = Some(Box::pin(drain));
        self.is_counted = true;
        self
    }

    fn poll_replay(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(replay) = &mut self.parts.replay {
            match ready!(replay.poll_events(cx)) {
                Replayed::Events(events) => {
                    self.out = events;
                    if self.out.len_bytes() > 0 {
                        return Poll::Ready(());
                    }
                }
                Replayed::End => self.parts.replay = None,
            }
        }
        Poll::Ready(())
    }

    /// Takes the next live event into `out`; ready also when the stream is over.
    fn poll_live(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (Some(shared), Some(reader)) = (&self.parts.shared, self.parts.reader) else {
            self.is_over = true;
            return Poll::Ready(());
        };
        loop {
            match ready!(shared.poll(reader, cx)) {
                ReaderOutput::Event(frames) => {
                    self.out = frames;
                    return Poll::Ready(());
                }
                ReaderOutput::Closing(last) => {
                    // Older clients take the end of the stream for the end of the call.
                    if self.parts.session.machine().revision().has_priming() {
                        self.out = last.into();
                        self.is_over = true;
                        return Poll::Ready(());
                    }
                }
                ReaderOutput::Displaced if shared.is_standalone() => {
                    return Poll::Pending;
                }
                ReaderOutput::WantsSource => {
                    let Some(listen) = &self.listen else { return Poll::Pending };
                    shared.set_source(reader, ReplyStream::new(listen(shared.cursor())));
                }
                ReaderOutput::End => {
                    self.parts.session.remove_stream(self.parts.stream);
                    self.is_over = true;
                    return Poll::Ready(());
                }
                ReaderOutput::Displaced => {
                    self.is_over = true;
                    return Poll::Ready(());
                }
            }
        }
    }

    fn is_draining(&mut self, cx: &mut Context<'_>) -> bool {
        self.drain.as_mut().is_some_and(|it| it.as_mut().poll(cx).is_ready())
    }
}

impl Body for EventBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        loop {
            if let Some(bytes) = self.out.next() {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if self.is_over || self.is_draining(cx) {
                return Poll::Ready(None);
            }
            if self.poll_replay(cx).is_ready() {
                if self.parts.replay.is_some() || self.out.len_bytes() > 0 {
                    continue;
                }
                if self.poll_live(cx).is_ready() {
                    self.silence.end();
                    continue;
                }
            }
            return self.silence.poll(cx).map(|it| Some(Ok(Frame::data(it))));
        }
    }
}

/// The client has gone, or has everything.
impl Drop for EventBody {
    fn drop(&mut self) {
        if self.is_counted {
            self.parts.session.machine().handle_stream_closed(unix_ms());
        }
        let (Some(shared), Some(reader)) = (self.parts.shared.take(), self.parts.reader) else {
            return;
        };
        if shared.detach(reader) {
            let session = Arc::clone(&self.parts.session);
            self.parts.detached.read_on(session, self.parts.stream, shared);
        }
    }
}

impl fmt::Debug for EventBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventBody").field("stream", &self.parts.stream).finish_non_exhaustive()
    }
}
