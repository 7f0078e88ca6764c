//! How long a handler may work.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use super::context::CallContext;
use crate::failure::{HandlerError, HandlerResult};
use crate::registry::handling::Handling;

/// A handler with a time limit. While a question to the client is open, the time stands still.
pub(crate) struct Deadline<R> {
    handler: Handling<R>,
    call: CallContext,
    timeout: Duration,
    end: Pin<Box<Sleep>>,
    /// Whether the client owed an answer when the handler was last polled.
    was_asking: bool,
}

impl<R> Deadline<R> {
    pub(crate) fn new(handler: Handling<R>, call: CallContext, timeout: Duration) -> Self {
        let end = Box::pin(tokio::time::sleep(timeout));
        Self { handler, call, timeout, end, was_asking: false }
    }
}

impl<R> Future for Deadline<R> {
    type Output = HandlerResult<R>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Poll::Ready(reply) = this.handler.as_mut().poll(cx) {
            return Poll::Ready(reply);
        }
        // A parked call may come back long after its deadline: its time begins anew as well.
        let is_asking = this.call.exchange().has_open_question();
        if std::mem::replace(&mut this.was_asking, is_asking) || is_asking {
            this.end.as_mut().reset(Instant::now() + this.timeout);
        }
        this.end.as_mut().poll(cx).map(|()| {
            Err(HandlerError::new(format!("the handler took longer than {:?}", this.timeout)))
        })
    }
}
