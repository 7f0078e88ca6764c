//! An open WebSocket, driven by the one task that owns it.

use std::fmt;
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{BufMut as _, Bytes};
use eyot_jsonrpc::{Message, Remnant};
use eyot_service::{BadMessage, IoEnd, IoEvent, MessageIo, QueueFull};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use tokio_util::sync::CancellationToken;
use tungstenite::protocol::frame::coding::CloseCode;

use crate::WsLimits;
use crate::frame_reader::{Came, FrameReader};
use crate::frame_writer::FrameWriter;
use crate::heartbeat::{Due, Heartbeat};
use crate::side::Side;
use crate::violation::Violation;

/// One text message per JSON-RPC message, over any stream on which the handshake is done.
///
/// A binary message ends the connection with close code 1003, a text that is not UTF-8 with 1007,
/// one over the bound with 1009 (what its first bytes show of it is told first, as a
/// [`BadMessage`]), bytes that are no WebSocket with 1002, and a flood with 1008. A silent peer is
/// asked for a pong from time to time, and is given up when it says nothing to that.
///
/// One task drives both directions, with no task and no channel inside. An idle connection has no
/// buffer.
pub struct WebSocketIo<S> {
    stream: S,
    side: Side,
    limits: WsLimits,
    reader: FrameReader,
    writer: FrameWriter,
    heartbeat: Heartbeat,
    /// When cancelled, a close says that this process goes away.
    leaving: Option<CancellationToken>,
    /// The peer has done this, which is told after what it has sent before.
    violation: Option<Violation>,
    end: Option<IoEnd>,
    /// Nothing more comes from the peer: it has closed, or is gone.
    is_read_over: bool,
    /// What the peer sends is not understood any more, not even a close.
    is_lost: bool,
    /// Our direction of the stream is closed.
    is_shut_down: bool,
    /// Bounds the wait for the peer's close frame.
    closing: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocketIo<S> {
    /// The connection of a client to this process. `read` has come on the stream behind the
    /// request.
    #[must_use]
    pub fn server(stream: S, read: &[u8], limits: WsLimits) -> Self {
        Self::new(Side::Server, stream, read, limits)
    }

    /// The connection of this process to a server. `read` has come on the stream behind the answer.
    #[must_use]
    pub fn client(stream: S, read: &[u8], limits: WsLimits) -> Self {
        Self::new(Side::Client, stream, read, limits)
    }

    fn new(side: Side, stream: S, read: &[u8], limits: WsLimits) -> Self {
        let mut reader = FrameReader::new(side, &limits);
        reader.push(read);
        Self {
            stream,
            side,
            reader,
            writer: FrameWriter::new(side, limits.queue_bytes_max),
            heartbeat: Heartbeat::new(&limits),
            limits,
            leaving: None,
            violation: None,
            end: None,
            is_read_over: false,
            is_lost: false,
            is_shut_down: false,
            closing: None,
        }
    }

    /// Once `leaving` is cancelled, a close tells the peer that this process goes away: a server
    /// with 1012 (restart), a client with 1001. Otherwise it is 1000.
    #[must_use]
    pub fn leaving_with(self, leaving: CancellationToken) -> Self {
        Self { leaving: Some(leaving), ..self }
    }

    /// Queues one text of any kind; [`queue_message`](MessageIo::queue_message) is for messages.
    ///
    /// # Errors
    ///
    /// [`QueueFull`] when it does not fit, or the connection is closed. Nothing of it is sent then.
    pub fn queue_text(&mut self, text: Bytes) -> Result<(), QueueFull> {
        self.writer.queue_text(text.len(), [text])
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<IoEvent> {
        self.write(cx);
        if let Some(violation) = self.violation.take() {
            self.fail(violation, cx);
        }
        while self.end.is_none() {
            match self.reader.next() {
                Ok(Some(came)) => {
                    if let Some(event) = self.take(came, cx) {
                        return Poll::Ready(event);
                    }
                }
                Ok(None) => match self.poll_read(cx) {
                    Poll::Ready(true) => {}
                    Poll::Ready(false) => self.end(IoEnd::new(CLOSED)),
                    Poll::Pending => break,
                },
                Err(violation) => self.fail(violation, cx),
            }
        }
        self.heartbeat.note_message(self.reader.is_within_message());
        while self.end.is_none() {
            match self.heartbeat.poll_due(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(due) => self.act(due, cx),
            }
        }
        match &self.end {
            Some(end) => Poll::Ready(IoEvent::Ended(end.clone())),
            None => Poll::Pending,
        }
    }

    /// Takes what the peer sent; what its reader hears of it.
    fn take(&mut self, came: Came, cx: &mut Context<'_>) -> Option<IoEvent> {
        match came {
            Came::Text(text) => {
                self.heartbeat.note_message(false);
                return Some(IoEvent::Message(text));
            }
            Came::TooLong { len_bytes, head } => {
                self.violation = Some(Violation::TOO_LONG);
                let limit_bytes = self.limits.message_bytes_max;
                let remnant = Remnant::of_ends(len_bytes, &head, &[]);
                let error = BadMessage::TooLong { len_bytes, limit_bytes, remnant };
                return Some(IoEvent::Bad(error));
            }
            Came::Close { code } => {
                // "it typically echos the status code it received" (RFC 6455, 5.5.1).
                self.writer.close(code, "");
                self.write(cx);
                self.end(closed_with(code));
            }
            Came::Ping(payload) if self.counts() => {
                self.writer.pong(payload);
                self.write(cx);
            }
            Came::Pong if self.counts() => {}
            Came::Ping(_) | Came::Pong => {
                self.fail(Violation::policy("sent too many control frames"), cx);
            }
        }
        None
    }

    fn counts(&mut self) -> bool {
        self.heartbeat.count_control_frame(self.limits.socket.control_frames_max)
    }

    fn act(&mut self, due: Due, cx: &mut Context<'_>) {
        match due {
            Due::Ping => {
                self.writer.ping();
                self.write(cx);
            }
            Due::Dead => {
                self.fail(Violation::policy("does not answer pings"), cx);
                // The peer is not there to read the reason, or to answer it.
                self.is_read_over = true;
            }
            Due::SlowMessage => self.fail(Violation::policy("sent a message too slowly"), cx),
        }
    }

    /// Closes the connection because of what the peer did.
    fn fail(&mut self, violation: Violation, cx: &mut Context<'_>) {
        self.writer.close(Some(violation.code), violation.what);
        self.write(cx);
        self.end = Some(IoEnd::new(violation.what).of_both_sides());
        self.is_lost = true;
    }

    /// The peer has closed the connection.
    fn end(&mut self, end: IoEnd) {
        self.is_read_over = true;
        self.end = Some(end.of_both_sides());
    }

    fn write(&mut self, cx: &mut Context<'_>) {
        if let Err(error) = self.writer.poll_write(&mut self.stream, cx) {
            tracing::debug!(%error, "peer of a WebSocket takes nothing more");
            if self.end.is_none() {
                self.end(IoEnd::new(CLOSED));
            }
        }
    }

    /// Reads what is there; whether there is more to come.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let read = match self.reader.room() {
            Some((room, bytes_max)) => {
                let mut room = room.limit(bytes_max);
                let read = pin!(self.stream.read_buf(&mut room));
                let read = ready!(read.poll(cx)).unwrap_or(0);
                self.reader.filled(read);
                read
            }
            None => {
                let reader = &mut self.reader;
                ready!(poll_chunk(&mut self.stream, cx, |chunk| reader.push(chunk)))
            }
        };
        if read > 0 {
            self.heartbeat.hear();
        }
        Poll::Ready(read > 0)
    }

    fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.writer.is_closed() {
            let is_leaving = self.leaving.as_ref().is_some_and(CancellationToken::is_cancelled);
            let (code, reason) = match (is_leaving, self.side) {
                (false, _) => (CloseCode::Normal, ""),
                (true, Side::Server) => (CloseCode::Restart, "restart"),
                (true, Side::Client) => (CloseCode::Away, ""),
            };
            self.writer.close(Some(code), reason);
        }
        if self.writer.poll_write(&mut self.stream, cx).is_err() {
            return Poll::Ready(());
        }
        if !self.writer.is_flushed() {
            return Poll::Pending;
        }
        let patience = self.limits.socket.close_timeout;
        let closing = self.closing.get_or_insert_with(|| Box::pin(sleep(patience)));
        if closing.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        // What the peer sent before it read our close is taken off its hands: a connection that is
        // closed with unread bytes may lose the close frame.
        while !self.is_read_over {
            if self.is_lost {
                // It is no use to wait for its close: "_Close the WebSocket Connection_" (RFC 6455,
                // 7.1.7).
                ready!(self.poll_shut_down(cx));
            }
            ready!(self.poll_discard(cx));
        }
        self.poll_shut_down(cx)
    }

    fn poll_shut_down(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_shut_down {
            let shut_down = ready!(Pin::new(&mut self.stream).poll_shutdown(cx));
            self.is_shut_down = true;
            self.is_read_over |= shut_down.is_err();
        }
        Poll::Ready(())
    }

    /// Reads on, for the peer's close frame if that can be told, or for the end of the stream.
    fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.is_lost {
            let read = ready!(poll_chunk(&mut self.stream, cx, |_| {}));
            self.is_read_over = read == 0;
            return Poll::Ready(());
        }
        match self.reader.next() {
            Ok(Some(Came::Close { .. })) => self.is_read_over = true,
            Ok(Some(Came::TooLong { .. })) | Err(_) => self.is_lost = true,
            Ok(Some(_)) => {}
            Ok(None) => self.is_read_over = !ready!(self.poll_read(cx)),
        }
        Poll::Ready(())
    }
}

