//! What is left of a frame that was too long to be kept.

use bytes::Bytes;

/// The length of a frame that was thrown away, and its two ends.
///
/// They are enough to find out what it was: a message has its id most often among its first members
/// or its last ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Excerpt {
    /// Bytes that came, line ends not counted.
    pub len_bytes: u64,
    /// The limit in bytes.
    pub limit_bytes: usize,
    /// The first bytes of the text, at most 4 KiB.
    pub head: Bytes,
    /// The last bytes of the text, at most 4 KiB; in a short text they overlap the first.
    pub tail: Bytes,
}

/// A frame that is being thrown away.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Remains {
    len_bytes: u64,
    head: Vec<u8>,
    /// The last bytes; up to twice as many as are wanted, so that they need not move each time.
    tail: Vec<u8>,
}

impl Remains {
    /// Adds the next bytes of the text.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.len_bytes = self.len_bytes.saturating_add(bytes.len() as u64);
        let room_bytes = END_BYTES_MAX.saturating_sub(self.head.len());
        self.head.extend_from_slice(bytes.get(..room_bytes).unwrap_or(bytes));
        self.tail.extend_from_slice(last(bytes));
        if self.tail.len() > 2 * END_BYTES_MAX {
            self.tail = last(&self.tail).to_vec();
        }
    }

    /// Adds a part of which only the ends are left, but for its first `skipped` bytes.
    pub(crate) fn append(&mut self, part: &Self, skipped: usize) {
        let len_bytes = part.len_bytes.saturating_sub(skipped as u64);
        if self.len_bytes == self.head.len() as u64 {
            let room_bytes = END_BYTES_MAX.saturating_sub(self.head.len());
            let head = part.head.get(skipped..).unwrap_or_default();
            self.head.extend_from_slice(head.get(..room_bytes).unwrap_or(head));
        }
        let tail_len = usize::try_from(len_bytes).unwrap_or(usize::MAX).min(part.tail.len());
        let tail = part.tail.get(part.tail.len() - tail_len..).unwrap_or_default();
        self.tail.extend_from_slice(last(tail));
        self.tail = last(&self.tail).to_vec();
        self.len_bytes = self.len_bytes.saturating_add(len_bytes);
    }

    /// The bytes that have come so far.
    pub(crate) fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    /// The first bytes that have come.
    pub(crate) fn head(&self) -> &[u8] {
        &self.head
    }

    /// What is left at the end of a frame of so many bytes.
    pub(crate) fn finish(self, len_bytes: u64, limit_bytes: usize) -> Excerpt {
        let tail = Bytes::copy_from_slice(last(&self.tail));
        Excerpt { len_bytes, limit_bytes, head: self.head.into(), tail }
    }
}

/// As many last bytes as are kept.
fn last(bytes: &[u8]) -> &[u8] {
    bytes.get(bytes.len().saturating_sub(END_BYTES_MAX)..).unwrap_or_default()
}

/// Room for the version and for the longest id that is taken, four times over.
const END_BYTES_MAX: usize = 4 * 1024;

#[cfg(test)]
mod tests;
