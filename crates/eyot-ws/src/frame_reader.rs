//! Bytes to messages: frames are read, checked and put together. No I/O and no clock.

use std::io::Cursor;

use bytes::{Buf as _, Bytes, BytesMut};
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use crate::WsLimits;
use crate::mask;
use crate::partial_text::PartialText;
use crate::side::Side;
use crate::violation::Violation;

/// Reads the frames of a peer. After an error there is nothing more to read.
#[derive(Debug)]
pub(crate) struct FrameReader {
    side: Side,
    message_bytes_max: usize,
    fragments_max: usize,
    /// What has come and is not taken.
    input: BytesMut,
    /// The data frame that is coming.
    frame: Option<DataFrame>,
    message: Option<Message>,
}

/// What a peer sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// A text message.
    Text(Bytes),
    /// A ping, to be answered with its payload.
    Ping(Bytes),
    /// A pong.
    Pong,
    /// The end. No frame follows.
    Close {
        /// The code that is sent back; `None`: the peer sent none.
        code: Option<CloseCode>,
    },
    /// A message that is too long; nothing follows that can be read.
    TooLong {
        /// Its length so far, as far as it was declared.
        len_bytes: u64,
        /// Its first bytes, as far as they have come.
        head: Bytes,
    },
}

#[derive(Debug)]
struct DataFrame {
    is_final: bool,
    mask: Option<[u8; 4]>,
    taken: usize,
    left: usize,
}

/// A message that is not complete.
#[derive(Debug, Default)]
struct Message {
    text: PartialText,
    fragments: usize,
}

impl FrameReader {
    pub(crate) fn new(side: Side, limits: &WsLimits) -> Self {
        Self {
            side,
            message_bytes_max: limits.message_bytes_max,
            fragments_max: limits.socket.fragments_max,
            input: BytesMut::new(),
            frame: None,
            message: None,
        }
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.input.is_empty() {
            // Without the buffer of earlier frames, which may be kept by their readers.
            self.input = BytesMut::from(bytes);
        } else {
            self.input.extend_from_slice(bytes);
        }
    }

    /// Where the next bytes of a long frame can be read to, and how many at most; see
    /// [`filled`](Self::filled).
    pub(crate) fn room(&mut self) -> Option<(&mut BytesMut, usize)> {
        let left = self.frame.as_ref()?.left;
        let message = self.message.as_mut().filter(|_| left >= DIRECT_BYTES_MIN)?;
        self.input.is_empty().then(|| (message.text.room(left), left))
    }

    /// So many bytes were read into the [`room`](Self::room).
    pub(crate) fn filled(&mut self, count: usize) {
        if let (Some(frame), Some(message)) = (&mut self.frame, &mut self.message) {
            frame.take(count, &mut message.text);
        }
    }

    /// Whether a message has begun and not ended.
    pub(crate) fn is_within_message(&self) -> bool {
        self.message.is_some()
    }

    /// What the peer sent next; `None`: not enough has come.
    pub(crate) fn next(&mut self) -> Result<Option<Came>, Violation> {
        loop {
            if let Some(text) = self.take_data()? {
                return Ok(Some(Came::Text(text)));
            }
            if self.frame.is_some() {
                return Ok(None);
            }
            let mut cursor = Cursor::new(&self.input);
            let parsed = FrameHeader::parse(&mut cursor);
            let header_len = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
            let parsed =
                parsed.map_err(|_| Violation::protocol("sent an unknown kind of frame"))?;
            let Some((header, len_bytes)) = parsed else { return Ok(None) };
            self.check(&header)?;
            match header.opcode {
                OpCode::Control(control) => {
                    let Some(payload) = self.control_payload(&header, header_len, len_bytes)?
                    else {
                        return Ok(None);
                    };
                    return control_frame(control, payload).map(Some);
                }
                OpCode::Data(data) => {
                    self.input.advance(header_len);
                    if let Some(too_long) = self.begin_data(data, &header, len_bytes)? {
                        return Ok(Some(too_long));
                    }
                }
            }
        }
    }

