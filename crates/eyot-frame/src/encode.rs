//! Writes events and lines, sharing large texts instead of copying them.

use std::time::Duration;

use bytes::Bytes;
use memchr::memmem;

use crate::EventHead;

/// Up to this many bytes of text are copied into one contiguous frame; above that, the pieces are
/// shared. It is one page: below it one write of one buffer is cheaper than a vectored write.
const COPY_BYTES_MAX: usize = 4 * 1024;

/// A written frame: one piece when it is small, several shared pieces when it is large.
///
/// Send the pieces in order, without anything between them.
#[derive(Debug, Clone)]
pub struct Frames(Pieces);

#[derive(Debug, Clone)]
enum Pieces {
    One(Option<Bytes>),
    Many(std::vec::IntoIter<Bytes>),
}

impl Frames {
    /// How many bytes are still to be sent.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        match &self.0 {
            Pieces::One(piece) => piece.as_ref().map_or(0, Bytes::len),
            Pieces::Many(pieces) => total_bytes(pieces.as_slice()),
        }
    }

    /// Joins the rest into one buffer. Copies, unless one piece is left.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Pieces::One(piece) => piece.unwrap_or_default(),
            Pieces::Many(pieces) => Bytes::from(pieces.as_slice().concat()),
        }
    }
}

/// Nothing.
impl Default for Frames {
    fn default() -> Self {
        Self(Pieces::One(None))
    }
}

/// One piece.
impl From<Bytes> for Frames {
    fn from(piece: Bytes) -> Self {
        Self(Pieces::One(Some(piece)))
    }
}

impl Iterator for Frames {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        match &mut self.0 {
            Pieces::One(piece) => piece.take(),
            Pieces::Many(pieces) => pieces.next(),
        }
    }
}

/// Writes one event. `data` are the pieces of one JSON text.
///
/// `data_is_plain` says that [`is_plain`] holds for the text; a strict scan of the JSON knows. A
/// plain text over 4 KiB is shared, not copied. In a text that is not plain, each line end becomes
/// the start of a new data line, and U+2028 and U+2029 become their JSON escapes: clients exist
/// that take them for line ends. In JSON the former occur only between tokens and the latter only
/// inside strings, so the reader decodes the same value.
#[must_use]
pub fn encode_event(
    head: &EventHead<'_>,
    data: impl Iterator<Item = Bytes>,
    data_is_plain: bool,
) -> Frames {
    let data: Vec<Bytes> = data.collect();
    let mut events = EventWriter::default();
    events.push(head, total_bytes(&data), data.into_iter(), data_is_plain);
    events.finish()
}

/// Writes events that are sent together: what is small of them into one buffer.
#[derive(Debug, Default)]
pub struct EventWriter(FrameWriter);

impl EventWriter {
    /// Writes one more event, as [`encode_event`] does. `data_bytes` is the length of all pieces
    /// of the data together.
    pub fn push(
        &mut self,
        head: &EventHead<'_>,
        data_bytes: usize,
        data: impl Iterator<Item = Bytes>,
        data_is_plain: bool,
    ) {
        let shape = Shape { line_break: b"\ndata: ", end: b"\n\n" };
        self.0.write_head(head, data_bytes);
        self.0.write_text(&shape, data_bytes, data, data_is_plain);
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.shared.is_empty() && self.0.buffer.is_empty()
    }

    /// All that was written.
    #[must_use]
    pub fn finish(self) -> Frames {
        self.0.finish()
    }
}

/// Writes the event that gives a fresh stream its first id, without data.
///
/// "The server SHOULD immediately send an SSE event consisting of an event ID and an empty `data`
/// field in order to prime the client to reconnect" (2025-11-25, basic/transports).
#[must_use]
pub fn encode_priming(id: &str, retry: Option<Duration>) -> Bytes {
    let head = EventHead { id: Some(id), event: None, retry };
    encode_event(&head, std::iter::empty(), true).into_bytes()
}

/// Writes one line of newline-delimited JSON. `data` are the pieces of one JSON text.
///
/// `data_is_plain` is as for [`encode_event`]. In a text that is not plain, line ends become
/// spaces: messages "MUST NOT contain embedded newlines" (2026-07-28, basic/transports/stdio).
#[must_use]
pub fn encode_line(data: impl Iterator<Item = Bytes>, data_is_plain: bool) -> Frames {
    let data: Vec<Bytes> = data.collect();
    let mut line = FrameWriter::default();
    line.write_text(
        &Shape { line_break: b" ", end: b"\n" },
        total_bytes(&data),
        data.into_iter(),
        data_is_plain,
    );
    line.finish()
}

