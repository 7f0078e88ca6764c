//! The messages of one call at an HTTP upstream of the legacy era.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use eyot_jsonrpc::{Id, Message, Response, UpstreamId};
use eyot_service::{Fault, Messages, ReplyItem};
use eyot_types::codes::{self, Outcome};
use futures_core::Stream;

use super::pace::Pace;
use super::wire::{Opening, Wire};
use crate::event_stream::EventMessages;
use crate::http_response::{Answer, BareStatus};
use crate::unreadable::{Unreadable, ended_unanswered};

/// A call at the upstream; it can be cancelled while this lives.
#[derive(Debug)]
pub(super) struct RunningCall {
    session: Wire,
    id: Id,
    /// Our id of it; `None` when an earlier process gave it.
    ours: Option<UpstreamId>,
}

impl RunningCall {
    /// A call that is about to be sent under our id.
    pub(super) fn begin(session: Wire, id: Id, ours: UpstreamId) -> Self {
        session.begin_call(id.clone(), ours);
        Self { session, id, ours: Some(ours) }
    }

    /// A call that an earlier process has sent. Its id there is unknown: the only answer on the
    /// call's own stream is its own.
    pub(super) fn resumed(session: Wire, id: Id) -> Self {
        Self { session, id, ours: None }
    }

    /// The caller's id.
    pub(super) fn id(&self) -> &Id {
        &self.id
    }

    /// The message as the caller's answer, if it is the answer of this call.
    pub(super) fn answer(&self, message: Message) -> Option<Response> {
        let answer = message.into_response().ok()?;
        let answered = answer.upstream_id();
        let is_ours = answer.id().is_none() || self.ours.is_none_or(|it| answered == Some(it));
        is_ours.then(|| answer.with_client_id(self.id.clone()))
    }

    /// The messages of the call: those of `events`, or those behind `cursor`.
    pub(super) fn follow(
        self,
        events: Option<Box<EventMessages>>,
        cursor: Option<Bytes>,
    ) -> Messages {
        Messages::new(CallStream::new(self, events, cursor))
    }

    /// The call's stream, which is read from its first event on.
    pub(super) fn read(self, events: Box<EventMessages>) -> Pin<Box<CallStream>> {
        Box::pin(CallStream::new(self, Some(events), None))
    }
}

impl Drop for RunningCall {
    fn drop(&mut self) {
        if let Some(ours) = self.ours {
            self.session.end_call(&self.id, ours);
        }
    }
}

/// A call's stream: messages and event ids. It is taken up again where it broke, if the upstream
/// gave event ids.
pub(super) struct CallStream {
    call: RunningCall,
    events: Option<Box<EventMessages>>,
    /// The stream that is opened again.
    opening: Option<Opening>,
    cursor: Option<Bytes>,
    /// An item that was taken and put back.
    peeked: Option<Result<ReplyItem, Fault>>,
    /// What came in the place of a message, and may have been the answer.
    unreadable: Option<Unreadable>,
    pace: Pace,
    /// Openings that failed, since the last message.
    failures: u32,
    is_over: bool,
}

impl CallStream {
    fn new(call: RunningCall, events: Option<Box<EventMessages>>, cursor: Option<Bytes>) -> Self {
        let mut pace = Pace::default();
        pace.opened();
        Self {
            call,
            events,
            opening: None,
            cursor,
            peeked: None,
            unreadable: None,
            pace,
            failures: 0,
            is_over: false,
        }
    }

    /// Puts an item back: the next one is that again.
    pub(super) fn put_back(&mut self, item: Result<ReplyItem, Fault>) {
        self.peeked = Some(item);
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Result<ReplyItem, Fault>> {
        loop {
            if let Some(opening) = &mut self.opening {
                let answer = ready!(opening.as_mut().poll(cx));
                self.opening = None;
                self.opened(answer)?;
            }
            if let Some(events) = &mut self.events
                && let Some(item) = ready!(Pin::new(&mut **events).poll_next(cx))
            {
                if let Some(item) = self.pass(item)? {
                    return Poll::Ready(Ok(item));
                }
            } else {
                self.opening = Some(self.come_back()?);
            }
        }
    }

    /// What the caller gets of an item; `None`: nothing.
    fn pass(&mut self, item: Result<ReplyItem, Unreadable>) -> Result<Option<ReplyItem>, Fault> {
        match item {
            Ok(item) => {
                if !matches!(item, ReplyItem::Cursor(_)) {
                    self.pace.heard();
                    self.failures = 0;
                }
                Ok(self.take(item))
            }
            Err(text) if text.may_answer(self.call.ours) => Err(text.fault()),
            Err(text) => {
                text.drop_unused();
                self.unreadable = Some(text);
                Ok(None)
            }
        }
    }

    fn take(&mut self, item: ReplyItem) -> Option<ReplyItem> {
        self.cursor = item.cursor().cloned().or_else(|| self.cursor.take());
        match item {
            ReplyItem::Message { message, cursor } if message.is_response() => {
                let Some(answer) = self.call.answer(message) else {
                    eyot_metrics::messages_dropped("answer_unmatched");
                    return None;
                };
                self.is_over = true;
                Some(ReplyItem::Message { message: answer.into(), cursor })
            }
            other => Some(other),
        }
    }

    /// Opens the stream again behind what was seen.
    fn come_back(&mut self) -> Result<Opening, Fault> {
        let ended = self.events.take();
        let is_first = ended.is_none() && self.failures == 0 && self.call.ours.is_none();
        let retry = ended.and_then(|it| it.retry());
        if self.cursor.is_none() || self.failures >= COME_BACK_FAILURES_MAX {
            return Err(ended_unanswered(self.unreadable.as_ref()));
        }
        let pause = if is_first { Duration::ZERO } else { self.pace.next_wait(retry) };
        Ok(self.call.session.clone().open_after(pause, self.cursor.clone()))
    }

    /// Takes the answer to the opening.
    fn opened(&mut self, answer: Result<Answer, Fault>) -> Result<(), Fault> {
        let lost = || {
            let reason = "upstream cannot resume its stream";
            Fault::upstream(codes::upstream_lost(reason, Outcome::Unknown, true))
        };
        match answer {
            Ok(Answer::Events(events)) => {
                self.events = Some(events);
                self.pace.opened();
                return Ok(());
            }
            Ok(Answer::Status(BareStatus { status, .. }) | Answer::Messages(status, _))
                if status.is_client_error() =>
            {
                return Err(lost());
            }
            Err(fault) if self.call.session.refusal(&fault).is_some() => return Err(lost()),
            Ok(_) => {}
            Err(fault) => tracing::debug!(%fault, "upstream's stream cannot be resumed yet"),
        }
        self.failures += 1;
        Ok(())
    }
}

impl Stream for CallStream {
    type Item = Result<ReplyItem, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(item) = self.peeked.take() {
            return Poll::Ready(Some(item));
        }
        if self.is_over {
            return Poll::Ready(None);
        }
        let item = ready!(self.poll_item(cx));
        if self.is_over
            && let Some(events) = &mut self.events
        {
            events.take_end(cx);
        }
        self.is_over |= item.is_err();
        Poll::Ready(Some(item))
    }
}

/// How often a stream is opened again without a message before its call fails.
const COME_BACK_FAILURES_MAX: u32 = 5;
