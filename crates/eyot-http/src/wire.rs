//! A socket that watches heads and does not wait forever for a reader.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use crate::head_guard::{Ambiguous, HeadGuard};

/// The stream of one connection as hyper reads and writes it.
#[derive(Debug)]
pub(crate) struct Wire<S> {
    stream: S,
    guard: HeadGuard,
    /// What the guard has seen already, for hyper to read first.
    seen: Bytes,
    signs: Arc<Signs>,
    write_stall_timeout: Duration,
    /// Runs while the peer takes no bytes.
    stalled: Option<Pin<Box<Sleep>>>,
}

/// What the connection sees of its wire while hyper has it.
#[derive(Debug, Default)]
pub(crate) struct Signs {
    is_ambiguous: AtomicBool,
    is_stalled: AtomicBool,
    has_switched: AtomicBool,
}

impl Signs {
    /// Turns true before hyper hands over a request whose framing is ambiguous.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.is_ambiguous.load(Ordering::Relaxed)
    }

    /// The response is 101: what follows it is no HTTP.
    pub(crate) fn switch_protocols(&self) {
        self.has_switched.store(true, Ordering::Relaxed);
    }

    /// Whether a response was 101.
    pub(crate) fn has_switched(&self) -> bool {
        self.has_switched.load(Ordering::Relaxed)
    }

    /// Whether there are bytes that the peer does not take.
    pub(crate) fn is_stalled(&self) -> bool {
        self.is_stalled.load(Ordering::Relaxed)
    }
}

impl<S> Wire<S> {
    pub(crate) fn new(stream: S, write_stall_timeout: Duration) -> Self {
        Self {
            stream,
            guard: HeadGuard::new(),
            seen: Bytes::new(),
            signs: Arc::default(),
            write_stall_timeout,
            stalled: None,
        }
    }

    pub(crate) fn signs(&self) -> Arc<Signs> {
        Arc::clone(&self.signs)
    }

    /// The stream, and what has come on it that hyper has not read.
    pub(crate) fn into_parts(self) -> (S, Bytes) {
        (self.stream, self.seen)
    }

    /// Takes back what hyper has read but not used: a copy, for even nothing of a buffer keeps it all.
    pub(crate) fn put_back(&mut self, read: &[u8]) {
        self.seen = Bytes::copy_from_slice(read);
    }

    /// Returns the outcome of a write, or fails it when the peer has taken nothing for too long.
    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            if self.stalled.take().is_some() {
                self.signs.is_stalled.store(false, Ordering::Relaxed);
            }
            return written;
        }
        self.signs.is_stalled.store(true, Ordering::Relaxed);
        let timeout = self.write_stall_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "peer takes no bytes")))
    }
}

impl<S: AsyncRead + Unpin> Wire<S> {
    /// Waits for the first bytes of a request and keeps them for hyper; until then there is no buffer.
    /// `false`: there are no more.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub(crate) async fn bytes_came(&mut self) -> io::Result<bool> {
        if self.seen.is_empty() {
            self.seen = std::future::poll_fn(|cx| {
                let mut room = [0; FIRST_BYTES];
                let mut room = ReadBuf::new(&mut room);
                let read = Pin::new(&mut *self).poll_read(cx, &mut room);
                read.map_ok(|()| Bytes::copy_from_slice(room.filled()))
            })
            .await?;
        }
        Ok(!self.seen.is_empty())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.seen.is_empty() {
            let mut seen = std::mem::take(&mut self.seen);
            buffer.put_slice(&seen.split_to(seen.len().min(buffer.remaining())));
            if !seen.is_empty() {
                self.seen = seen;
            }
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        let inspected = self.guard.inspect(read);
        if inspected.is_err() {
            self.signs.is_ambiguous.store(true, Ordering::Relaxed);
        }
        match inspected {
            // A head is answered before the connection closes.
            Ok(()) | Err(Ambiguous::Head) => Poll::Ready(Ok(())),
            Err(Ambiguous::Body) => {
                Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "ambiguous framing")))
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Bytes that end a rest. Most heads are shorter.
const FIRST_BYTES: usize = 1 << 10;
