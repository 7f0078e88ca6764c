//! Reads on when the client has gone: "disconnection SHOULD NOT be interpreted as the
//! client cancelling its request" (2025-03-26 to 2025-11-25, basic/transports).
//!
//! This is the one place where a call gets a task of the runtime for its own. It is rare: the
//! client of a legacy call went away before the answer, or the call has become a task of the
//! protocol.

use std::sync::Arc;
use std::task::Poll;

use eyot_session::StreamNo;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::active_session::ActiveSession;
use crate::in_flight::InFlight;
use crate::reply_stream::ReplyStream;
use crate::shared_stream::{ReaderOutput, SharedStream};

/// Runs the work that goes on after its connection.
#[derive(Debug)]
pub struct DetachedCalls {
    tasks: TaskTracker,
    finish: CancellationToken,
}

impl DetachedCalls {
    /// Work is tracked in `tasks`, and ends at the latest when `finish` is cancelled.
    #[must_use]
    pub fn new(tasks: TaskTracker, finish: CancellationToken) -> Self {
        Self { tasks, finish }
    }

    /// Where the work runs.
    #[must_use]
    pub fn tasks(&self) -> &TaskTracker {
        &self.tasks
    }

    /// Reads a stream into the store until it ends or has another reader. A client that has come
    /// back in the meantime goes first.
    pub(crate) fn read_on(
        &self,
        session: Arc<ActiveSession>,
        stream: StreamNo,
        shared: Arc<SharedStream>,
    ) {
        let Some(reader) = shared.attach_if_unread() else { return };
        let reading = async move {
            loop {
                let polled = std::future::poll_fn(|cx| shared.poll(reader, cx)).await;
                match polled {
                    ReaderOutput::Event(_) | ReaderOutput::Closing(_) => {}
                    ReaderOutput::Displaced => break,
                    ReaderOutput::End => {
                        session.remove_stream(stream);
                        break;
                    }
                    ReaderOutput::WantsSource => {
                        shared.detach(reader);
                        break;
                    }
                }
            }
        };
        self.spawn(reading);
    }

    /// Lets a call run to its end although its answer cannot be read any more.
    pub(crate) fn run_out(&self, mut reply: ReplyStream, in_flight: Vec<InFlight>) {
        let running_out = async move {
            let ended = std::future::poll_fn(|cx| {
                loop {
                    match reply.poll_item(cx) {
                        Poll::Ready(Some(_)) => {}
                        Poll::Ready(None) => return Poll::Ready(()),
                        Poll::Pending => return Poll::Pending,
                    }
                }
            });
            ended.await;
            drop(in_flight);
        };
        self.spawn(running_out);
    }

    /// Runs to the end, or until the process must end, in the span of the call that gives it.
    pub fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let finish = self.finish.clone();
        self.tasks.spawn(
            async move {
                finish.run_until_cancelled(work).await;
            }
            .in_current_span(),
        );
    }
}
