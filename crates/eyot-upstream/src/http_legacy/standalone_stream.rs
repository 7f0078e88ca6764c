//! The messages of an HTTP upstream of the legacy era that belong to no call.

use std::time::Duration;

use bytes::Bytes;
use eyot_service::{Fault, FaultKind, Messages, ReplyItem};
use eyot_stdx::Backoff;
use futures_util::stream;

use super::pace::{Pace, RETRY_DEFAULT};
use super::wire::Wire;
use crate::event_stream::EventMessages;
use crate::http_response::Answer;

/// The stream of messages that belong to no call.
pub(super) struct StandaloneStream {
    session: Wire,
    cursor: Option<Bytes>,
    events: Option<Box<EventMessages>>,
    pace: Pace,
    /// The upstream has opened such a stream in this session.
    was_open: bool,
    /// The upstream offers no such stream, or not any more.
    refused: Option<Fault>,
    is_over: bool,
    failures: u32,
}

impl StandaloneStream {
    /// Ready when the upstream has opened its stream, or could not.
    pub(super) async fn open(session: Wire, cursor: Option<Bytes>) -> Self {
        let mut stream = Self {
            session,
            was_open: cursor.is_some(),
            cursor,
            events: None,
            pace: Pace::default(),
            refused: None,
            is_over: false,
            failures: 0,
        };
        stream.come_back().await;
        stream
    }

    /// The messages, for as long as the upstream offers them.
    pub(super) fn into_messages(self) -> Messages {
        Messages::new(stream::unfold(self, Self::next))
    }

    async fn next(mut self) -> Option<(Result<ReplyItem, Fault>, Self)> {
        loop {
            if let Some(events) = &mut self.events {
                if let Some(item) = events.next().await {
                    let item = match item {
                        Ok(item) => item,
                        Err(text) => {
                            text.drop_unused();
                            continue;
                        }
                    };
                    if !matches!(item, ReplyItem::Cursor(_)) {
                        self.pace.heard();
                        self.failures = 0;
                    }
                    self.cursor = item.cursor().cloned().or_else(|| self.cursor.take());
                    return Some((Ok(item), self));
                }
                let retry = events.retry();
                self.events = None;
                tokio::time::sleep(self.pace.next_wait(retry)).await;
            } else if self.failures > 0 {
                tokio::time::sleep(UNREACHABLE.steady_delay(self.failures)).await;
            }
            if self.is_over {
                return None;
            }
            if let Some(fault) = self.refused.take() {
                self.is_over = true;
                // Some servers answer 404 where they offer no such stream.
                let is_gone = fault.kind == FaultKind::SessionGone && self.was_open;
                return is_gone.then_some((Err(fault), self));
            }
            // Boxed, because it is large and rare, and this future lives as long as its stream.
            Box::pin(self.come_back()).await;
        }
    }

    async fn come_back(&mut self) {
        let fault = match self.session.get(self.cursor.as_ref()).await {
            Ok(Answer::Events(events)) => {
                self.events = Some(events);
                self.pace.opened();
                self.was_open = true;
                return;
            }
            // "The server MUST either return `text/event-stream` […] or else HTTP 405".
            Ok(Answer::Status(bare)) if bare.status.is_client_error() => {
                self.session.status_fault(&bare)
            }
            Ok(Answer::Messages(status, messages)) if status.is_client_error() => {
                self.session.refused_stream(status, &messages)
            }
            Err(fault) if self.session.refusal(&fault).is_some() => fault,
            Ok(_) | Err(_) => {
                self.failures = self.failures.saturating_add(1);
                return;
            }
        };
        match self.cursor.take() {
            // The upstream may have given up the events behind it, and still have a stream.
            Some(_) if fault.kind != FaultKind::SessionGone => {
                tracing::warn!(%fault, "upstream does not go on where its stream was");
                self.failures = self.failures.saturating_add(1);
            }
            _ => self.refused = Some(fault),
        }
    }
}

/// The growing wait for an upstream that cannot be reached.
const UNREACHABLE: Backoff = Backoff { base: RETRY_DEFAULT, delay_max: Duration::from_secs(15) };
