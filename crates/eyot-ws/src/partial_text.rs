//! A text message while it comes.

use bytes::{Bytes, BytesMut};

use crate::mask;
use crate::violation::Violation;

/// What has come of a text. It is checked as it comes: the first wrong byte ends the connection.
#[derive(Debug, Default)]
pub(crate) struct PartialText {
    text: BytesMut,
    /// Bytes that are whole characters.
    checked: usize,
}

impl PartialText {
    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    /// Adds the next bytes. Those of an empty text are not copied.
    pub(crate) fn add(&mut self, bytes: BytesMut) {
        if self.text.is_empty() {
            self.text = bytes;
        } else {
            self.text.extend_from_slice(&bytes);
        }
    }

    /// The text itself with room for some of the next `left` bytes: in proportion to what has come,
    /// for a peer may declare a length that it never sends.
    pub(crate) fn room(&mut self, left: usize) -> &mut BytesMut {
        if self.text.capacity() == self.text.len() {
            let room = self.text.len().saturating_mul(ROOM_TIMES).max(ROOM_BYTES_MIN);
            self.text.reserve(room.min(left));
        }
        &mut self.text
    }

    /// Unmasks the last `count` bytes, which follow `offset` bytes of their frame.
    pub(crate) fn unmask(&mut self, key: [u8; 4], offset: usize, count: usize) {
        let first = self.text.len().saturating_sub(count);
        if let Some(came) = self.text.get_mut(first..) {
            mask::apply(key, offset, came);
        }
    }

    /// Checks what has come since the last check.
    pub(crate) fn check(&mut self) -> Result<(), Violation> {
        let unchecked = self.text.get(self.checked..).unwrap_or_default();
        match std::str::from_utf8(unchecked) {
            Ok(_) => self.checked = self.text.len(),
            // The end of a character may be still to come.
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(Violation::UTF8),
        }
        Ok(())
    }

    /// The whole text, checked.
    pub(crate) fn finish(self) -> Result<Bytes, Violation> {
        if self.checked == self.text.len() { Ok(self.text.freeze()) } else { Err(Violation::UTF8) }
    }

    /// The first bytes of the text.
    pub(crate) fn head(&self, bytes_max: usize) -> &[u8] {
        self.text.get(..bytes_max).unwrap_or(&self.text)
    }
}

/// A text that comes in pieces gets room for four times what has come.
const ROOM_TIMES: usize = 4;
/// One read.
const ROOM_BYTES_MIN: usize = 64 * 1024;
