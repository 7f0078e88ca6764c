//! The messages of an HTTP upstream of the legacy era that belong to no call.

use std::time::Duration;

use bytes::Bytes;
use eyot_service::{Fault, FaultKind, Messages, ReplyItem};
use eyot_stdx::Backoff;
use futures_util::stream;
use http::StatusCode;

use crate::event_stream::EventMessages;
use crate::http_legacy::HttpSession;
use crate::http_response::Answer;

/// The stream of messages that belong to no call.
pub(crate) struct StandaloneStream {
    session: HttpSession,
    cursor: Option<Bytes>,
    events: Option<Box<EventMessages>>,
    /// The upstream offers no such stream, or not to this session.
    refused: Option<StatusCode>,
    is_over: bool,
    failures: u32,
}

impl StandaloneStream {
    /// Ready when the upstream has opened its stream, or could not.
    pub(crate) async fn open(session: HttpSession, cursor: Option<Bytes>) -> Self {
        let mut stream =
            Self { session, cursor, events: None, refused: None, is_over: false, failures: 0 };
        stream.come_back().await;
        stream
    }

    /// The messages, for as long as the upstream offers them.
    pub(crate) fn into_messages(self) -> Messages {
        Messages::new(stream::unfold(self, Self::next))
    }

    async fn next(mut self) -> Option<(Result<ReplyItem, Fault>, Self)> {
        loop {
            if let Some(events) = &mut self.events {
                if let Some(item) = events.next().await {
                    self.failures = 0;
                    self.cursor = item.cursor().cloned().or_else(|| self.cursor.take());
                    return Some((Ok(item), self));
                }
                let retry = events.retry().unwrap_or(RETRY_DEFAULT);
                self.events = None;
                tokio::time::sleep(retry).await;
            } else if self.failures > 0 {
                tokio::time::sleep(UNREACHABLE.steady_delay(self.failures)).await;
            }
            if let Some(status) = self.refused {
                let fault = self.session.status_fault(status);
                let is_gone = fault.kind == FaultKind::SessionGone && !self.is_over;
                self.is_over = true;
                return is_gone.then_some((Err(fault), self));
            }
            // Boxed, because it is large and rare, and this future lives as long as its stream.
            Box::pin(self.come_back()).await;
        }
    }

    async fn come_back(&mut self) {
        match self.session.get(self.cursor.as_ref()).await {
            Ok(Answer::Events(events)) => self.events = Some(events),
            // "The server MUST either return `text/event-stream` […] or else HTTP 405".
            Ok(Answer::Status(status)) if status.is_client_error() => self.refused = Some(status),
            Ok(_) => self.failures = self.failures.saturating_add(1),
            Err(fault) => match self.session.refusal(&fault) {
                Some(status) => self.refused = Some(status),
                None => self.failures = self.failures.saturating_add(1),
            },
        }
    }
}

/// Used when the upstream names no time.
const RETRY_DEFAULT: Duration = Duration::from_secs(1);
/// The growing wait for an upstream that cannot be reached.
const UNREACHABLE: Backoff = Backoff { base: RETRY_DEFAULT, delay_max: Duration::from_secs(15) };
