//! The byte order mark, which some systems write in front of every text.

use bytes::{Buf, Bytes};

/// The text without the byte order mark at its start, if it has one.
///
/// "implementations that parse JSON texts MAY ignore the presence of a byte order mark rather than
/// treating it as an error" (RFC 8259, 8.1): where a stream or a body begins, and nowhere else.
#[must_use]
pub fn without_byte_order_mark(mut text: Bytes) -> Bytes {
    if text.starts_with(BYTE_ORDER_MARK) {
        text.advance(BYTE_ORDER_MARK.len());
    }
    text
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
