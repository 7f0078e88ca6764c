//! A handler at work: polled inside the reply, without a task of its own.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, Response};
use eyot_service::ReplyItem;

use super::context::CallContext;
use super::exchange::Outgoing;

/// A handler's future; its output is the answer, encoded already.
pub(crate) type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// One call that runs. Dropping it drops the handler: that is how a call is cancelled.
pub(crate) struct Run {
    call: CallContext,
    /// `None` once it is done.
    handler: Option<Answering>,
    /// The answer, while messages that were sent before it are still on their way.
    answer: Option<Response>,
}

/// The next step of a call.
pub(crate) enum Step {
    /// It sends something.
    Part(ReplyItem),
    /// It is done.
    Answer(Response),
    /// It waits for the client's next round, and for nothing else that this crate knows of.
    Asks,
    /// It was cancelled: there is no answer.
    Cancelled,
}

impl Run {
    pub(crate) fn new(call: CallContext, handler: Answering) -> Self {
        Self { call, handler: Some(handler), answer: None }
    }

    /// The call that runs.
    pub(crate) fn call(&self) -> &CallContext {
        &self.call
    }

    /// Polls for the next step.
    pub(crate) fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        match self.call.exchange().begin_poll() {
            Outgoing::Part(part) => return Poll::Ready(Step::Part(part)),
            Outgoing::Cancelled => return self.cancelled(),
            Outgoing::Asks | Outgoing::Nothing => {}
        }
        if let Some(handler) = &mut self.handler
            && let Poll::Ready(answer) = poll_handler(handler, &self.call, cx)
        {
            self.handler = None;
            self.answer = Some(answer);
        }
        match self.call.exchange().end_poll(cx) {
            Outgoing::Part(part) => Poll::Ready(Step::Part(part)),
            Outgoing::Cancelled => self.cancelled(),
            Outgoing::Asks if self.answer.is_none() => Poll::Ready(Step::Asks),
            Outgoing::Asks | Outgoing::Nothing => match self.answer.take() {
                Some(answer) => Poll::Ready(Step::Answer(answer)),
                None if self.handler.is_none() => self.cancelled(),
                None => Poll::Pending,
            },
        }
    }

    fn cancelled(&mut self) -> Poll<Step> {
        self.handler = None;
        Poll::Ready(Step::Cancelled)
    }
}

/// Polls the handler. A panic ends this call and nothing else.
fn poll_handler(
    handler: &mut Answering,
    call: &CallContext,
    cx: &mut Context<'_>,
) -> Poll<Response> {
    // The future is dropped right after a panic, so its half-done state is never seen.
    let polled = catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(cx)));
    polled.unwrap_or_else(|_panic| {
        let method = call.method();
        tracing::error!(%method, "handler panicked");
        let error = ErrorObject::new(INTERNAL_ERROR, "the handler failed");
        Poll::Ready(Response::of_error(Some(call.request_id()), &error))
    })
}

impl Drop for Run {
    /// Tells the tasks that got work from the handler that the call has ended.
    fn drop(&mut self) {
        if self.handler.is_some() {
            self.call.exchange().cancel();
        }
        self.call.leave();
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("is_done", &self.handler.is_none()).finish_non_exhaustive()
    }
}
