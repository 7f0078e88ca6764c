//! From a call that runs in its reply to a task that runs beside it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use eyot_jsonrpc::Response;
use eyot_service::{Fault, Messages, Reply, ReplyItem};
use eyot_types::Era;
use futures_util::stream;
use tokio::time::Sleep;

use super::entry::TaskEntry;
use super::table::Room;
use crate::call::run::{Run, Step};

/// The reply of a call that may become a task: its answer if that comes soon, and else the task.
///
/// Answers that ask for another round come soon as well: "Server implementations that use multi
/// round-trip requests in conjunction with task creation SHOULD resolve all MRTR exchanges
/// synchronously before responding with a `CreateTaskResult`" (tasks extension, Task Creation).
pub(crate) struct TaskReply {
    /// `None` once the reply is given.
    beginning: Option<Beginning>,
    patience: Pin<Box<Sleep>>,
    /// What the handler has sent, for the case that there will be no task.
    held: VecDeque<ReplyItem>,
}

struct Beginning {
    run: Box<Run>,
    room: Room,
    ttl: Duration,
}

impl TaskReply {
    pub(crate) fn new(run: Box<Run>, room: Room, ttl: Duration) -> Self {
        let patience = run.call().parts().tasks.options.patience;
        Self {
            beginning: Some(Beginning { run, room, ttl }),
            patience: Box::pin(tokio::time::sleep(patience)),
            held: VecDeque::new(),
        }
    }

    /// The answer of a call that has become no task, behind what it sent.
    fn at_once(&mut self, answer: Response) -> Reply {
        if self.held.is_empty() {
            return Reply::One(answer);
        }
        self.held.push_back(answer.into());
        let parts = std::mem::take(&mut self.held);
        let parts = parts.into_iter().map(Ok::<ReplyItem, Fault>);
        Reply::Stream(Messages::new(stream::iter(parts)))
    }
}

impl Future for TaskReply {
    type Output = Result<Reply, Fault>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            let Some(Beginning { run, .. }) = &mut this.beginning else {
                return Poll::Ready(Ok(Reply::None));
            };
            match run.poll_step(cx) {
                Poll::Ready(Step::Answer(answer)) => {
                    this.beginning = None;
                    return Poll::Ready(Ok(this.at_once(answer)));
                }
                Poll::Ready(Step::Cancelled) => {
                    this.beginning = None;
                    return Poll::Ready(Ok(Reply::None));
                }
                Poll::Ready(Step::Part(part)) if this.held.len() < HELD_MAX => {
                    this.held.push_back(part);
                    continue;
                }
                // Who says so much, or asks, has more to do than an answer can wait for.
                Poll::Ready(Step::Part(_) | Step::Asks) => {}
                Poll::Pending if this.patience.as_mut().poll(cx).is_ready() => {}
                Poll::Pending => return Poll::Pending,
            }
            let created = this.beginning.take().and_then(Beginning::into_task);
            return Poll::Ready(Ok(created.map_or(Reply::None, Reply::One)));
        }
    }
}

impl Beginning {
    /// Makes the call a task, sets it to work, and gives the answer that says so.
    fn into_task(self) -> Option<Response> {
        let Self { run, room, ttl } = self;
        let call = run.call().clone();
        let parts = call.parts();
        let poll_interval = parts.tasks.options.poll_interval;
        let task = room.create(call.downgrade(), ttl, poll_interval);
        if let Some(link) = &call.state().task {
            link.set(&task);
        }
        task.sync_inputs();
        let id = call.request_id();
        let identity = &parts.identity;
        let created = task.show(|it| identity.answer_raw(Era::Modern, id, &it.created(None)));
        parts.detached.spawn(Work { run, task }.finish());
        created
    }
}

/// A task at work. Whatever ends it ends its record too.
struct Work {
    run: Box<Run>,
    task: Arc<TaskEntry>,
}

impl Work {
    /// Runs to the end, or until the time of the task is over: "servers MAY mark a task as `failed`
    /// at any point after the TTL elapses" (tasks extension, Task Polling).
    async fn finish(mut self) {
        let expires = self.task.expires();
        let answer = poll_fn(|cx| self.poll_answer(cx));
        match tokio::time::timeout_at(expires, answer).await {
            Ok(Some(answer)) => self.task.finish(&answer),
            // Cancelled: whoever did it has written it down.
            Ok(None) => {}
            Err(_elapsed) => self.task.expire(),
        }
    }

    /// `None`: the call was cancelled.
    fn poll_answer(&mut self, cx: &mut Context<'_>) -> Poll<Option<Response>> {
        loop {
            return match self.run.poll_step(cx) {
                Poll::Ready(Step::Answer(answer)) => Poll::Ready(Some(answer)),
                Poll::Ready(Step::Cancelled) => Poll::Ready(None),
                // Sent before there was a task, whose client hears of its state alone.
                Poll::Ready(Step::Part(_)) => continue,
                // The questions are in the record; their answers wake the handler.
                Poll::Ready(Step::Asks) | Poll::Pending => Poll::Pending,
            };
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.task.fail("the work was ended before it was done");
    }
}

/// Messages that are kept back until it is clear whether there will be a task.
const HELD_MAX: usize = 16;
