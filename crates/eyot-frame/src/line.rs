//! Newline-delimited JSON: one message per line.

use bytes::Bytes;

use crate::FrameError;
use crate::splitter::{LineEnds, Splitter};

/// Reads one message per line (2026-07-28, basic/transports/stdio).
///
/// Chunks go in with [`push`](Self::push), lines come out of [`next_line`](Self::next_line). A bad
/// line is reported and skipped, and is never fatal: the caller can answer it, and the stream goes
/// on.
#[derive(Debug)]
pub struct LineDecoder {
    splitter: Splitter,
    line_bytes_max: usize,
}

impl LineDecoder {
    /// Creates a decoder for lines of at most `line_bytes_max` bytes, the line feed not counted.
    #[must_use]
    pub fn new(line_bytes_max: usize) -> Self {
        Self { splitter: Splitter::new(LineEnds::LineFeed), line_bytes_max }
    }

    /// Takes the next chunk of the stream, cut anywhere.
    ///
    /// Pushed chunks are kept until they are read: call [`next_line`](Self::next_line) until it has
    /// no more before you push again; then the limit of one line bounds all memory.
    pub fn push(&mut self, chunk: Bytes) {
        self.splitter.push(chunk);
    }

    /// Returns the next line without its line end, or `None` when more bytes are needed.
    ///
    /// Lines of blanks are skipped. A line that lies in one chunk is a slice of it.
    ///
    /// # Errors
    /// [`FrameError::TooLong`], once for each line over the limit. The line is skipped up to its
    /// line feed without being kept, and decoding goes on.
    pub fn next_line(&mut self) -> Option<Result<Bytes, FrameError>> {
        loop {
            match self.splitter.next_line(self.line_bytes_max)? {
                Ok(line) if is_blank(&line) => {}
                Ok(line) => return Some(Ok(without_return(line))),
                Err(_) => return Some(Err(FrameError::TooLong { limit: self.line_bytes_max })),
            }
        }
    }

    /// Returns the last line of a stream that ended without a line feed. `None`: there is none.
    ///
    /// Call it after [`next_line`](Self::next_line) has no more.
    pub fn finish(&mut self) -> Option<Bytes> {
        self.splitter.take_rest().filter(|rest| !is_blank(rest)).map(without_return)
    }

    /// Whether every pushed byte has come out: no line is incomplete.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.splitter.is_empty()
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}

/// Drops the CR of a line that a peer ended with CRLF.
fn without_return(mut line: Bytes) -> Bytes {
    if line.last() == Some(&b'\r') {
        line.truncate(line.len().saturating_sub(1));
    }
    line
}

#[cfg(test)]
mod tests;
