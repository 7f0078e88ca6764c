//! Bytes that are kept for long.

use bytes::Bytes;
use eyot_session::UpstreamCursor;

/// A copy that holds no more memory than its length: a slice would keep the whole buffer that it
/// came from alive, and the limits would count only a part of it.
pub(crate) fn compact(bytes: &Bytes) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

/// The cursor with a compact copy of its event id.
pub(crate) fn compact_cursor(cursor: &UpstreamCursor) -> UpstreamCursor {
    UpstreamCursor { upstream: cursor.upstream.clone(), cursor: compact(&cursor.cursor) }
}
