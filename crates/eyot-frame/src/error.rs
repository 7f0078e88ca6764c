//! The errors of frames.

use crate::Excerpt;

/// A frame that was refused. The decoder that reports it has already skipped the frame and goes
/// on with the next one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The peer sent a frame over the limit. It is the peer's fault; the frame will fail again.
    #[error("frame of {} bytes is longer than {} bytes", .0.len_bytes, .0.limit_bytes)]
    TooLong(Excerpt),
}
