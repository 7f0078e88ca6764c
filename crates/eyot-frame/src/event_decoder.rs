//! Reads an event stream (WHATWG HTML, section 9.2.6, "Interpreting an event stream").

use std::time::Duration;

use bytes::{Buf, Bytes};

use crate::excerpt::Remains;
use crate::splitter::{LineEnds, Splitter};
use crate::{Event, FrameError, RETRY_MAX, without_byte_order_mark};

/// Reads server-sent events.
///
/// Two differences from a browser, because the caller keeps the stream's last event id and its
/// reconnection time itself: an event without data is delivered when it has an id or a
/// reconnection time (the priming event of 2025-11-25, basic/transports), and the id belongs to
/// the one event that had it.
///
/// An event that is not complete when the stream ends is never delivered, as the standard says:
/// drop the decoder.
#[derive(Debug)]
pub struct EventDecoder {
    splitter: Splitter,
    event_bytes_max: usize,
    /// Bytes of the lines of the current event, comments and ignored fields included.
    event_bytes: usize,
    draft: Draft,
    /// The current event is too long: its lines are skipped up to the blank one, and this is left
    /// of its data.
    skipped: Option<Remains>,
    /// No line has been read yet, so the first one may start with a byte order mark.
    at_start: bool,
}

/// The event that is being read.
#[derive(Debug, Default)]
struct Draft {
    id: Option<Bytes>,
    event: Option<Bytes>,
    data: Data,
    retry: Option<Duration>,
}

/// The data lines of the event that is being read.
#[derive(Debug, Default)]
enum Data {
    #[default]
    Absent,
    /// One line, still a slice of the chunk it came in.
    Line(Bytes),
    /// Several lines, joined by line feeds.
    Joined(Vec<u8>),
}

impl EventDecoder {
    /// Creates a decoder for events of at most `event_bytes_max` bytes: all lines of an event
    /// together, with comments and ignored fields, without the line ends.
    #[must_use]
    pub fn new(event_bytes_max: usize) -> Self {
        Self {
            splitter: Splitter::new(LineEnds::Any),
            event_bytes_max,
            event_bytes: 0,
            draft: Draft::default(),
            skipped: None,
            at_start: true,
        }
    }

    /// Takes the next chunk of the stream, cut anywhere.
    ///
    /// Pushed chunks are kept until they are read: call [`next_event`](Self::next_event) until it
    /// has no more before you push again; then the limit of one event bounds all memory.
    pub fn push(&mut self, chunk: Bytes) {
        self.splitter.push(chunk);
    }

    /// Returns the next event, or `None` when more bytes are needed.
    ///
    /// The data of an event with one data line that lies in one chunk is a slice of that chunk.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] at the end of each event over the limit, of which only both ends of
    /// the data are kept. Decoding goes on with the next event: the caller decides whether to trust
    /// the rest of the stream.
    pub fn next_event(&mut self) -> Result<Option<Event>, FrameError> {
        loop {
            // Nothing is kept of the lines of an event that is skipped.
            let room_bytes = self.event_bytes_max.saturating_sub(self.event_bytes);
            let budget = if self.skipped.is_some() { 0 } else { room_bytes };
            match self.splitter.next_line(budget) {
                None => return Ok(None),
                Some(Ok(line)) => {
                    if let Some(event) = self.read_line(line)? {
                        return Ok(Some(event));
                    }
                }
                Some(Err(line)) => self.skip_line(&line),
            }
        }
    }

    /// Whether every pushed byte belongs to an event that came out: no event is incomplete.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.splitter.is_empty() && self.event_bytes == 0 && self.skipped.is_none()
    }

    /// Throws away a line of an event that is too long, and all that was kept of the event.
    #[cold]
    fn skip_line(&mut self, line: &Remains) {
        self.at_start = false;
        let draft = std::mem::take(&mut self.draft);
        let skipped = self.skipped.get_or_insert_with(|| {
            let mut skipped = Remains::default();
            skipped.push(&draft.data.into_bytes());
            skipped
        });
        if let Some(value) = line.head().strip_prefix(b"data:") {
            let value = value.strip_prefix(b" ").unwrap_or(value);
            if skipped.len_bytes() > 0 {
                skipped.push(b"\n");
            }
            skipped.append(line, line.head().len() - value.len());
        }
        let line_bytes = usize::try_from(line.len_bytes()).unwrap_or(usize::MAX);
        self.event_bytes = self.event_bytes.saturating_add(line_bytes);
    }

    fn read_line(&mut self, line: Bytes) -> Result<Option<Event>, FrameError> {
        let is_first = std::mem::take(&mut self.at_start);
        let line = if is_first { without_byte_order_mark(line) } else { line };
        if !line.is_empty() {
            self.event_bytes = self.event_bytes.saturating_add(line.len());
            self.draft.read_field(line);
            return Ok(None);
        }
        let event_bytes = std::mem::take(&mut self.event_bytes);
        match self.skipped.take() {
            None => Ok(std::mem::take(&mut self.draft).into_event()),
            Some(skipped) => {
                let excerpt = skipped.finish(event_bytes as u64, self.event_bytes_max);
                Err(FrameError::TooLong(excerpt))
            }
        }
    }
}

impl Draft {
    fn read_field(&mut self, line: Bytes) {
        // A comment is a field without a name, so it falls through like any unknown field.
        let name_len = memchr::memchr(b':', &line).unwrap_or(line.len());
        let mut value = line;
        let name = value.split_to(name_len);
        value.advance(value.len().min(1));
        if value.first() == Some(&b' ') {
            value.advance(1);
        }
        match &name[..] {
            b"data" => self.data.add_line(value),
            // "If the field value does not contain U+0000 NULL" (9.2.6, field `id`).
            b"id" if !value.contains(&0) => self.id = Some(value),
            b"event" => self.event = Some(value),
            b"retry" => self.retry = parse_retry(&value).or(self.retry),
            _ => {}
        }
    }

    /// The finished event. `None`: the block had no field that a reader could use.
    fn into_event(self) -> Option<Event> {
        let is_void =
            matches!(self.data, Data::Absent) && self.id.is_none() && self.retry.is_none();
        (!is_void).then(|| Event {
            id: self.id,
            event: self.event.filter(|name| !name.is_empty()),
            data: self.data.into_bytes(),
            retry: self.retry,
        })
    }
}

impl Data {
    fn add_line(&mut self, line: Bytes) {
        *self = match std::mem::take(self) {
            Self::Absent => Self::Line(line),
            Self::Line(first) => Self::Joined([&first[..], &line[..]].join(&b'\n')),
            Self::Joined(mut lines) => {
                lines.push(b'\n');
                lines.extend_from_slice(&line);
                Self::Joined(lines)
            }
        };
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Absent => Bytes::new(),
            Self::Line(line) => line,
            Self::Joined(lines) => Bytes::from(lines),
        }
    }
}

/// "If the field value consists of only ASCII digits" (9.2.6, field `retry`); otherwise ignored.
fn parse_retry(value: &[u8]) -> Option<Duration> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let text = std::str::from_utf8(value).ok()?;
    // Digits that do not fit into the number ask for more than the maximum anyway.
    Some(text.parse().map_or(RETRY_MAX, Duration::from_millis).min(RETRY_MAX))
}

#[cfg(test)]
mod tests;
