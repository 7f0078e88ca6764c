//! Moves a call that runs in its reply into a task that runs beside it.

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

/// The reply of a call that may become a task: its answer if that comes soon, otherwise the task.
///
/// Answers that ask for another round come soon as well: "Server implementations that use multi
/// round-trip requests in conjunction with task creation SHOULD resolve all MRTR exchanges
/// synchronously before responding with a `CreateTaskResult`" (tasks extension, Task Creation).
pub(crate) struct TaskReply {
    /// `None` once the reply has been given.
    beginning: Option<Beginning>,
    patience: Pin<Box<Sleep>>,
    /// Messages of the handler, which are sent if there will be no task.
    buffered: VecDeque<ReplyItem>,
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
            buffered: VecDeque::new(),
        }
    }

    /// The reply of a call that has become no task: the answer, after the messages before it.
    fn at_once(&mut self, answer: Response) -> Reply {
        if self.buffered.is_empty() {
            return Reply::One(answer);
        }
        self.buffered.push_back(answer.into());
        let parts = std::mem::take(&mut self.buffered);
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
                Poll::Ready(Step::Part(part)) if this.buffered.len() < BUFFERED_MAX => {
                    this.buffered.push_back(part);
                    continue;
                }
                // A call that sends so many messages, or asks, has more to do than an answer can
                // wait for.
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
    /// Makes the call a task, starts its work, and gives the answer with the task.
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

/// The work of a task. When it ends, for any reason, the record of the task ends too.
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
            // The code that cancelled the call has recorded it.
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
                // The message was sent before there was a task; a task's client is told of its
                // state only.
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

/// How many messages are kept back until it is clear whether there will be a task.
const BUFFERED_MAX: usize = 16;
