//! The bytes of a file as a text.

use eyot_document::{Position, Positions};

/// The text, without a mark of its encoding. An error is the place of what is no UTF-8.
pub(crate) fn decoded(text: &[u8]) -> Result<&str, Option<Position>> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    std::str::from_utf8(text).map_err(|error| {
        let valid = text.get(..error.valid_up_to()).unwrap_or_default();
        let valid = std::str::from_utf8(valid).unwrap_or_default();
        Some(Positions::new(valid).at(valid.len()))
    })
}

/// Bytes of a file.
pub(crate) const FILE_BYTES_MAX: usize = 16 << 20;
