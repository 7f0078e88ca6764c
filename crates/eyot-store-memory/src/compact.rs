//! Bytes that are kept for long.

use bytes::Bytes;
use eyot_session::UpstreamCursor;

/// A copy that holds no more memory than its length says: a slice would keep alive the
/// whole buffer that it came from, and the limits would count only a part of it.
pub(crate) fn compact(bytes: &Bytes) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

/// The cursor with such a copy of its event id.
pub(crate) fn compact_cursor(cursor: &UpstreamCursor) -> UpstreamCursor {
    UpstreamCursor { upstream: cursor.upstream.clone(), cursor: compact(&cursor.cursor) }
}
