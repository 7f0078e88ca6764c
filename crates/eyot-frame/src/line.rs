//! Newline-delimited JSON: one message per line.

use bytes::Bytes;

use crate::excerpt::Remains;
use crate::splitter::{LineEnds, Splitter};
use crate::{FrameError, without_byte_order_mark};

/// Reads one message per line (2026-07-28, basic/transports/stdio).
///
/// Chunks go in with [`push`](Self::push), lines come out of [`next_line`](Self::next_line). A bad
/// line is reported and skipped, and is never fatal: the caller can answer it, and the stream goes
/// on.
#[derive(Debug)]
pub struct LineDecoder {
    splitter: Splitter,
    line_bytes_max: usize,
    /// The next line may start with a byte order mark.
    at_start: bool,
    /// Every line may.
    marks_lines: bool,
}

impl LineDecoder {
    /// Creates a decoder for lines of at most `line_bytes_max` bytes, the line feed not counted. A
    /// byte order mark at the start of the stream is skipped.
    #[must_use]
    pub fn new(line_bytes_max: usize) -> Self {
        let splitter = Splitter::new(LineEnds::LineFeed);
        Self { splitter, line_bytes_max, at_start: true, marks_lines: false }
    }

    /// The decoder for a peer that may start each line with a byte order mark, as programs on
    /// Windows do that make a writer for each of them.
    #[must_use]
    pub fn skipping_marks_of_lines(self) -> Self {
        Self { marks_lines: true, ..self }
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
    /// [`FrameError::TooLong`] at the end of each line over the limit, of which only both ends are
    /// kept. Decoding goes on with the next line.
    pub fn next_line(&mut self) -> Option<Result<Bytes, FrameError>> {
        loop {
            let line = self.splitter.next_line(self.line_bytes_max)?;
            if let Some(line) = self.text(line) {
                return Some(line);
            }
        }
    }

    /// Returns the last line of a stream that ended without a line feed. `None`: there is none.
    ///
    /// Call it after [`next_line`](Self::next_line) has no more.
    ///
    /// # Errors
    /// As [`next_line`](Self::next_line).
    pub fn finish(&mut self) -> Option<Result<Bytes, FrameError>> {
        let rest = self.splitter.take_rest()?;
        self.text(rest)
    }

    /// The text of a line; `None` when it is blank.
    fn text(&mut self, line: Result<Bytes, Remains>) -> Option<Result<Bytes, FrameError>> {
        let may_have_mark = std::mem::take(&mut self.at_start) || self.marks_lines;
        match line {
            Ok(line) => {
                let line = if may_have_mark { without_byte_order_mark(line) } else { line };
                (!is_blank(&line)).then(|| Ok(without_return(line)))
            }
            Err(remains) => {
                let len_bytes = remains.len_bytes();
                Some(Err(FrameError::TooLong(remains.finish(len_bytes, self.line_bytes_max))))
            }
        }
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
