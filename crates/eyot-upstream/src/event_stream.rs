//! An upstream's event stream as messages.

use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use eyot_frame::{Event, EventDecoder};
use eyot_http::UpstreamBody;
use eyot_jsonrpc::ScanLimits;
use eyot_service::{Limits, ReplyItem};

use crate::reading::read_one;
use crate::unreadable::Unreadable;

/// Reads messages from an event stream.
#[derive(Debug)]
pub(crate) struct EventMessages {
    body: UpstreamBody,
    decoder: Box<EventDecoder>,
    retry: Option<Duration>,
    /// The cursor of an event without a message, which is still to be given out.
    cursor: Option<Bytes>,
    scan: ScanLimits,
}

impl EventMessages {
    pub(crate) fn new(body: UpstreamBody, limits: &Limits) -> Self {
        let decoder = Box::new(EventDecoder::new(limits.messages.bytes_max));
        Self { body, decoder, retry: None, cursor: None, scan: limits.messages.scan }
    }

    /// The next message or cursor, or a text in the place of a message; `None` when the stream has
    /// ended or broken.
    pub(crate) async fn next(&mut self) -> Option<Result<ReplyItem, Unreadable>> {
        if let Some(cursor) = self.cursor.take() {
            return Some(Ok(ReplyItem::Cursor(cursor)));
        }
        for reads in 1_u64.. {
            if reads.is_multiple_of(READS_MAX) {
                // Deadlines around this get their turn, although there is always more to read.
                tokio::task::yield_now().await;
            }
            match self.decoder.next_event() {
                Ok(Some(event)) => {
                    if let Some(item) = self.item(event) {
                        return Some(item);
                    }
                }
                Ok(None) => {
                    let data = self.read().await?;
                    self.decoder.push(data);
                }
                Err(error) => return Some(Err(error.into())),
            }
        }
        None
    }

    fn item(&mut self, event: Event) -> Option<Result<ReplyItem, Unreadable>> {
        let Event { id: cursor, data, retry, .. } = event;
        self.retry = retry.or(self.retry);
        if data.trim_ascii().is_empty() {
            return Some(Ok(ReplyItem::Cursor(cursor?)));
        }
        Some(match read_one(data, &self.scan) {
            Ok(message) => Ok(ReplyItem::Message { message, cursor }),
            Err(text) => {
                self.cursor = cursor;
                Err(text)
            }
        })
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
}

/// Steps of reading that bring nothing, before others get their turn.
const READS_MAX: u64 = 16;
