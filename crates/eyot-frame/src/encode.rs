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
    let dress = Dress { prefix: prefix(head), line_break: b"\ndata: ", end: b"\n\n" };
    dress.frames(data.collect(), data_is_plain)
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
    let dress = Dress { prefix: Vec::new(), line_break: b" ", end: b"\n" };
    dress.frames(data.collect(), data_is_plain)
}

/// Whether no reader can take a part of `text` for the end of a line: there is no CR, LF, U+2028 or
/// U+2029.
#[must_use]
pub fn is_plain(text: &[u8]) -> bool {
    memchr::memchr2(b'\n', b'\r', text).is_none()
        && memmem::find_iter(text, SEPARATOR_START).all(|at| separator_at(text, at).is_none())
}

/// The bytes that go around and into a text to make it a frame.
struct Dress {
    prefix: Vec<u8>,
    line_break: &'static [u8],
    end: &'static [u8],
}

impl Dress {
    fn frames(self, pieces: Vec<Bytes>, is_plain_text: bool) -> Frames {
        if !is_plain_text {
            return Frames(Pieces::One(Some(self.rewritten(&pieces.concat()))));
        }
        debug_assert!(pieces.iter().all(|piece| is_plain(piece)), "the caller vouched for it");
        let len_bytes = total_bytes(&pieces);
        if len_bytes > COPY_BYTES_MAX {
            return Frames(Pieces::Many(self.shared(pieces).into_iter()));
        }
        Frames(Pieces::One(Some(self.copied(&pieces, len_bytes))))
    }

    fn shared(self, mut pieces: Vec<Bytes>) -> Vec<Bytes> {
        if !self.prefix.is_empty() {
            pieces.insert(0, Bytes::from(self.prefix));
        }
        pieces.push(Bytes::from_static(self.end));
        pieces
    }

    fn copied(self, pieces: &[Bytes], len_bytes: usize) -> Bytes {
        let mut frame = self.prefix;
        frame.reserve_exact(len_bytes.saturating_add(self.end.len()));
        for piece in pieces {
            frame.extend_from_slice(piece);
        }
        frame.extend_from_slice(self.end);
        Bytes::from(frame)
    }

    fn rewritten(self, text: &[u8]) -> Bytes {
        let mut frame = self.prefix;
        // Most texts that are not plain are indented JSON: this leaves a little room for their line
        // breaks.
        frame.reserve(text.len().saturating_add(text.len() / 8).saturating_add(16));
        rewrite(text, self.line_break, &mut frame);
        frame.extend_from_slice(self.end);
        Bytes::from(frame)
    }
}

/// The head of an event up to the start of its data.
fn prefix(head: &EventHead<'_>) -> Vec<u8> {
    let retry = head.retry.map(|retry| retry.as_millis().to_string());
    let fields = [("id: ", head.id), ("event: ", head.event), ("retry: ", retry.as_deref())];
    let mut prefix = Vec::with_capacity(64);
    for (name, value) in fields {
        let Some(value) = value.filter(|value| fits_one_line(value)) else { continue };
        prefix.extend_from_slice(name.as_bytes());
        prefix.extend_from_slice(value.as_bytes());
        prefix.push(b'\n');
    }
    prefix.extend_from_slice(b"data: ");
    prefix
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
