//! Bodies: the ones we read have limits and deadlines; the ones we write are not copied.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use eyot_jsonrpc::{Message, Pieces};
use eyot_service::{HttpLimits, Limits};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::assembly::Assembly;
use crate::body_wakes::poll_body;

/// The body of a request, not yet read.
pub struct RequestBody(Source);

enum Source {
    Hyper(Incoming),
    Foreign(Pin<Box<dyn Body<Data = Bytes, Error = Broken> + Send>>),
}

/// The body broke off. The readers of the body need no reason.
struct Broken;

impl RequestBody {
    pub(crate) fn hyper(body: Incoming) -> Self {
        Self(Source::Hyper(body))
    }

    /// The body of a request that a foreign server has accepted.
    pub fn foreign<B>(body: B) -> Self
    where
        B: Body<Data: Send> + Send + 'static,
    {
        let data =
            body.map_frame(|frame| frame.map_data(|mut it| it.copy_to_bytes(it.remaining())));
        Self(Source::Foreign(Box::pin(data.map_err(|_error| Broken))))
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match &mut self.0 {
            Source::Hyper(body) => {
                let poll = |body: &mut Incoming| Pin::new(body).poll_frame(cx);
                let polled = poll_body(body, poll, Incoming::is_end_stream);
                polled.map(|frame| frame.map(|it| it.map_err(|_| Broken)))
            }
            Source::Foreign(body) => body.as_mut().poll_frame(cx),
        }
    }

    fn declared_bytes(&self) -> u64 {
        match &self.0 {
            Source::Hyper(body) => body.size_hint().lower(),
            Source::Foreign(body) => body.size_hint().lower(),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Hyper(body) => body.is_end_stream(),
            Source::Foreign(body) => body.is_end_stream(),
        }
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestBody")
    }
}

/// Why a request's body was not read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// The body is longer than allowed, or declares a longer length.
    #[error("body of {came} bytes is longer than {limit_bytes} bytes")]
    TooLong {
        /// Bytes that came, or are to come.
        came: Came,
        /// The bound in force.
        limit_bytes: usize,
    },
    /// For too long, nothing or too little of the body came.
    #[error("body did not arrive in time")]
    TooSlow,
    /// The framing of the body is broken, or the connection ended within it.
    #[error("body is incomplete")]
    Incomplete,
}

/// How many bytes a body has, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a length is known or not")]
pub enum Came {
    /// So many: the length was declared.
    Exactly(u64),
    /// So many were read before the rest was given up.
    AtLeast(u64),
}

impl fmt::Display for Came {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(bytes) => bytes.fmt(f),
            Self::AtLeast(bytes) => write!(f, "at least {bytes}"),
        }
    }
}

/// Reads a whole body. A body that came in one piece is not copied.
///
/// # Errors
///
/// [`BodyError`]. A declared length over the bound fails before anything is read, so that
/// a client that asked for `100-continue` never sends it.
///
/// # Cancel safety
///
/// Not cancel safe: what was read is lost, and so is the connection's framing.
pub async fn read_body(body: RequestBody, limits: &Limits) -> Result<Bytes, BodyError> {
    let limit_bytes = limits.messages.bytes_max;
    let mut body = body;
    let declared = body.declared_bytes();
    if declared > limit_bytes as u64 {
        return Err(BodyError::TooLong { came: Came::Exactly(declared), limit_bytes });
    }
    let mut whole = Assembly::new(declared);
    let Some(first) = next_data(&mut body, limits.http.body_idle_timeout).await? else {
        return Ok(Bytes::new());
    };
    add(&mut whole, first, limit_bytes)?;
    if body.is_end_stream() {
        return Ok(whole.finish());
    }
    let began = Instant::now();
    let read_rest = async {
        while !body.is_end_stream() {
            let patience = patience(&limits.http, began, whole.len_bytes());
            let Some(data) = next_data(&mut body, patience).await? else { break };
            add(&mut whole, data, limit_bytes)?;
        }
        Ok(whole.finish())
    };
    tokio::time::timeout(limits.http.body_timeout, read_rest)
        .await
        .unwrap_or(Err(BodyError::TooSlow))
}

