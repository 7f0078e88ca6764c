//! An upstream's event stream as messages.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use eyot_frame::{Event, EventDecoder};
use eyot_http::UpstreamBody;
use eyot_jsonrpc::ScanLimits;
use eyot_service::{Limits, ReplyItem};
use futures_core::Stream;

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
    pub(crate) fn take_end(&mut self, cx: &mut Context<'_>) {
        if let Poll::Ready(Ok(Some(_))) = self.body.poll_data(cx) {
            tracing::debug!("upstream goes on behind its answer");
        }
    }

    /// How long the upstream asked to wait before coming back.
    ///
    /// "the client MUST respect the `retry` field" (2025-11-25, basic/transports).
    pub(crate) fn retry(&self) -> Option<Duration> {
        self.retry
    }
}

/// Messages and cursors, or a text in the place of a message, until the stream has ended or broken.
impl Stream for EventMessages {
    type Item = Result<ReplyItem, Unreadable>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(cursor) = self.cursor.take() {
            return Poll::Ready(Some(Ok(ReplyItem::Cursor(cursor))));
        }
        for _ in 0..READS_MAX {
            match self.decoder.next_event() {
                Ok(Some(event)) => {
                    if let Some(item) = self.item(event) {
                        return Poll::Ready(Some(item));
                    }
                }
                Ok(None) => match ready!(self.body.poll_data(cx)) {
                    Ok(Some(data)) => self.decoder.push(data),
                    Ok(None) => return Poll::Ready(None),
                    Err(error) => {
                        tracing::debug!(%error, "upstream's event stream broke");
                        return Poll::Ready(None);
                    }
                },
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
        // Deadlines around this get their turn, although there is always more to read.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Steps of reading that bring nothing, before others get their turn.
const READS_MAX: u32 = 16;
