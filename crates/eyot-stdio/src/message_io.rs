//! Messages over lines: children and pairs of streams as [`MessageIo`].

use std::task::{Context, Poll};

use eyot_frame::{Excerpt, FrameError};
use eyot_jsonrpc::{Message, Remnant};
use eyot_service::{BadMessage, IoEnd, IoEvent, MessageIo, QueueFull};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::{Child, ChildEvent, LineEvent, LineIo};

impl<R, W> MessageIo for LineIo<R, W>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<IoEvent> {
        self.poll_event(cx).map(|event| match event {
            LineEvent::Line(line) => IoEvent::Message(line),
            LineEvent::BadLine(error) => IoEvent::Bad(bad(error)),
            LineEvent::Closed => IoEvent::Ended(IoEnd::new("closed the connection")),
        })
    }

    fn queue_message(&mut self, message: &Message) -> Result<(), QueueFull> {
        self.queue(message.pieces())
    }

    fn queued_bytes(&self) -> usize {
        self.queued_bytes()
    }

    fn written_bytes(&self) -> u64 {
        self.written_bytes()
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.start_close();
        self.poll_closed(cx)
    }
}

/// Closing takes both graces of [`ChildLimits`](crate::ChildLimits) and little more at most.
impl MessageIo for Child {
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<IoEvent> {
        self.poll_event(cx).map(|event| match event {
            ChildEvent::Line(line) => IoEvent::Message(line),
            ChildEvent::BadLine(error) => IoEvent::Bad(bad(error)),
            ChildEvent::Exited(report) => IoEvent::Ended(report.into()),
        })
    }

    fn queue_message(&mut self, message: &Message) -> Result<(), QueueFull> {
        self.queue(message.pieces())
    }

    fn queued_bytes(&self) -> usize {
        self.queued_bytes()
    }

    fn written_bytes(&self) -> u64 {
        self.written_bytes()
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.start_close();
        loop {
            match std::task::ready!(self.poll_event(cx)) {
                ChildEvent::Line(_) | ChildEvent::BadLine(_) => {}
                ChildEvent::Exited(report) => {
                    tracing::debug!(%report, "child has ended");
                    return Poll::Ready(());
                }
            }
        }
    }
}

fn bad(error: FrameError) -> BadMessage {
    match error {
        FrameError::TooLong(Excerpt { len_bytes, limit_bytes, head, tail, .. }) => {
            let remnant = Remnant::of_ends(len_bytes, &head, &tail);
            BadMessage::TooLong { len_bytes, limit_bytes, remnant }
        }
        _ => BadMessage::Unreadable,
    }
}

#[cfg(test)]
mod tests;
