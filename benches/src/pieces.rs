//! A body of two pieces that are written as they are.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Pieces that are still to be written.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    left: VecDeque<Bytes>,
    /// Without a length the body goes out in chunks, as streams of events do.
    has_length: bool,
    /// More may come, but never does.
    is_endless: bool,
}

impl Pieces {
    /// A body whose length is declared.
    pub(crate) fn whole(pieces: impl Into<VecDeque<Bytes>>) -> Self {
        Self { left: pieces.into(), has_length: true, is_endless: false }
    }

    /// A body that goes out in chunks, one for each piece.
    pub(crate) fn chunked(pieces: impl Into<VecDeque<Bytes>>) -> Self {
        Self { left: pieces.into(), has_length: false, is_endless: false }
    }

    /// A body that goes out in chunks and then stays open.
    pub(crate) fn endless(pieces: impl Into<VecDeque<Bytes>>) -> Self {
        Self { left: pieces.into(), has_length: false, is_endless: true }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.left.pop_front() {
            Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            None if self.is_endless => Poll::Pending,
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty() && !self.is_endless
    }

    fn size_hint(&self) -> SizeHint {
        match self.has_length {
            true => SizeHint::with_exact(self.left.iter().map(|it| it.len() as u64).sum()),
            false => SizeHint::default(),
        }
    }
}
