//! The event stream of one session.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use eyot_frame::{Event, EventDecoder, Excerpt, FrameError};
use eyot_jsonrpc::Remnant;
use eyot_service::{BadMessage, IoEnd, IoEvent, Limits, OperatorText};

use crate::UpstreamBody;

/// An event stream whose first event has named the endpoint.
#[derive(Debug)]
pub struct SseStream {
    body: UpstreamBody,
    decoder: Box<EventDecoder>,
}

/// Why an event stream is not that of this transport, as the end of a sentence that begins with its
/// server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SseError {
    /// The endpoint did not come in time. The same stream may come in time later.
    #[error("named no endpoint in {0:?}")]
    Silent(Duration),
    /// The stream ended or broke before it.
    #[error("closed its event stream before it named its endpoint")]
    Closed,
    /// The first event is another one: this is an event stream of another kind.
    #[error("sent another event before its endpoint")]
    OtherEvent,
    /// The first event is too long to name a URL, or is no text.
    #[error("named an endpoint that is no URL")]
    NoUrl,
}

impl SseStream {
    /// Waits for the event that names the endpoint; gives the URL along as the server wrote it, which
    /// may be relative, and may hold a secret.
    ///
    /// "When a client connects, the server MUST send an `endpoint` event containing a URI for the
    /// client to use for sending messages" (2024-11-05, basic/transports).
    ///
    /// # Errors
    ///
    /// [`SseError`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the stream.
    pub async fn open(body: UpstreamBody, limits: &Limits) -> Result<(Self, String), SseError> {
        let decoder = Box::new(EventDecoder::new(limits.messages.bytes_max));
        let mut stream = Self { body, decoder };
        let patience = limits.upstream.connect_timeout;
        let naming = tokio::time::timeout(patience, stream.endpoint(limits.http.head_bytes_max));
        let endpoint = naming.await.map_err(|_elapsed| SseError::Silent(patience))??;
        Ok((stream, endpoint))
    }

    async fn endpoint(&mut self, bytes_max: usize) -> Result<String, SseError> {
        loop {
            match self.decoder.next_event() {
                Ok(Some(Event { event: Some(name), data, .. })) if &name[..] == ENDPOINT => {
                    let text = std::str::from_utf8(&data).map_err(|_| SseError::NoUrl)?.trim();
                    let is_url = !text.is_empty() && text.len() <= bytes_max;
                    return is_url.then(|| text.to_owned()).ok_or(SseError::NoUrl);
                }
                // A priming event.
                Ok(Some(event)) if event.data.is_empty() => {}
                Ok(Some(_)) => return Err(SseError::OtherEvent),
                Ok(None) => match self.body.data().await {
                    Ok(Some(data)) => self.decoder.push(data),
                    Ok(None) | Err(_) => return Err(SseError::Closed),
                },
                Err(_too_long) => return Err(SseError::NoUrl),
            }
        }
    }

    /// The next message, or the end.
    pub(super) fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<IoEvent> {
        for _ in 0..STEPS_MAX {
            match self.decoder.next_event() {
                Ok(Some(event)) => {
                    if let Some(text) = message(event) {
                        return Poll::Ready(IoEvent::Message(text));
                    }
                }
                Ok(None) => match ready!(self.body.poll_data(cx)) {
                    Ok(Some(data)) => self.decoder.push(data),
                    Ok(None) => {
                        return Poll::Ready(IoEvent::Ended(IoEnd::new("closed its event stream")));
                    }
                    Err(error) => {
                        let text = OperatorText::new(error.to_string());
                        let end = IoEnd::new("broke its event stream").with_operator_text(text);
                        return Poll::Ready(IoEvent::Ended(end));
                    }
                },
                Err(error) => return Poll::Ready(IoEvent::Bad(bad(error))),
            }
        }
        // Others get their turn, although there is always more to read.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// The text of an event that carries a message: "Server messages are sent as SSE `message` events".
fn message(event: Event) -> Option<Bytes> {
    match event.event.as_deref() {
        None | Some(b"message") => {}
        Some(ENDPOINT) => {
            tracing::warn!("upstream names another endpoint; the first one counts");
            return None;
        }
        Some(_) => return None,
    }
    (!event.data.trim_ascii().is_empty()).then_some(event.data)
}

fn bad(error: FrameError) -> BadMessage {
    match error {
        FrameError::TooLong(Excerpt { len_bytes, limit_bytes, head, tail, .. }) => {
            let remnant = Remnant::of_ends(len_bytes, &head, &tail);
            BadMessage::TooLong { len_bytes, limit_bytes, remnant }
        }
        _ => BadMessage::Unreadable,
    }
}

const ENDPOINT: &[u8] = b"endpoint";
/// Steps of reading that bring no message, before others get their turn.
const STEPS_MAX: u32 = 16;
