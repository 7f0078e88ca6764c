//! Watches the raw bytes of a connection for heads that two readers may read differently.
//!
//! hyper resolves a request that carries both `Content-Length` and `Transfer-Encoding` by dropping
//! the former before the service sees it. That is legal and the usual start of request smuggling,
//! so the guard reads the bytes too and raises a flag: "the server MAY reject a request that
//! contains both […] and ought to close the connection" (RFC 9112, 6.1 and 6.3). The guard only
//! looks. Framing errors of any other kind are left for hyper to refuse; after one, the guard does
//! nothing more.

use memchr::memchr;

/// Reads every byte that hyper reads.
#[derive(Debug)]
pub(crate) struct HeadGuard {
    state: State,
    /// The part of a line that came with earlier bytes, cut at [`LINE_KEPT_BYTES`].
    line: Vec<u8>,
    framing: Framing,
}

/// The framing headers seen so far in the current head.
#[derive(Debug, Default)]
struct Framing {
    has_request_line: bool,
    has_length: bool,
    has_encoding: bool,
    length: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head,
    Body {
        left: u64,
    },
    ChunkSize,
    ChunkData {
        left: u64,
    },
    Trailer,
    /// Framing that hyper refuses: nothing after it becomes a request.
    Lost,
}

/// Enough of a line to know `transfer-encoding` and any length that fits 64 bits.
const LINE_KEPT_BYTES: usize = 64;

impl HeadGuard {
    pub(crate) fn new() -> Self {
        Self { state: State::Head, line: Vec::new(), framing: Framing::default() }
    }

    /// Takes the next bytes; `true` when a head in them is ambiguous.
    pub(crate) fn inspect(&mut self, mut bytes: &[u8]) -> bool {
        let mut is_ambiguous = false;
        while !bytes.is_empty() && self.state != State::Lost {
            bytes = match self.state {
                State::Body { left } => self.skip(bytes, left, |left| match left {
                    0 => State::Head,
                    left => State::Body { left },
                }),
                State::ChunkData { left } => self.skip(bytes, left, |left| match left {
                    0 => State::ChunkSize,
                    left => State::ChunkData { left },
                }),
                State::Head | State::ChunkSize | State::Trailer => match memchr(b'\n', bytes) {
                    Some(end) => {
                        is_ambiguous |= self.end_line(bytes.get(..end).unwrap_or_default());
                        bytes.get(end + 1..).unwrap_or_default()
                    }
                    None => {
                        self.keep(bytes);
                        &[]
                    }
                },
                State::Lost => &[],
            };
        }
        is_ambiguous
    }

    fn skip<'a>(&mut self, bytes: &'a [u8], left: u64, next: fn(u64) -> State) -> &'a [u8] {
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        self.state = next(left - taken as u64);
        bytes.get(taken..).unwrap_or_default()
    }

    /// Takes the last bytes of a line. Most lines come whole and are checked without a copy.
    fn end_line(&mut self, bytes: &[u8]) -> bool {
        if self.line.is_empty() {
            return self.handle_line(cut(bytes, LINE_KEPT_BYTES));
        }
        self.keep(bytes);
        let line = std::mem::take(&mut self.line);
        let is_ambiguous = self.handle_line(&line);
        self.line = line;
        self.line.clear();
        is_ambiguous
    }

    /// Keeps bytes of a line whose end has not come.
    fn keep(&mut self, bytes: &[u8]) {
        let room = LINE_KEPT_BYTES.saturating_sub(self.line.len());
        self.line.extend_from_slice(cut(bytes, room));
    }

    fn handle_line(&mut self, line: &[u8]) -> bool {
        let line = line.trim_ascii();
        match self.state {
            State::Head if line.is_empty() && self.framing.has_request_line => {
                let framing = std::mem::take(&mut self.framing);
                self.state = framing.next();
                return framing.has_length && framing.has_encoding;
            }
            State::Head => self.framing.handle_header(line),
            State::ChunkSize => self.state = chunk_state(line),
            State::Trailer if line.is_empty() => self.state = State::Head,
            State::Trailer | State::Body { .. } | State::ChunkData { .. } | State::Lost => {}
        }
        false
    }
}

impl Framing {
    fn handle_header(&mut self, line: &[u8]) {
        if !self.has_request_line {
            self.has_request_line = !line.is_empty();
            return;
        }
        // Of eight headers, seven are neither of the two, which the first letter shows.
        if !matches!(line.first(), Some(b'c' | b'C' | b't' | b'T')) {
            return;
        }
        let Some(colon) = memchr(b':', line) else { return };
        let (name, value) = (line.get(..colon), line.get(colon + 1..));
        let name = name.unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") {
            self.has_length = true;
            self.length = decimal(value.unwrap_or_default().trim_ascii());
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.has_encoding = true;
        }
    }

    fn next(&self) -> State {
        match (self.has_encoding, self.length) {
            (true, _) => State::ChunkSize,
            (false, 0) => State::Head,
            (false, left) => State::Body { left },
        }
    }
}

fn cut(bytes: &[u8], len_max: usize) -> &[u8] {
    bytes.get(..len_max).unwrap_or(bytes)
}

/// hyper refuses any other length, and then the bytes are not read as a request.
fn decimal(digits: &[u8]) -> u64 {
    std::str::from_utf8(digits).ok().and_then(|it| it.parse().ok()).unwrap_or(u64::MAX)
}

fn chunk_state(line: &[u8]) -> State {
    let size = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    let size = std::str::from_utf8(size).ok().and_then(|it| u64::from_str_radix(it, 16).ok());
    match size {
        Some(0) => State::Trailer,
        // The line end after the data belongs to the chunk.
        Some(size) => State::ChunkData { left: size.saturating_add(2) },
        None => State::Lost,
    }
}

#[cfg(test)]
mod tests;