/// Adds a piece to a body that may not be longer than the limit.
fn add(whole: &mut Assembly, piece: Bytes, limit_bytes: usize) -> Result<(), BodyError> {
    let len_bytes = whole.len_bytes() + piece.len();
    if len_bytes > limit_bytes {
        return Err(BodyError::TooLong { came: Came::AtLeast(len_bytes as u64), limit_bytes });
    }
    whole.add(piece);
    Ok(())
}

/// How long the next data may take, so that the body is neither silent nor slow for too long.
fn patience(limits: &HttpLimits, began: Instant, read_bytes: usize) -> Duration {
    let seconds = read_bytes as u64 / u64::from(limits.body_rate_min.max(1));
    let due = began + limits.body_rate_grace + Duration::from_secs(seconds);
    due.saturating_duration_since(Instant::now()).min(limits.body_idle_timeout)
}

/// The next data, or `None` at the end. A timer is made only if the data is not there yet.
async fn next_data(body: &mut RequestBody, patience: Duration) -> Result<Option<Bytes>, BodyError> {
    loop {
        let at_once = std::future::poll_fn(|cx| Poll::Ready(body.poll_frame(cx))).await;
        let frame = match at_once {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                let frame = std::future::poll_fn(|cx| body.poll_frame(cx));
                let waited = tokio::time::timeout(patience, frame).await;
                waited.map_err(|_elapsed| BodyError::TooSlow)?
            }
        };
        let Some(frame) = frame.transpose().map_err(|_broken| BodyError::Incomplete)? else {
            return Ok(None);
        };
        // Trailers are not merged into anything.
        if let Ok(data) = frame.into_data() {
            return Ok(Some(data));
        }
    }
}

/// A body that we write: of a response, or of a request to an upstream.
#[derive(Default)]
pub enum OutgoingBody {
    /// Nothing.
    #[default]
    Empty,
    /// Bytes.
    Bytes(Bytes),
    /// A long message, in the pieces that it is kept in.
    Message(Box<LongMessage>),
    /// A stream of events.
    Stream(Pin<Box<dyn Body<Data = Bytes, Error = Infallible> + Send>>),
}

const _: () = assert!(size_of::<OutgoingBody>() <= 40, "hyper moves a request a dozen times");

/// The rest of a message that is written in pieces.
#[derive(Debug)]
pub struct LongMessage {
    pieces: Pieces,
    left_bytes: u64,
}

impl OutgoingBody {
    /// A stream that is polled by the connection's task.
    pub fn stream(body: impl Body<Data = Bytes, Error = Infallible> + Send + 'static) -> Self {
        Self::Stream(Box::pin(body))
    }
}

impl From<Bytes> for OutgoingBody {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&Message> for OutgoingBody {
    fn from(message: &Message) -> Self {
        let len_bytes = message.len();
        if len_bytes <= JOINED_BYTES_MAX {
            return Self::Bytes(message.to_bytes());
        }
        let (pieces, left_bytes) = (message.pieces(), len_bytes as u64);
        Self::Message(Box::new(LongMessage { pieces, left_bytes }))
    }
}

impl Body for OutgoingBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Message(message) => {
                let LongMessage { pieces, left_bytes } = &mut **message;
                let piece = pieces.next();
                *left_bytes -= piece.as_ref().map_or(*left_bytes, |it| it.len() as u64);
                Poll::Ready(piece.map(|it| Ok(Frame::data(it))))
            }
            Self::Bytes(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Stream(body) => body.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Message(message) => message.left_bytes == 0,
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Message(message) => SizeHint::with_exact(message.left_bytes),
            Self::Bytes(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(body) => body.size_hint(),
        }
    }
}

impl fmt::Debug for OutgoingBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "Empty",
            Self::Bytes(_) => "Bytes",
            Self::Message(_) => "Message",
            Self::Stream(_) => "Stream",
        })
    }
}

/// A message of this length is copied in less time than its pieces are handed on.
const JOINED_BYTES_MAX: usize = 1 << 10;
