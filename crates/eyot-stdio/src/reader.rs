//! Reads lines from a stream.

use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use eyot_frame::{FrameError, LineDecoder};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Reads a stream and cuts it into lines; a line within one read is a slice of it, not a copy.
pub(crate) struct LineReader<R> {
    /// `None`: the stream is at its end.
    stream: Option<R>,
    buffer: BytesMut,
    decoder: LineDecoder,
    /// How many bytes are still read. `None`: no bound.
    bytes_left: Option<usize>,
    /// The peer is a child, whose end may come within a line.
    is_child: bool,
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(crate) fn new(stream: Option<R>, line_bytes_max: usize) -> Self {
        let decoder = LineDecoder::new(line_bytes_max);
        Self { stream, buffer: BytesMut::new(), decoder, bytes_left: None, is_child: false }
    }

    /// The reader of a child's lines. Each may start with a byte order mark. A message that breaks
    /// off is none: how the child has ended says more than that its last line cannot be read.
    pub(crate) fn of_child(stream: Option<R>, line_bytes_max: usize) -> Self {
        let reader = Self::new(stream, line_bytes_max);
        let decoder = reader.decoder.skipping_marks_of_lines();
        Self { decoder, is_child: true, ..reader }
    }

    /// The next line, or `None` at the end. No byte is lost when it is pending.
    pub(crate) fn poll_line(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, FrameError>>> {
        loop {
            if let Some(line) = self.decoder.next_line() {
                return Poll::Ready(Some(line));
            }
            match ready!(self.poll_chunk(context)) {
                Some(chunk) => self.decoder.push(chunk),
                // The last line of a stream need not end with a line feed.
                None => {
                    let rest = self.decoder.finish();
                    return Poll::Ready(rest.filter(|it| !(self.is_child && is_torn(it))));
                }
            }
        }
    }

    /// Whether the stream has ended; lines that were read before may still be in the decoder.
    pub(crate) fn is_ended(&self) -> bool {
        self.stream.is_none()
    }

    /// From now on reads no more than a pipe can hold: the lines on their way, but no endless
    /// flood.
    pub(crate) fn read_rest_only(&mut self) {
        self.bytes_left.get_or_insert(PIPE_BYTES_MAX);
    }

    /// The next bytes, or `None` at the end. A stream that breaks has ended.
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(None) };
        if self.buffer.capacity() < READ_BYTES_MIN {
            self.buffer.reserve(READ_BYTES);
        }
        let read = pin!(stream.read_buf(&mut self.buffer));
        let read_bytes = ready!(read.poll(context)).unwrap_or(0);
        let is_flood = self.bytes_left == Some(0);
        self.bytes_left = self.bytes_left.map(|it| it.saturating_sub(read_bytes));
        if is_flood {
            // Text that was cut off here is not a line.
            drop(self.decoder.finish());
        }
        if read_bytes == 0 || is_flood {
            self.stream = None;
            return Poll::Ready(None);
        }
        Poll::Ready(Some(self.buffer.split().freeze()))
    }
}

/// Whether a line ends as no message does.
fn is_torn(line: &Result<Bytes, FrameError>) -> bool {
    line.as_ref().is_ok_and(|it| !matches!(it.trim_ascii_end().last(), Some(b'}' | b']')))
}

/// Room for one read: what a pipe of Linux holds by default, so that one read empties it.
const READ_BYTES: usize = 64 * 1024;

/// Below this much room a new buffer is taken; small lines share one.
const READ_BYTES_MIN: usize = 8 * 1024;

/// The most that a pipe holds unless the system's administrator allows more (Linux, `pipe(7)`).
const PIPE_BYTES_MAX: usize = 1024 * 1024;
