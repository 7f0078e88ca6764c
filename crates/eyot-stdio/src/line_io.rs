//! Lines over a reader and a writer, driven by the one task that owns them.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;
use eyot_frame::FrameError;
use eyot_service::QueueFull;
use tokio::io::{AsyncRead, AsyncWrite, ReadHalf, Stdin, Stdout, WriteHalf};

use crate::LineLimits;
use crate::reader::LineReader;
use crate::writer::LineWriter;

/// One message per line over any pair of streams: the streams of this process, a duplex in memory,
/// a socket.
///
/// One task drives both directions, with no task and no channel inside: every poll of
/// [`next`](Self::next) writes what is queued and reads what is there. Nothing moves unless it is
/// polled: keep `next` in the task's `select!`. Dropping it drops the streams at once, with what is
/// queued; [`close`](Self::close) writes that out first.
pub struct LineIo<R, W> {
    reader: LineReader<R>,
    writer: LineWriter<W>,
    is_closing: bool,
}

/// What the peer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineEvent {
    /// A line, without the line end. It may be no message, or not even UTF-8; the reader checks
    /// that. Blank lines are skipped.
    Line(Bytes),
    /// A line over the limit, skipped; the next line is read as usual.
    BadLine(FrameError),
    /// No line follows: the peer has closed its side, or does not read ours any more. The event
    /// repeats for ever. A peer that has only closed its side still reads what is queued.
    Closed,
}

impl LineIo<Stdin, Stdout> {
    /// The stdin and stdout of this process: it is the child of its peer.
    ///
    /// Nothing else may write to stdout meanwhile. The operating system cannot cancel reads of
    /// stdin: a runtime that shuts down while one waits must not wait for it
    /// (`Runtime::shutdown_background`).
    #[must_use]
    pub fn own_streams(limits: LineLimits) -> Self {
        Self::new(tokio::io::stdin(), tokio::io::stdout(), limits)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> LineIo<ReadHalf<S>, WriteHalf<S>> {
    /// Both directions of one stream.
    #[must_use]
    pub fn over(stream: S, limits: LineLimits) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self::new(reader, writer, limits)
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> LineIo<R, W> {
    /// Reads lines from `reader` and writes lines to `writer`.
    #[must_use]
    pub fn new(reader: R, writer: W, limits: LineLimits) -> Self {
        Self {
            reader: LineReader::new(Some(reader), limits.line_bytes_max),
            writer: LineWriter::new(Some(writer), limits.queue_bytes_max),
            is_closing: false,
        }
    }

    /// Queues the pieces of one JSON text as one line; [`next`](Self::next) writes it.
    ///
    /// Never waits. Line ends between the JSON's tokens become spaces. Large pieces are shared.
    ///
    /// # Errors
    /// [`QueueFull`] when the line does not fit, or our side is closed. Nothing of it is sent then.
    pub fn queue(&mut self, pieces: impl IntoIterator<Item = Bytes>) -> Result<(), QueueFull> {
        self.writer.queue(pieces)
    }

    /// Bytes that the other end has been given, from the first line on. Bytes that are queued and
    /// not counted here have provably not been read by the other end.
    pub fn written_bytes(&self) -> u64 {
        self.writer.written_bytes()
    }

    /// Bytes that are queued and not yet written.
    pub fn queued_bytes(&self) -> usize {
        self.writer.queued_bytes()
    }

    /// The next thing that the peer does; meanwhile what is queued is written.
    ///
    /// # Cancel safety
    /// Safe: all progress, of both directions, is kept.
    pub async fn next(&mut self) -> LineEvent {
        poll_fn(|context| self.poll_event(context)).await
    }

    /// As [`next`](Self::next), for a caller that polls by hand.
    pub fn poll_event(&mut self, context: &mut Context<'_>) -> Poll<LineEvent> {
        self.writer.poll_write(context);
        match self.reader.poll_line(context) {
            Poll::Ready(Some(Ok(line))) => Poll::Ready(LineEvent::Line(line)),
            Poll::Ready(Some(Err(error))) => Poll::Ready(LineEvent::BadLine(error)),
            Poll::Ready(None) => Poll::Ready(LineEvent::Closed),
            // A peer that cannot be answered need not be read, unless we closed our side ourselves.
            Poll::Pending if self.writer.is_ended() && !self.is_closing => {
                Poll::Ready(LineEvent::Closed)
            }
            Poll::Pending => Poll::Pending,
        }
    }

    /// Ends our side after what is queued (a half close). [`next`](Self::next) does it, and still
    /// gives the lines that come, then [`LineEvent::Closed`].
    pub fn start_close(&mut self) {
        self.is_closing |= !self.writer.is_ended();
        self.writer.close();
    }

    /// Writes what is queued, then closes both sides. Lines that still come are not read.
    ///
    /// Takes as long as the peer takes to read: bound it.
    ///
    /// # Cancel safety
    /// Dropping the future closes both sides at once.
    pub async fn close(mut self) {
        self.start_close();
        poll_fn(|context| self.poll_closed(context)).await;
    }

    /// Writes what is queued; ready when our side is closed. The close was started before.
    pub(crate) fn poll_closed(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.writer.poll_write(context);
        if self.writer.is_ended() { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl<R, W> fmt::Debug for LineIo<R, W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("LineIo")
            .field("is_closing", &self.is_closing)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