/// The end that a close frame tells of.
fn closed_with(code: Option<CloseCode>) -> IoEnd {
    match code.map(u16::from) {
        None | Some(1000 | 1001) => IoEnd::new(CLOSED),
        Some(code) => IoEnd::new(format!("{CLOSED} with code {code}")),
    }
}

/// Reads into the stack, as an idle connection has no buffer, and hands on what came: nothing at the
/// end, and when the stream is broken.
fn poll_chunk<S: AsyncRead + Unpin>(
    stream: &mut S,
    cx: &mut Context<'_>,
    take: impl FnOnce(&[u8]),
) -> Poll<usize> {
    let mut room = [MaybeUninit::uninit(); READ_BYTES];
    let mut room = ReadBuf::uninit(&mut room);
    let read = ready!(Pin::new(stream).poll_read(cx, &mut room));
    let chunk = if read.is_ok() { room.filled() } else { &[] };
    take(chunk);
    Poll::Ready(chunk.len())
}

impl<S: AsyncRead + AsyncWrite + Unpin> MessageIo for WebSocketIo<S> {
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<IoEvent> {
        self.poll_event(cx)
    }

    fn queue_message(&mut self, message: &Message) -> Result<(), QueueFull> {
        self.writer.queue_text(message.len(), message.pieces())
    }

    fn queued_bytes(&self) -> usize {
        self.writer.queued_bytes()
    }

    fn written_bytes(&self) -> u64 {
        self.writer.written_bytes()
    }

    /// Within [`close_timeout`](eyot_service::WebSocketLimits::close_timeout) once the peer has
    /// read what is queued.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.poll_closed(cx)
    }
}

impl<S> fmt::Debug for WebSocketIo<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketIo")
            .field("side", &self.side)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

const CLOSED: &str = "closed the connection";

/// Bytes of one read: what small messages fit in.
const READ_BYTES: usize = 4 * 1024;

#[cfg(test)]
mod tests;