    fn check(&self, header: &FrameHeader) -> Result<(), Violation> {
        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(Violation::protocol("set a reserved bit"));
        }
        match (self.side, header.mask.is_some()) {
            (Side::Server, false) => Err(Violation::protocol("sent a frame without a mask")),
            (Side::Client, true) => Err(Violation::protocol("sent a frame with a mask")),
            _ => Ok(()),
        }
    }

    /// The payload of a control frame, once all of it is there.
    fn control_payload(
        &mut self,
        header: &FrameHeader,
        header_len: usize,
        len_bytes: u64,
    ) -> Result<Option<BytesMut>, Violation> {
        // "All control frames MUST have a payload length of 125 bytes or less and MUST NOT be
        // fragmented" (RFC 6455, 5.5).
        let Ok(len @ ..=125) = usize::try_from(len_bytes) else {
            return Err(Violation::protocol("sent a control frame that is too long"));
        };
        if !header.is_final {
            return Err(Violation::protocol("sent a control frame in fragments"));
        }
        if self.input.len() < header_len + len {
            return Ok(None);
        }
        self.input.advance(header_len);
        let mut payload = self.input.split_to(len);
        if let Some(key) = header.mask {
            mask::apply(key, 0, &mut payload);
        }
        Ok(Some(payload))
    }

    /// Begins a data frame, unless its message is too long.
    fn begin_data(
        &mut self,
        data: Data,
        header: &FrameHeader,
        len_bytes: u64,
    ) -> Result<Option<Came>, Violation> {
        match (data, &self.message) {
            (Data::Text, None) => {}
            (Data::Continue, Some(_)) => {}
            (Data::Binary, None) => return Err(Violation::BINARY),
            (Data::Continue, None) => {
                return Err(Violation::protocol("continued a message that it had not begun"));
            }
            _ => return Err(Violation::protocol("began a message within another")),
        }
        let message = self.message.get_or_insert_default();
        let came = message.text.len();
        let whole = len_bytes.saturating_add(came as u64);
        let left = usize::try_from(len_bytes).ok().filter(|_| whole <= self.limit_bytes());
        let Some(left) = left else {
            return Ok(Some(self.too_long(whole, header.mask)));
        };
        let message = self.message.get_or_insert_default();
        message.fragments += 1;
        // Long fragments are as good as messages; what costs is many that carry nothing.
        if message.fragments > self.fragments_max + came / FRAGMENT_BYTES_MIN {
            return Err(Violation::policy("sent too many fragments of one message"));
        }
        self.frame =
            Some(DataFrame { is_final: header.is_final, mask: header.mask, taken: 0, left });
        Ok(None)
    }

    fn limit_bytes(&self) -> u64 {
        self.message_bytes_max as u64
    }

    /// The message that is too long; its first bytes tell whose it is.
    fn too_long(&mut self, len_bytes: u64, mask: Option<[u8; 4]>) -> Came {
        let message = self.message.take().unwrap_or_default();
        let mut head = BytesMut::from(message.text.head(HEAD_BYTES_MAX));
        let room = HEAD_BYTES_MAX - head.len();
        let mut came = std::mem::take(&mut self.input);
        came.truncate(room);
        if let Some(key) = mask {
            mask::apply(key, 0, &mut came);
        }
        head.extend_from_slice(&came);
        Came::TooLong { len_bytes, head: head.freeze() }
    }

    /// Takes what has come of the frame; its message, if that is complete.
    fn take_data(&mut self) -> Result<Option<Bytes>, Violation> {
        let (Some(frame), Some(message)) = (&mut self.frame, &mut self.message) else {
            return Ok(None);
        };
        let count = frame.left.min(self.input.len());
        if count > 0 {
            message.text.add(self.input.split_to(count));
            frame.take(count, &mut message.text);
        }
        message.text.check()?;
        if frame.left > 0 {
            return Ok(None);
        }
        let is_final = frame.is_final;
        self.frame = None;
        match self.message.take_if(|_| is_final) {
            Some(message) => message.text.finish().map(Some),
            None => Ok(None),
        }
    }
}

impl DataFrame {
    /// The last `count` bytes of the text belong to this frame.
    fn take(&mut self, count: usize, text: &mut PartialText) {
        if let Some(key) = self.mask {
            text.unmask(key, self.taken, count);
        }
        self.taken += count;
        self.left = self.left.saturating_sub(count);
    }
}

fn control_frame(control: Control, payload: BytesMut) -> Result<Came, Violation> {
    match control {
        Control::Ping => Ok(Came::Ping(payload.freeze())),
        Control::Pong => Ok(Came::Pong),
        Control::Close => close_frame(&payload).map(|code| Came::Close { code }),
        Control::Reserved(_) => Err(Violation::protocol("sent an unknown kind of frame")),
    }
}

/// The code of a close frame. "The application MUST NOT" use some of them there (RFC 6455, 7.4.1).
fn close_frame(payload: &[u8]) -> Result<Option<CloseCode>, Violation> {
    let (code, reason) = match payload {
        [] => return Ok(None),
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        [_] => return Err(Violation::protocol("sent half a close code")),
    };
    let code = CloseCode::from(code);
    if !code.is_allowed() {
        return Err(Violation::protocol("sent a close code that does not exist"));
    }
    std::str::from_utf8(reason).map_err(|_| Violation::UTF8)?;
    Ok(Some(code))
}

/// A fragment of this length costs no more than a message.
const FRAGMENT_BYTES_MIN: usize = 64;
/// Below this, bytes are copied out of a read that may bring other frames as well.
const DIRECT_BYTES_MIN: usize = 4 * 1024;
/// As much of a message that is too long as is looked at for its id.
const HEAD_BYTES_MAX: usize = 4 * 1024;

#[cfg(test)]
mod tests;
