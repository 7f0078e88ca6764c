//! A body is put together from what came of it.

use bytes::{Bytes, BytesMut};

/// The bytes of one body, as they come. A body in one piece is not copied.
///
/// A peer may declare a length that it never sends: room is only made in proportion to what has
/// come.
#[derive(Debug, Default)]
pub struct Assembly {
    /// The only piece so far.
    only: Bytes,
    /// All pieces, once there are two.
    whole: BytesMut,
    declared_bytes: usize,
}

impl Assembly {
    /// Nothing yet, of a body that declares so many bytes; 0: it declares none.
    #[must_use]
    pub fn new(declared_bytes: u64) -> Self {
        let declared_bytes = usize::try_from(declared_bytes).unwrap_or(usize::MAX);
        Self { declared_bytes, ..Self::default() }
    }

    /// Bytes that have come.
    #[must_use]
    pub fn len_bytes(&self) -> usize {
        self.only.len() + self.whole.len()
    }

    /// Adds the next piece.
    pub fn add(&mut self, piece: Bytes) {
        if self.len_bytes() == 0 {
            self.only = piece;
            return;
        }
        let only = std::mem::take(&mut self.only);
        let len_bytes = self.whole.len() + only.len() + piece.len();
        if self.whole.capacity() < len_bytes {
            let room = self.declared_bytes.min(len_bytes.saturating_mul(ROOM_TIMES));
            self.whole.reserve(room.max(len_bytes) - self.whole.len());
        }
        self.whole.extend_from_slice(&only);
        self.whole.extend_from_slice(&piece);
    }

    /// What has come.
    #[must_use]
    pub fn finish(self) -> Bytes {
        if self.whole.is_empty() { self.only } else { self.whole.freeze() }
    }
}

/// A body of a mebibyte that comes in four pieces or fewer gets its room at once.
const ROOM_TIMES: usize = 4;

#[cfg(test)]
mod tests;
