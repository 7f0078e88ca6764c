//! Writes lines to a stream, and holds the messages that wait for it.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use eyot_frame::{encode_line, is_plain};
use eyot_service::QueueFull;
use tokio::io::AsyncWrite;

/// Writes lines to a stream, as fast as the other end reads and no faster.
#[derive(Debug)]
pub(crate) struct LineWriter<W> {
    /// `None`: the stream is closed.
    stream: Option<W>,
    queue: VecDeque<Bytes>,
    queued_bytes: usize,
    /// Bytes that the stream has taken, from the first line on.
    written_bytes: u64,
    queue_bytes_max: usize,
    /// The stream's own buffer may still hold written bytes.
    is_unflushed: bool,
    /// The stream is to be closed when the queue is empty.
    is_closing: bool,
}

impl<W: AsyncWrite + Unpin> LineWriter<W> {
    pub(crate) fn new(stream: Option<W>, queue_bytes_max: usize) -> Self {
        Self {
            stream,
            queue: VecDeque::new(),
            queued_bytes: 0,
            written_bytes: 0,
            queue_bytes_max,
            is_unflushed: false,
            is_closing: false,
        }
    }

    /// Queues the pieces of one message as one line, whole or not at all.
    pub(crate) fn queue(
        &mut self,
        pieces: impl IntoIterator<Item = Bytes>,
    ) -> Result<(), QueueFull> {
        let pieces: Vec<Bytes> = pieces.into_iter().collect();
        // "MUST NOT contain embedded newlines" (2026-07-28, basic/transports/stdio): indented
        // JSON that came over HTTP becomes one line here.
        let is_one_line = pieces.iter().all(|piece| is_plain(piece));
        let line = encode_line(pieces.into_iter(), is_one_line);

        let queue_bytes_max = if self.is_open() { self.queue_bytes_max } else { 0 };
        let queued_bytes = self.queued_bytes.saturating_add(line.len_bytes());
        if queued_bytes > queue_bytes_max {
            return Err(QueueFull { queued_bytes: self.queued_bytes, queue_bytes_max });
        }
        self.queued_bytes = queued_bytes;
        self.queue.extend(line);
        Ok(())
    }

    /// Bytes that wait to be written.
    pub(crate) fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    /// Bytes that the stream has taken, from the first line on. Bytes that are queued and not
    /// counted here have provably not been read by the other end.
    pub(crate) fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    /// Whether messages are still taken.
    pub(crate) fn is_open(&self) -> bool {
        self.stream.is_some() && !self.is_closing
    }

    /// Whether the stream is closed: nothing is written any more.
    pub(crate) fn is_ended(&self) -> bool {
        self.stream.is_none()
    }

    /// Ends the stream after what is queued; the next [`poll_write`](Self::poll_write) does it.
    pub(crate) fn close(&mut self) {
        self.is_closing = true;
    }

    /// Writes what the stream takes now; the task is woken when it takes more.
    pub(crate) fn poll_write(&mut self, context: &mut Context<'_>) {
        while !self.queue.is_empty() {
            match self.poll_write_some(context) {
                Poll::Pending => return,
                Poll::Ready(Ok(written_bytes)) if written_bytes > 0 => self.advance(written_bytes),
                // The other end is not read any more.
                Poll::Ready(_) => self.abandon(),
            }
        }
        match self.poll_settle(context) {
            Poll::Ready(Err(_)) => self.abandon(),
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
    }

    /// Flushes what was written; closes the stream if that is due.
    fn poll_settle(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(Ok(())) };
        if self.is_unflushed {
            ready!(Pin::new(&mut *stream).poll_flush(context))?;
            self.is_unflushed = false;
        }
        if self.is_closing {
            // Dropping one half of a split stream does not close it.
            let shut_down = ready!(Pin::new(stream).poll_shutdown(context));
            self.stream = None;
            return Poll::Ready(shut_down);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_some(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(Ok(0)) };
        let mut slices = [IoSlice::new(&[]); PIECES_PER_WRITE_MAX];
        for (slice, piece) in slices.iter_mut().zip(&self.queue) {
            *slice = IoSlice::new(piece);
        }
        let written_bytes = ready!(Pin::new(stream).poll_write_vectored(context, &slices))?;
        self.is_unflushed = true;
        Poll::Ready(Ok(written_bytes))
    }

    fn advance(&mut self, mut written_bytes: usize) {
        self.written_bytes = self.written_bytes.saturating_add(written_bytes as u64);
        self.queued_bytes = self.queued_bytes.saturating_sub(written_bytes);
        while let Some(mut piece) = self.queue.pop_front() {
            if piece.len() > written_bytes {
                piece.advance(written_bytes);
                self.queue.push_front(piece);
                return;
            }
            written_bytes -= piece.len();
        }
    }

    fn abandon(&mut self) {
        self.queue.clear();
        self.queued_bytes = 0;
        self.stream = None;
    }
}

/// Slices of one vectored write; a small message is one piece, a large one a few.
const PIECES_PER_WRITE_MAX: usize = 16;

#[cfg(test)]
mod tests;
