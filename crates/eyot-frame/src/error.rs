//! The errors of frames.

/// A frame that was refused. The decoder that reports it has already skipped the frame and goes
/// on with the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The peer sent a frame over the limit. It is the peer's fault; the frame will fail again.
    #[error("frame is longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
}
