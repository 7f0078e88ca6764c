//! The body of a modern event stream. Dropping it cancels its request: "closing the SSE
//! response stream MUST be treated by the server as cancellation of that request"
//! (2026-07-28, basic/transports/streamable-http).

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use eyot_frame::{EventHead, EventWriter, Frames};
use eyot_jsonrpc::{Id, Message};
use http_body::{Body, Frame};

use crate::reply_stream::ReplyStream;
use crate::silence::Silence;

/// Writes the items of one reply as events, without ids: such streams cannot be resumed.
pub(crate) struct ModernBody {
    reply: ReplyStream,
    id: Option<Id>,
    out: Option<Frames>,
    silence: Silence,
    is_over: bool,
}

impl ModernBody {
    pub(crate) fn new(reply: ReplyStream, id: Option<Id>, keep_alive: Duration) -> Self {
        Self { reply, id, out: None, silence: Silence::new(keep_alive), is_over: false }
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        loop {
            return Poll::Ready(match ready!(self.reply.poll_item(cx)) {
                Some(Ok(item)) => {
                    self.is_over = item.is_answer();
                    let Some(message) = item.into_message() else { continue };
                    Some(message)
                }
                Some(Err(fault)) => {
                    self.is_over = true;
                    Some(Message::error_response(self.id.clone(), &fault.error))
                }
                None => None,
            });
        }
    }
}

impl Body for ModernBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        loop {
            if let Some(bytes) = self.out.as_mut().and_then(Iterator::next) {
                return Poll::Ready(Some(Ok(Frame::data(bytes))));
            }
            if self.is_over {
                return Poll::Ready(None);
            }
            match self.poll_message(cx) {
                Poll::Ready(Some(message)) => {
                    self.out = Some(frames(&message));
                    self.silence.end();
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return self.silence.poll(cx).map(|it| Some(Ok(Frame::data(it)))),
            }
        }
    }
}

fn frames(message: &Message) -> Frames {
    let is_plain = message.is_single_line() && !message.has_line_separators();
    let mut events = EventWriter::default();
    events.push(&EventHead::default(), message.len(), message.pieces(), is_plain);
    events.finish()
}

impl fmt::Debug for ModernBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModernBody").field("id", &self.id).finish_non_exhaustive()
    }
}
