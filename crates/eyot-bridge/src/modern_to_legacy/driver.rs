//! The one task of an upstream session: reads the session's own stream, runs the work that is left
//! to it, polls parked calls, and ends the session.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::Message;
use eyot_service::{Fault, FaultKind, Messages, ReplyItem};
use eyot_upstream::{LegacyConnection, Runtime};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::session_router::SessionRouter;

/// Work that runs in the driver; its result is not waited for.
pub(crate) type DriverWork = Pin<Box<dyn Future<Output = ()> + Send>>;

/// When a session that is not used is closed.
pub(crate) struct Idle {
    /// Closes it if it has not been used for so long.
    pub(crate) close: Box<dyn Fn(Duration) + Send>,
    pub(crate) timeout: Duration,
}

/// Owns the session's own stream.
pub(crate) struct Driver {
    pub(crate) connection: LegacyConnection,
    pub(crate) router: Arc<SessionRouter>,
    pub(crate) queue: mpsc::Receiver<DriverWork>,
    pub(crate) unasked: Option<Messages>,
    pub(crate) idle: Option<Idle>,
}

impl Driver {
    /// Starts the task; shutdown waits for it. `first` has been taken from the stream already.
    pub(crate) fn start(mut self, runtime: &Runtime, first: Option<Result<ReplyItem, Fault>>) {
        let shutdown = runtime.shutdown.clone();
        let close_timeout = runtime.limits.upstream.connect_timeout;
        runtime.tasks.spawn(async move {
            let mut running = FuturesUnordered::new();
            if let Some(part) = first {
                self.hear(Some(part), &running);
            }
            let ended = shutdown.run_until_cancelled(self.drive(&mut running)).await;
            self.router.set_gone();
            if ended.is_none() {
                tracing::debug!("upstream session ends with the process");
                running.clear();
                if self.router.has_calls() {
                    // The next process may go on with a parked call.
                    return;
                }
            }
            let ending = async {
                while running.next().await.is_some() {}
                self.connection.close().await;
            };
            if tokio::time::timeout(close_timeout, ending).await.is_err() {
                tracing::debug!("upstream session was not ended in time");
            }
        });
    }

    /// Returns when the last handle of the session is dropped.
    async fn drive(&mut self, running: &mut FuturesUnordered<DriverWork>) {
        let tick = self.idle.as_ref().map_or(NEVER, |it| it.timeout);
        let mut rest = pin!(tokio::time::sleep(tick));
        loop {
            tokio::select! {
                biased;
                queued = self.queue.recv() => match queued {
                    Some(work) => running.push(work),
                    None => return,
                },
                Some(()) = running.next(), if !running.is_empty() => {}
                part = next(&mut self.unasked) => self.hear(part, running),
                () = rest.as_mut() => {
                    rest.as_mut().reset(Instant::now() + tick);
                    self.rest();
                }
            }
        }
    }

    fn hear(
        &mut self,
        part: Option<Result<ReplyItem, Fault>>,
        running: &FuturesUnordered<DriverWork>,
    ) {
        match part {
            Some(Ok(ReplyItem::Message { message, cursor })) => {
                if let Some(answer) = self.router.route(message, None) {
                    running.push(say(self.connection.clone(), answer.into()));
                }
                // Last: a record must not name an event that its call has not seen.
                self.router.heard_until(cursor);
            }
            Some(Ok(other)) => self.router.heard_until(other.cursor().cloned()),
            Some(Err(fault)) => {
                self.unasked = None;
                if fault.kind == FaultKind::SessionGone {
                    self.router.set_gone();
                }
            }
            None => {
                self.unasked = None;
                if !self.connection.is_open() {
                    self.router.set_gone();
                }
            }
        }
    }

    /// Gives the session up if it has not been used for long.
    fn rest(&self) {
        if let Some(Idle { close, timeout }) = &self.idle {
            close(*timeout);
        }
    }
}

async fn next(unasked: &mut Option<Messages>) -> Option<Result<ReplyItem, Fault>> {
    match unasked {
        Some(stream) => stream.next().await,
        None => std::future::pending().await,
    }
}

fn say(connection: LegacyConnection, message: Message) -> DriverWork {
    Box::pin(async move {
        if let Err(fault) = connection.send(message).await {
            tracing::debug!(%fault, "upstream was not answered");
        }
    })
}

/// A session that is in no pool has no idle time.
const NEVER: Duration = Duration::from_secs(86_400);
