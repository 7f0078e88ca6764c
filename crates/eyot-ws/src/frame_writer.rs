//! Messages to frames, and the frames that wait for the peer to read. No clock.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use eyot_service::QueueFull;
use eyot_stdx::random_bytes;
use tokio::io::AsyncWrite;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use crate::mask;
use crate::side::Side;

/// The frames that wait, in their order.
#[derive(Debug)]
pub(crate) struct FrameWriter {
    side: Side,
    queue: VecDeque<Bytes>,
    queued_bytes: usize,
    /// Bytes that the stream has taken, from the first frame on.
    written_bytes: u64,
    queue_bytes_max: usize,
    /// The answer to the last ping, while the answer to an earlier one waits: "an endpoint […] MAY
    /// elect to send a Pong frame for only the most recently processed Ping frame" (RFC 6455,
    /// 5.5.3).
    pong: Option<Bytes>,
    /// Where the pong that was queued last ends, among all that was queued.
    pong_end: u64,
    is_unflushed: bool,
    /// A close frame was queued, or nothing can be written any more.
    is_closed: bool,
}

impl FrameWriter {
    pub(crate) fn new(side: Side, queue_bytes_max: usize) -> Self {
        Self {
            side,
            queue: VecDeque::new(),
            queued_bytes: 0,
            written_bytes: 0,
            queue_bytes_max,
            pong: None,
            pong_end: 0,
            is_unflushed: false,
            is_closed: false,
        }
    }

    /// Queues one text message of `len` bytes in one frame, whole or not at all.
    pub(crate) fn queue_text(
        &mut self,
        len: usize,
        pieces: impl IntoIterator<Item = Bytes>,
    ) -> Result<(), QueueFull> {
        let queue_bytes_max = if self.is_closed { 0 } else { self.queue_bytes_max };
        let header = self.header(OpCode::Data(Data::Text));
        let frame_len = header.len(len as u64).saturating_add(len);
        if self.queued_bytes.saturating_add(frame_len) > queue_bytes_max {
            return Err(QueueFull { queued_bytes: self.queued_bytes, queue_bytes_max });
        }
        if header.mask.is_none() && len > JOINED_BYTES_MAX {
            let pieces = std::iter::once(framed(&header, len, [])).chain(pieces);
            self.queue.extend(pieces);
        } else {
            self.queue.push_back(framed(&header, len, pieces));
        }
        self.queued_bytes += frame_len;
        Ok(())
    }

    /// Queues a ping.
    pub(crate) fn ping(&mut self) {
        self.control(Control::Ping, Bytes::new());
    }

    /// Queues the answer to a ping. One waits at most, and one more is kept.
    pub(crate) fn pong(&mut self, payload: Bytes) {
        self.pong = Some(payload);
        self.queue_pong();
    }

    fn queue_pong(&mut self) {
        if self.pong_end <= self.written_bytes
            && let Some(payload) = self.pong.take()
        {
            self.control(Control::Pong, payload);
            self.pong_end = self.written_bytes.saturating_add(self.queued_bytes as u64);
        }
    }

    /// Queues a close frame, after which nothing is queued.
    pub(crate) fn close(&mut self, code: Option<CloseCode>, reason: &str) {
        let mut payload = BytesMut::new();
        if let Some(code) = code {
            payload.put_u16(code.into());
            payload.extend_from_slice(reason.as_bytes());
        }
        self.control(Control::Close, payload.freeze());
        self.pong = None;
        self.is_closed = true;
    }

    fn control(&mut self, control: Control, payload: Bytes) {
        if self.is_closed {
            return;
        }
        let header = self.header(OpCode::Control(control));
        let frame = framed(&header, payload.len(), [payload]);
        self.queued_bytes += frame.len();
        self.queue.push_back(frame);
    }

    fn header(&self, opcode: OpCode) -> FrameHeader {
        let mask = (self.side == Side::Client).then(random_bytes);
        FrameHeader { opcode, mask, ..FrameHeader::default() }
    }

    pub(crate) fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    pub(crate) fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    /// Whether the close frame was queued, or nothing can be written any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Whether everything that was queued is with the peer's system.
    pub(crate) fn is_flushed(&self) -> bool {
        self.queue.is_empty() && !self.is_unflushed
    }

    /// Writes what the stream takes now; the task is woken when it takes more.
    ///
    /// # Errors
    ///
    /// When the stream takes nothing any more. What waits is thrown away.
    pub(crate) fn poll_write<W: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut W,
        cx: &mut Context<'_>,
    ) -> io::Result<()> {
        match self.poll_empty(stream, cx) {
            Poll::Ready(Err(error)) => {
                self.abandon();
                Err(error)
            }
            Poll::Ready(Ok(())) | Poll::Pending => Ok(()),
        }
    }

    fn poll_empty<W: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.queue.is_empty() {
            let mut slices = [IoSlice::new(&[]); PIECES_PER_WRITE_MAX];
            for (slice, piece) in slices.iter_mut().zip(&self.queue) {
                *slice = IoSlice::new(piece);
            }
            let written = ready!(Pin::new(&mut *stream).poll_write_vectored(cx, &slices))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.is_unflushed = true;
            self.advance(written);
            self.queue_pong();
        }
        if self.is_unflushed {
            ready!(Pin::new(stream).poll_flush(cx))?;
            self.is_unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, mut written: usize) {
        self.written_bytes = self.written_bytes.saturating_add(written as u64);
        self.queued_bytes = self.queued_bytes.saturating_sub(written);
        while let Some(mut piece) = self.queue.pop_front() {
            if piece.len() > written {
                piece.advance(written);
                self.queue.push_front(piece);
                return;
            }
            written -= piece.len();
        }
    }

    fn abandon(&mut self) {
        self.queue.clear();
        self.queued_bytes = 0;
        self.pong = None;
        self.is_closed = true;
        self.is_unflushed = false;
    }
}

/// A header, and a payload of `len` bytes behind it, in one buffer; masked, if the header says so.
fn framed(header: &FrameHeader, len: usize, pieces: impl IntoIterator<Item = Bytes>) -> Bytes {
    let header_len = header.len(len as u64);
    let mut frame = BytesMut::with_capacity(header_len.saturating_add(len));
    let written = header.format(len as u64, &mut (&mut frame).writer());
    debug_assert!(written.is_ok(), "a buffer in memory takes every header");
    for piece in pieces {
        frame.extend_from_slice(&piece);
    }
    if let (Some(key), Some(payload)) = (header.mask, frame.get_mut(header_len..)) {
        mask::apply(key, 0, payload);
    }
    frame.freeze()
}

/// Slices of one vectored write; a small message is one piece, a large one a few.
const PIECES_PER_WRITE_MAX: usize = 16;
/// A message of this length is copied in less time than its pieces are handed on.
const JOINED_BYTES_MAX: usize = 1 << 10;
