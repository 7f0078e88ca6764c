//! A stream that gives only so many bytes while the head of an answer is awaited.
//!
//! hyper bounds each head, but not the informational answers (1xx) before the last one: it reads
//! them one after another, in one poll, for as long as they come.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::stream::Stream;

/// The bytes that a stream may still give: a count for one task, which the stream and the connection
/// over it share.
#[derive(Clone, Debug)]
pub(super) struct Allowance(Arc<AtomicUsize>);

/// A stream with an allowance.
#[derive(Debug)]
pub(super) struct MeteredStream {
    stream: Stream,
    allowance: Allowance,
}

impl Allowance {
    /// No head is awaited: all that comes may be read.
    const UNBOUNDED: usize = usize::MAX;

    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(Self::UNBOUNDED)))
    }

    /// A head is awaited: so many bytes may come up to it.
    pub(super) fn set(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// The head has come.
    pub(super) fn lift(&self) {
        self.set(Self::UNBOUNDED);
    }

    /// Takes these bytes off.
    fn spend(&self, bytes: usize) {
        let left = self.0.load(Ordering::Relaxed);
        if left != Self::UNBOUNDED {
            self.set(left.saturating_sub(bytes));
        }
    }

    fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

impl MeteredStream {
    pub(super) fn new(stream: Stream, allowance: Allowance) -> Self {
        Self { stream, allowance }
    }

    pub(super) fn into_inner(self) -> Stream {
        self.stream
    }
}

impl AsyncRead for MeteredStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.allowance.is_spent() {
            let reason = "the answers before the last one have no end";
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, reason)));
        }
        let filled = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.allowance.spend(buffer.filled().len().saturating_sub(filled));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for MeteredStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