/// Whether no reader can take a part of `text` for the end of a line: there is no CR, LF, U+2028 or
/// U+2029.
#[must_use]
pub fn is_plain(text: &[u8]) -> bool {
    memchr::memchr2(b'\n', b'\r', text).is_none()
        && memmem::find_iter(text, SEPARATOR_START).all(|at| separator_at(text, at).is_none())
}

/// The bytes that go into and behind a text to make it a frame.
struct Shape {
    line_break: &'static [u8],
    end: &'static [u8],
}

#[derive(Debug, Default)]
struct FrameWriter {
    /// What is finished and cannot be written to any more.
    shared: Vec<Bytes>,
    buffer: Vec<u8>,
}

impl FrameWriter {
    /// The head of an event up to the start of its data, with room for the data if it is small.
    fn write_head(&mut self, head: &EventHead<'_>, data_bytes: usize) {
        /// Enough for an id, and for a retry time.
        const HEAD_BYTES: usize = 64;
        self.buffer.reserve(HEAD_BYTES + data_bytes.min(COPY_BYTES_MAX));
        let retry = head.retry.map(|retry| retry.as_millis().to_string());
        let fields = [("id: ", head.id), ("event: ", head.event), ("retry: ", retry.as_deref())];
        for (name, value) in fields {
            let Some(value) = value.filter(|value| fits_one_line(value)) else { continue };
            self.buffer.extend_from_slice(name.as_bytes());
            self.buffer.extend_from_slice(value.as_bytes());
            self.buffer.push(b'\n');
        }
        self.buffer.extend_from_slice(b"data: ");
    }

    fn write_text(
        &mut self,
        shape: &Shape,
        len_bytes: usize,
        pieces: impl Iterator<Item = Bytes>,
        is_plain_text: bool,
    ) {
        if !is_plain_text {
            self.rewrite(shape, &pieces.collect::<Vec<_>>().concat());
        } else if len_bytes > COPY_BYTES_MAX {
            self.share(pieces);
        } else {
            self.buffer.reserve(len_bytes.saturating_add(shape.end.len()));
            for piece in pieces {
                debug_assert!(is_plain(&piece), "the caller vouched for it");
                self.buffer.extend_from_slice(&piece);
            }
        }
        self.buffer.extend_from_slice(shape.end);
    }

    fn share(&mut self, pieces: impl Iterator<Item = Bytes>) {
        if !self.buffer.is_empty() {
            self.shared.push(Bytes::from(std::mem::take(&mut self.buffer)));
        }
        for piece in pieces {
            debug_assert!(is_plain(&piece), "the caller vouched for it");
            self.shared.push(piece);
        }
    }

    fn rewrite(&mut self, shape: &Shape, text: &[u8]) {
        // Most texts that are not plain are indented JSON: this leaves a little room for their line
        // breaks.
        self.buffer.reserve(text.len().saturating_add(text.len() / 8).saturating_add(16));
        rewrite(text, shape.line_break, &mut self.buffer);
    }

    fn finish(mut self) -> Frames {
        let rest = Some(Bytes::from(self.buffer)).filter(|it| !it.is_empty());
        if self.shared.is_empty() {
            return Frames(Pieces::One(rest));
        }
        self.shared.extend(rest);
        Frames(Pieces::Many(self.shared.into_iter()))
    }
}

fn fits_one_line(value: &str) -> bool {
    memchr::memchr3(b'\n', b'\r', 0, value.as_bytes()).is_none()
}

/// The first two bytes of U+2028 and of U+2029, which are E2 80 A8 and E2 80 A9.
const SEPARATOR_START: &[u8] = b"\xE2\x80";

/// The JSON escape of the separator that starts at `at`, if one does.
fn separator_at(text: &[u8], at: usize) -> Option<&'static [u8]> {
    match text.get(at..)? {
        [0xE2, 0x80, 0xA8, ..] => Some(b"\\u2028"),
        [0xE2, 0x80, 0xA9, ..] => Some(b"\\u2029"),
        _ => None,
    }
}

/// Copies `text`, with each line end as `line_break` and each separator as its JSON escape.
fn rewrite(text: &[u8], line_break: &[u8], frame: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = memchr::memchr3(b'\n', b'\r', 0xE2, rest) {
        let (before, special) = rest.split_at(at);
        frame.extend_from_slice(before);
        let (replacement, len_bytes) = match special {
            [b'\r', b'\n', ..] => (line_break, 2),
            [b'\r' | b'\n', ..] => (line_break, 1),
            _ => match separator_at(special, 0) {
                Some(escape) => (escape, 3),
                None => (&b"\xE2"[..], 1),
            },
        };
        frame.extend_from_slice(replacement);
        rest = special.get(len_bytes..).unwrap_or_default();
    }
    frame.extend_from_slice(rest);
}

fn total_bytes(pieces: &[Bytes]) -> usize {
    pieces.iter().map(Bytes::len).sum()
}

#[cfg(test)]
mod tests;
