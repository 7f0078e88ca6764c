//! The child's stderr: it is always drained, and its last lines are kept.

use std::pin::pin;
use std::task::{Context, Poll};

use bytes::BytesMut;
use tokio::io::AsyncReadExt;
use tokio::process::ChildStderr;

use crate::tail::Tail;

/// Reads a pipe so that the child never blocks on it, and keeps its tail.
///
/// "The client MAY capture, forward, or ignore" it (2026-07-28, basic/transports/stdio): each
/// line is an event of the target `eyot::child` at the level debug.
pub(crate) struct Stderr {
    /// `None`: the pipe is at its end.
    pipe: Option<ChildStderr>,
    buffer: BytesMut,
    tail: Tail,
    pid: Option<u32>,
}

impl Stderr {
    pub(crate) fn new(pipe: Option<ChildStderr>, tail_bytes: usize, pid: Option<u32>) -> Self {
        Self { pipe, buffer: BytesMut::new(), tail: Tail::new(tail_bytes), pid }
    }

    /// Reads the bytes that are there, up to a share of the task's time; the task is woken for the
    /// rest.
    pub(crate) fn poll_drain(&mut self, context: &mut Context<'_>) {
        for _ in 0..READS_PER_POLL_MAX {
            let Some(pipe) = &mut self.pipe else { return };
            self.buffer.clear();
            self.buffer.reserve(READ_BYTES);
            let read = pin!(pipe.read_buf(&mut self.buffer));
            match read.poll(context) {
                Poll::Pending => return,
                Poll::Ready(Ok(0) | Err(_)) => self.pipe = None,
                Poll::Ready(Ok(_)) => self.tail.push(&self.buffer, |line| show(self.pid, line)),
            }
        }
        context.waker().wake_by_ref();
    }

    /// Whether the pipe has ended.
    pub(crate) fn is_ended(&self) -> bool {
        self.pipe.is_none()
    }

    /// Takes the last lines.
    pub(crate) fn take_tail(&mut self) -> Vec<String> {
        self.tail.take(|line| show(self.pid, line))
    }
}

fn show(pid: Option<u32>, line: &str) {
    tracing::debug!(target: "eyot::child", pid, "{line}");
}

/// How many reads one turn has: enough to keep up, few enough to leave stdout its share.
const READS_PER_POLL_MAX: usize = 16;

/// Room for one read.
const READ_BYTES: usize = 8 * 1024;
