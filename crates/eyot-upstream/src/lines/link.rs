//! What carries messages to an upstream: a child, a pair of streams, any other carrier.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::Message;
use eyot_service::{Fault, IoEvent, Limits, MessageIo, QueueFull};
use eyot_stdio::{Child, ChildLimits, LineIo, LineLimits};
use eyot_types::codes::{self, Outcome};
use tokio::io::duplex;

use crate::children::ChildPermit;
use crate::driver;
use crate::http_link::{HttpLink, Transport};
use crate::lines::sse::{self, NoSse};
use crate::target::open_stream::BoxStream;
use crate::target::{Runtime, Target, web_socket};

/// The carrier of one upstream's messages.
#[derive(Debug)]
pub(crate) struct LineLink {
    io: Box<dyn MessageIo + Send>,
    /// How long the other end may take to read what is left. `None`: the carrier has a limit of its
    /// own.
    close_patience: Option<Duration>,
    /// The place that a child takes until it has ended.
    permit: Option<ChildPermit>,
}

impl LineLink {
    /// Starts a child for a principal when there is room for it, attaches to the server of this
    /// process, opens a WebSocket, or takes the stream.
    pub(crate) async fn open(
        target: &Target,
        owner: Option<&Arc<str>>,
        runtime: &Runtime,
    ) -> Result<Self, Fault> {
        match target {
            Target::Command(command) => {
                if let Some((child, permit)) = runtime.children.take_spare(command, owner) {
                    return Ok(Self::of_child(child, permit));
                }
                let permit = runtime.children.admit(owner).await?;
                let limits = ChildLimits::of(&runtime.limits);
                let child = Child::spawn(command, limits).map_err(|error| not_started(&error))?;
                Ok(Self::of_child(child, permit))
            }
            Target::InProcess(server) => {
                let (ours, theirs) = duplex(DUPLEX_BYTES);
                driver::spawn(runtime, server.attach(theirs));
                Ok(Self::over(Box::new(ours), &runtime.limits))
            }
            Target::Stream(stream) => Ok(Self::over(stream.take()?, &runtime.limits)),
            Target::WebSocket(link) => {
                let Runtime { limits, shutdown, .. } = runtime;
                let io = web_socket::open(link, limits, shutdown.clone()).await?;
                let patience = limits.upstream.child_exit_grace + limits.web_socket.close_timeout;
                Ok(Self { io, close_patience: Some(patience), permit: None })
            }
            Target::Url(link) if link.transport().is_sse() => {
                let opened = Self::over_sse(link, &runtime.limits).await;
                opened.map_err(|error| {
                    if let NoSse::Absent(_) = error {
                        link.transport().forget();
                    }
                    error.into_fault()
                })
            }
            Target::Url(_) => Err(Fault::internal("a URL is no link of lines")),
        }
    }

    fn of_child(child: Child, permit: ChildPermit) -> Self {
        Self { io: Box::new(child), close_patience: None, permit: Some(permit) }
    }

    /// Lines over a stream that is open already.
    fn over(stream: BoxStream, limits: &Limits) -> Self {
        let ChildLimits { line_bytes_max, queue_bytes_max, exit_grace, .. } =
            ChildLimits::of(limits);
        let limits = LineLimits { line_bytes_max, queue_bytes_max };
        let (io, close_patience) = (Box::new(LineIo::over(stream, limits)), Some(exit_grace));
        Self { io, close_patience, permit: None }
    }

    /// The old transport of a URL, if it has that.
    pub(crate) async fn over_sse(link: &HttpLink, limits: &Arc<Limits>) -> Result<Self, NoSse> {
        let io = Box::new(sse::open(link, limits).await?);
        link.transport().find(Transport::Sse);
        Ok(Self { io, close_patience: Some(limits.upstream.child_exit_grace), permit: None })
    }

    /// The next thing that the other end does. Cancel safe.
    pub(crate) async fn next(&mut self) -> IoEvent {
        poll_fn(|cx| self.io.poll_message(cx)).await
    }

    /// Queues a message.
    pub(crate) fn queue(&mut self, message: &Message) -> Result<(), QueueFull> {
        self.io.queue_message(message)
    }

    /// Where the message that was queued last ends, counted from the first byte of the first one.
    pub(crate) fn queued_end(&self) -> u64 {
        self.io.written_bytes().saturating_add(self.io.queued_bytes() as u64)
    }

    /// How far the other end can have read.
    pub(crate) fn written_bytes(&self) -> u64 {
        self.io.written_bytes()
    }

    /// The other end has ended by itself.
    pub(crate) fn note_death(&self, reason: &str) {
        if let Some(permit) = &self.permit {
            permit.note_death(reason);
        }
    }

    /// Ends it in order, within its patience.
    pub(crate) async fn close(mut self) {
        let closing = poll_fn(|cx| self.io.poll_close(cx));
        let Some(patience) = self.close_patience else { return closing.await };
        if tokio::time::timeout(patience, closing).await.is_err() {
            tracing::debug!("upstream did not read to the end");
        }
    }
}

fn not_started(error: &eyot_stdio::SpawnError) -> Fault {
    let text = error.operator_text();
    tracing::warn!(error = text.reveal_to_operator(), "upstream was not started");
    let reason = format!("failed to start the upstream: {error}");
    let error = codes::upstream_lost(&reason, Outcome::NotSent, true);
    Fault::upstream(error).with_operator_text(text.told())
}

/// What one direction within the process holds: as much as a pipe of Linux.
const DUPLEX_BYTES: usize = 64 * 1024;
