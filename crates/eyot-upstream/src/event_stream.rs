//! An upstream's event stream as messages.

use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use eyot_frame::EventDecoder;
use eyot_http::UpstreamBody;
use eyot_jsonrpc::{Message, ScanLimits};
use eyot_service::{Limits, ReplyItem};

/// Reads messages from an event stream.
#[derive(Debug)]
pub(crate) struct EventMessages {
    body: UpstreamBody,
    decoder: Box<EventDecoder>,
    retry: Option<Duration>,
    scan: ScanLimits,
}

impl EventMessages {
    pub(crate) fn new(body: UpstreamBody, limits: &Limits) -> Self {
        let decoder = Box::new(EventDecoder::new(limits.messages.bytes_max));
        Self { body, decoder, retry: None, scan: limits.messages.scan }
    }

    /// The next message or cursor; `None` when the stream has ended or broken.
    pub(crate) async fn next(&mut self) -> Option<ReplyItem> {
        loop {
            match self.decoder.next_event() {
                Ok(Some(event)) => {
                    self.retry = event.retry.or(self.retry);
                    match (self.parse(event.data), event.id) {
                        (Some(message), cursor) => {
                            return Some(ReplyItem::Message { message, cursor });
                        }
                        (None, Some(cursor)) => return Some(ReplyItem::Cursor(cursor)),
                        (None, None) => {}
                    }
                }
                Ok(None) => {
                    let data = self.read().await?;
                    self.decoder.push(data);
                }
                Err(error) => {
                    tracing::warn!(%error, "event of the upstream is skipped");
                    eyot_metrics::messages_dropped("event_too_long");
                }
            }
        }
    }

    /// Takes the end of the stream if it is there already, so that the connection can serve
    /// others. "After the response has been sent, the server SHOULD close the SSE stream":
    /// its end most often comes together with the answer.
    pub(crate) async fn take_end(&mut self) {
        let end = std::future::poll_fn(|cx| Poll::Ready(self.body.poll_data(cx)));
        if let Poll::Ready(Ok(Some(_))) = end.await {
            tracing::debug!("upstream goes on behind its answer");
        }
    }

    /// How long the upstream asked to wait before coming back.
    ///
    /// "the client MUST respect the `retry` field" (2025-11-25, basic/transports).
    pub(crate) fn retry(&self) -> Option<Duration> {
        self.retry
    }

    async fn read(&mut self) -> Option<Bytes> {
        match self.body.data().await {
            Ok(data) => data,
            Err(error) => {
                tracing::debug!(%error, "upstream's event stream broke");
                None
            }
        }
    }

    /// An event that holds no message is skipped: the next may be whole.
    fn parse(&self, data: Bytes) -> Option<Message> {
        if data.trim_ascii().is_empty() {
            return None;
        }
        match Message::parse(data, &self.scan) {
            Ok(message) => Some(message),
            Err(error) => {
                tracing::warn!(%error, "event of the upstream holds no message");
                eyot_metrics::messages_dropped("event_unreadable");
                None
            }
        }
    }
}
