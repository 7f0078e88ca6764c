//! What carries lines to an upstream: a child, or a pair of streams.

use bytes::Bytes;
use eyot_frame::FrameError;
use eyot_service::{Fault, Limits};
use eyot_stdio::{Child, ChildEvent, ChildLimits, LineEvent, LineIo, LineLimits, QueueFull};
use eyot_types::codes::{self, Outcome};
use tokio::io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf, duplex};

use crate::driver;
use crate::target::{Runtime, Target};

/// Any stream of bytes in both directions.
pub trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for S {}

/// A stream of bytes, whatever it is.
pub type BoxStream = Box<dyn ByteStream>;

/// A child or a stream, as lines.
#[derive(Debug)]
pub(crate) enum LineLink {
    Child(Box<Child>),
    Stream(Box<LineIo<ReadHalf<BoxStream>, WriteHalf<BoxStream>>>),
}

/// What the other end did.
#[derive(Debug)]
pub(crate) enum LinkEvent {
    Line(Bytes),
    BadLine(FrameError),
    /// It has ended, for this reason.
    Ended(String),
}

impl LineLink {
    /// Starts the child, or attaches to the server of this process.
    pub(crate) fn open(target: &Target, runtime: &Runtime) -> Result<Self, Fault> {
        match target {
            Target::Command(command) => {
                let line_bytes_max = runtime.limits.message_bytes_max;
                let limits = ChildLimits { line_bytes_max, ..ChildLimits::default() };
                let child = Child::spawn(command, limits).map_err(|error| not_started(&error))?;
                Ok(Self::Child(Box::new(child)))
            }
            Target::InProcess(server) => {
                let (ours, theirs) = duplex(DUPLEX_BYTES);
                driver::spawn(runtime, server.attach(theirs));
                Ok(Self::over(Box::new(ours), &runtime.limits))
            }
            Target::Url(_) => Err(Fault::internal("a URL is no link of lines")),
        }
    }

    /// Lines over a stream that is open already.
    pub(crate) fn over(stream: BoxStream, limits: &Limits) -> Self {
        let line_bytes_max = limits.message_bytes_max;
        let limits = LineLimits { line_bytes_max, ..LineLimits::default() };
        Self::Stream(Box::new(LineIo::over(stream, limits)))
    }

    /// The next thing that the other end does. Cancel safe.
    pub(crate) async fn next(&mut self) -> LinkEvent {
        match self {
            Self::Child(child) => match child.next().await {
                ChildEvent::Line(line) => LinkEvent::Line(line),
                ChildEvent::BadLine(error) => LinkEvent::BadLine(error),
                ChildEvent::Exited(report) => {
                    LinkEvent::Ended(format!("upstream exited: {report}"))
                }
            },
            Self::Stream(lines) => match lines.next().await {
                LineEvent::Line(line) => LinkEvent::Line(line),
                LineEvent::BadLine(error) => LinkEvent::BadLine(error),
                LineEvent::Closed => LinkEvent::Ended("upstream closed the connection".to_owned()),
            },
        }
    }

    /// Queues the pieces of one message as one line.
    pub(crate) fn queue(
        &mut self,
        pieces: impl IntoIterator<Item = Bytes>,
    ) -> Result<(), QueueFull> {
        match self {
            Self::Child(child) => child.queue(pieces),
            Self::Stream(lines) => lines.queue(pieces),
        }
    }

    /// Where the line that was queued last ends, counted from the first byte of the first line.
    pub(crate) fn queued_end(&self) -> u64 {
        let (written_bytes, queued_bytes) = match self {
            Self::Child(child) => (child.written_bytes(), child.queued_bytes()),
            Self::Stream(lines) => (lines.written_bytes(), lines.queued_bytes()),
        };
        written_bytes.saturating_add(queued_bytes as u64)
    }

    /// How far the other end can have read.
    pub(crate) fn written_bytes(&self) -> u64 {
        match self {
            Self::Child(child) => child.written_bytes(),
            Self::Stream(lines) => lines.written_bytes(),
        }
    }

    /// Ends it in order, within the graces of a child.
    pub(crate) async fn close(self) {
        match self {
            Self::Child(child) => {
                let report = child.close().await;
                tracing::debug!(%report, "child has ended");
            }
            Self::Stream(lines) => {
                let grace = ChildLimits::default().exit_grace;
                if tokio::time::timeout(grace, lines.close()).await.is_err() {
                    tracing::debug!("upstream did not read to the end");
                }
            }
        }
    }
}

fn not_started(error: &eyot_stdio::SpawnError) -> Fault {
    let reason = format!("failed to start the upstream: {error}");
    Fault::upstream(codes::upstream_lost(&reason, Outcome::NotSent, true))
}

/// What one direction within the process holds: as much as a pipe of Linux.
const DUPLEX_BYTES: usize = 64 * 1024;
