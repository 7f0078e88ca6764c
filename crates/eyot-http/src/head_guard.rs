//! Watches the raw bytes of a connection for framing that two readers may read differently.
//!
//! hyper resolves a request that carries both `Content-Length` and `Transfer-Encoding` by dropping
//! the former before the service sees it. That is legal and the usual start of request smuggling,
//! so the guard reads the bytes too: "the server MAY reject a request that contains both […] and
//! ought to close the connection" (RFC 9112, 6.1 and 6.3).
//!
//! **Invariant:** the guard knows where each request of hyper begins, or has refused the connection.
//! So it takes less than hyper does: what it cannot read in full, or what only some readers take for
//! the end of a line, is ambiguous.

use memchr::memchr;

/// Reads every byte that hyper reads.
#[derive(Debug)]
pub(crate) struct HeadGuard {
    state: State,
    line: Line,
    framing: Framing,
}

/// The framing of a connection is ambiguous: no further request on it is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ambiguous {
    /// In a head, which hyper hands over when it has read the head.
    Head,
    /// In the body of a request that hyper has handed over already.
    Body,
}

/// The part of a line that came with earlier bytes.
#[derive(Debug, Default)]
struct Line {
    /// Cut at [`LINE_KEPT_BYTES`].
    kept: Vec<u8>,
    len: usize,
    last: u8,
}

/// A whole line without its LF, as far as it was kept.
#[derive(Clone, Copy, Debug)]
struct WholeLine<'a> {
    /// Without the CR, if the line was kept in full.
    text: &'a [u8],
    is_cut: bool,
    has_cr: bool,
}

/// The framing headers seen so far in the current head.
#[derive(Debug, Default)]
struct Framing {
    has_request_line: bool,
    has_encoding: bool,
    length: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Head,
    Body { left: u64 },
    ChunkSize,
    ChunkData { left: u64 },
    ChunkEnd,
    Trailer,
    Lost(Ambiguous),
}

/// Enough of a line to know `transfer-encoding` and any length that fits 64 bits.
const LINE_KEPT_BYTES: usize = 64;

impl HeadGuard {
    pub(crate) fn new() -> Self {
        Self { state: State::Head, line: Line::default(), framing: Framing::default() }
    }

    /// Takes the next bytes. After an error, every later call has the same error.
    pub(crate) fn inspect(&mut self, mut bytes: &[u8]) -> Result<(), Ambiguous> {
        loop {
            bytes = match self.state {
                State::Lost(ambiguous) => return Err(ambiguous),
                _ if bytes.is_empty() => return Ok(()),
                State::Body { left } => self.skip(bytes, left, |left| match left {
                    0 => State::Head,
                    left => State::Body { left },
                }),
                State::ChunkData { left } => self.skip(bytes, left, |left| match left {
                    0 => State::ChunkEnd,
                    left => State::ChunkData { left },
                }),
                State::Head | State::ChunkSize | State::ChunkEnd | State::Trailer => {
                    match memchr(b'\n', bytes) {
                        Some(end) => {
                            self.end_line(bytes.get(..end).unwrap_or_default());
                            bytes.get(end + 1..).unwrap_or_default()
                        }
                        None => {
                            self.line.keep(bytes);
                            &[]
                        }
                    }
                }
            };
        }
    }

    fn skip<'a>(&mut self, bytes: &'a [u8], left: u64, next: fn(u64) -> State) -> &'a [u8] {
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        self.state = next(left - taken as u64);
        bytes.get(taken..).unwrap_or_default()
    }

    /// Takes the last bytes of a line. Most lines come whole and are checked without a copy.
    fn end_line(&mut self, bytes: &[u8]) {
        if self.line.len == 0 {
            let is_in_head = matches!(self.state, State::Head) && self.framing.has_request_line;
            if is_in_head && !may_matter(bytes) {
                return;
            }
            return self.handle_line(WholeLine::new(bytes, bytes.len(), bytes.last()));
        }
        self.line.keep(bytes);
        let mut line = std::mem::take(&mut self.line);
        self.handle_line(WholeLine::new(&line.kept, line.len, Some(&line.last)));
        line.kept.clear();
        self.line.kept = line.kept;
    }

    fn handle_line(&mut self, line: WholeLine<'_>) {
        let next = match self.state {
            State::Head if line.is_blank() && self.framing.has_request_line => {
                std::mem::take(&mut self.framing).next()
            }
            State::Head => self.framing.handle_header(line).map(|()| State::Head),
            // hyper ends these lines at CR LF alone; to other readers LF ends a line as well.
            _ if !line.has_cr => Err(Ambiguous::Body),
            State::ChunkSize => chunk_state(line),
            // The line end after the data belongs to the chunk.
            State::ChunkEnd if line.is_blank() => Ok(State::ChunkSize),
            State::ChunkEnd => Err(Ambiguous::Body),
            State::Trailer if line.is_blank() => Ok(State::Head),
            state => Ok(state),
        };
        self.state = next.unwrap_or_else(State::Lost);
    }
}

