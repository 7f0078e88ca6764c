//! The messages of an HTTP upstream of the legacy era that belong to no call.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use eyot_service::{Fault, FaultKind, ReplyItem};
use eyot_stdx::Backoff;
use futures_core::Stream;

use super::pace::{Pace, RETRY_DEFAULT};
use super::wire::{Opening, Wire};
use crate::event_stream::EventMessages;
use crate::http_response::Answer;

/// The stream of messages that belong to no call, for as long as the upstream offers them.
pub(super) struct StandaloneStream {
    session: Wire,
    cursor: Option<Bytes>,
    events: Option<Box<EventMessages>>,
    /// The stream that is opened again.
    opening: Option<Opening>,
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
            opening: None,
            pace: Pace::default(),
            refused: None,
            is_over: false,
            failures: 0,
        };
        let answer = stream.session.get(stream.cursor.as_ref()).await;
        stream.opened(answer);
        stream
    }

    /// Takes note of what has come.
    fn take(&mut self, item: ReplyItem) -> ReplyItem {
        if !matches!(item, ReplyItem::Cursor(_)) {
            self.pace.heard();
            self.failures = 0;
        }
        self.cursor = item.cursor().cloned().or_else(|| self.cursor.take());
        item
    }

    /// The pause before the stream is opened again.
    fn pause(&mut self) -> Duration {
        match self.events.take() {
            Some(ended) => self.pace.next_wait(ended.retry()),
            None if self.failures > 0 => UNREACHABLE.steady_delay(self.failures),
            None => Duration::ZERO,
        }
    }

    /// Takes the answer to the opening.
    fn opened(&mut self, answer: Result<Answer, Fault>) {
        let fault = match answer {
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
                self.session.refused_stream(status, messages.as_slice())
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

impl Stream for StandaloneStream {
    type Item = Result<ReplyItem, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(opening) = &mut self.opening {
                let answer = ready!(opening.as_mut().poll(cx));
                self.opening = None;
                self.opened(answer);
            }
            if let Some(events) = &mut self.events
                && let Some(item) = ready!(Pin::new(&mut **events).poll_next(cx))
            {
                match item {
                    Ok(item) => return Poll::Ready(Some(Ok(self.take(item)))),
                    Err(text) => text.drop_unused(),
                }
                continue;
            }
            if self.is_over {
                return Poll::Ready(None);
            }
            if let Some(fault) = self.refused.take() {
                self.is_over = true;
                // Some servers answer 404 where they offer no such stream.
                let is_gone = fault.kind == FaultKind::SessionGone && self.was_open;
                return Poll::Ready(is_gone.then_some(Err(fault)));
            }
            let pause = self.pause();
            self.opening = Some(self.session.clone().open_after(pause, self.cursor.clone()));
        }
    }
}

/// The growing wait for an upstream that cannot be reached.
const UNREACHABLE: Backoff = Backoff { base: RETRY_DEFAULT, delay_max: Duration::from_secs(15) };
