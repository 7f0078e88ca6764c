//! Cuts chunks into lines, without copying a line that lies in one chunk.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};

use crate::excerpt::Remains;

/// The characters that end a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineEnds {
    /// A line feed only.
    LineFeed,
    /// LF, CR or CRLF, as in an event stream.
    Any,
}

/// Cuts chunks into lines.
#[derive(Debug)]
pub(crate) struct Splitter {
    ends: LineEnds,
    /// Chunks that were not looked at yet; none of them is empty.
    chunks: VecDeque<Bytes>,
    /// The start of a line whose end has not come yet.
    partial: Vec<u8>,
    /// The last line ended with a CR: if a line feed comes next, it belongs to that line.
    after_return: bool,
    /// The current line is longer than allowed: its bytes are dropped up to its end.
    skipped: Option<Remains>,
}

impl Splitter {
    pub(crate) fn new(ends: LineEnds) -> Self {
        Self {
            ends,
            chunks: VecDeque::new(),
            partial: Vec::new(),
            after_return: false,
            skipped: None,
        }
    }

    pub(crate) fn push(&mut self, chunk: Bytes) {
        if !chunk.is_empty() {
            self.chunks.push_back(chunk);
        }
    }

    /// Whether nothing waits: neither an unread chunk nor the start of a line.
    pub(crate) fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.partial.is_empty() && self.skipped.is_none()
    }

    /// The next line without its end, or what is left of it if it is too long; `None` when its end
    /// has not come yet.
    pub(crate) fn next_line(&mut self, line_bytes_max: usize) -> Option<Result<Bytes, Remains>> {
        loop {
            let (piece, is_end) = self.next_piece()?;
            if self.skipped.is_some()
                || self.partial.len().saturating_add(piece.len()) > line_bytes_max
            {
                let skipped = self.skip(&piece);
                if is_end {
                    return Some(Err(skipped));
                }
                self.skipped = Some(skipped);
            } else if is_end {
                return Some(Ok(self.complete(piece)));
            } else {
                self.append(&piece, line_bytes_max);
            }
        }
    }

    /// Throws away more of a line that is too long.
    #[cold]
    fn skip(&mut self, piece: &[u8]) -> Remains {
        let partial = std::mem::take(&mut self.partial);
        let mut skipped = self.skipped.take().unwrap_or_default();
        skipped.push(&partial);
        skipped.push(piece);
        skipped
    }

    /// The start of a line that the stream ended in; `None` when it ended between lines.
    pub(crate) fn take_rest(&mut self) -> Option<Result<Bytes, Remains>> {
        let rest = std::mem::take(&mut self.partial);
        match self.skipped.take() {
            Some(skipped) => Some(Err(skipped)),
            None => (!rest.is_empty()).then(|| Ok(Bytes::from(rest))),
        }
    }

    /// The next bytes of the current line, and whether the line ends with them.
    fn next_piece(&mut self) -> Option<(Bytes, bool)> {
        let mut chunk = self.chunks.pop_front()?;
        if std::mem::take(&mut self.after_return) && chunk.first() == Some(&b'\n') {
            chunk.advance(1);
        }
        let Some(end) = self.find_end(&chunk) else { return Some((chunk, false)) };
        let piece = chunk.split_to(end);
        // Only an event stream may end a line with a CR: `find_end` stops at a CR in no other
        // stream.
        self.after_return = chunk.first() == Some(&b'\r');
        chunk.advance(1);
        if !chunk.is_empty() {
            self.chunks.push_front(chunk);
        }
        Some((piece, true))
    }

    fn find_end(&self, chunk: &[u8]) -> Option<usize> {
        match self.ends {
            LineEnds::LineFeed => memchr::memchr(b'\n', chunk),
            LineEnds::Any => memchr::memchr2(b'\n', b'\r', chunk),
        }
    }

    fn complete(&mut self, piece: Bytes) -> Bytes {
        if self.partial.is_empty() {
            return piece;
        }
        self.partial.reserve_exact(piece.len());
        self.partial.extend_from_slice(&piece);
        Bytes::from(std::mem::take(&mut self.partial))
    }

    /// Keeps the start of a line. The buffer doubles like any vector, but never past the limit.
    fn append(&mut self, piece: &[u8], line_bytes_max: usize) {
        let len_bytes = self.partial.len().saturating_add(piece.len());
        if len_bytes > self.partial.capacity() {
            let doubled = self.partial.capacity().saturating_mul(2).min(line_bytes_max);
            let missing = len_bytes.max(doubled).saturating_sub(self.partial.len());
            self.partial.reserve_exact(missing);
        }
        self.partial.extend_from_slice(piece);
    }
}

#[cfg(test)]
mod tests;