impl Line {
    /// Keeps bytes of a line whose end has not come.
    fn keep(&mut self, bytes: &[u8]) {
        let room = LINE_KEPT_BYTES.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(cut(bytes, room));
        self.len = self.len.saturating_add(bytes.len());
        self.last = bytes.last().copied().unwrap_or(self.last);
    }
}

impl<'a> WholeLine<'a> {
    fn new(start: &'a [u8], len: usize, last: Option<&u8>) -> Self {
        let text = cut(start, LINE_KEPT_BYTES);
        let is_cut = text.len() < len;
        let has_cr = last == Some(&b'\r');
        let text = if is_cut { text } else { text.strip_suffix(b"\r").unwrap_or(text) };
        Self { text, is_cut, has_cr }
    }

    /// Only a line without any byte ends a head: to hyper, a space begins a line like any other.
    fn is_blank(self) -> bool {
        self.text.is_empty()
    }
}

impl Framing {
    fn handle_header(&mut self, line: WholeLine<'_>) -> Result<(), Ambiguous> {
        if !self.has_request_line {
            self.has_request_line = !line.is_blank();
            return Ok(());
        }
        let Some(colon) = memchr(b':', line.text) else { return Ok(()) };
        let (name, value) = (line.text.get(..colon), line.text.get(colon + 1..));
        let name = name.unwrap_or_default();
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = decimal(value.unwrap_or_default().trim_ascii()).ok_or(Ambiguous::Head)?;
            // "a recipient MUST treat it as an unrecoverable error" (RFC 9112, 6.3), if two differ.
            if line.is_cut || self.length.is_some_and(|it| it != length) {
                return Err(Ambiguous::Head);
            }
            self.length = Some(length);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.has_encoding = true;
        }
        Ok(())
    }

    /// What follows the head.
    fn next(self) -> Result<State, Ambiguous> {
        match (self.has_encoding, self.length) {
            (true, Some(_)) => Err(Ambiguous::Head),
            (true, None) => Ok(State::ChunkSize),
            (false, None | Some(0)) => Ok(State::Head),
            (false, Some(left)) => Ok(State::Body { left }),
        }
    }
}

/// Whether a line of a head may end it, or be one of the two headers that matter: of eight lines,
/// seven are neither, which the first letter shows.
fn may_matter(line: &[u8]) -> bool {
    matches!(line.first(), None | Some(b'\r' | b'c' | b'C' | b't' | b'T'))
}

fn cut(bytes: &[u8], len_max: usize) -> &[u8] {
    bytes.get(..len_max).unwrap_or(bytes)
}

/// Digits alone: to some readers a sign belongs to a number as well.
fn decimal(digits: &[u8]) -> Option<u64> {
    let digits = digits.iter().all(u8::is_ascii_digit).then_some(digits)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn chunk_state(line: WholeLine<'_>) -> Result<State, Ambiguous> {
    let end = memchr(b';', line.text);
    // An extension may be as long as it likes, but the size must have been seen in full.
    let is_whole = end.is_some() || !line.is_cut;
    let size = line.text.get(..end.unwrap_or(line.text.len())).unwrap_or_default();
    let digits = is_whole.then(|| size.trim_ascii_end()).ok_or(Ambiguous::Body)?;
    let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_hex);
    match digits.and_then(|it| u64::from_str_radix(it, 16).ok()) {
        Some(0) => Ok(State::Trailer),
        Some(left) => Ok(State::ChunkData { left }),
        None => Err(Ambiguous::Body),
    }
}

#[cfg(test)]
mod tests;
