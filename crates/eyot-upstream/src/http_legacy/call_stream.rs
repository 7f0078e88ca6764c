//! The messages of one call at an HTTP upstream of the legacy era.

use bytes::Bytes;
use eyot_jsonrpc::{Id, Message, Response, UpstreamId};
use eyot_service::{Fault, Messages, ReplyItem};
use eyot_types::codes::{self, Outcome};
use futures_util::stream;

use super::pace::Pace;
use super::wire::Wire;
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
        Box::new(CallStream::new(self, events, cursor)).into_messages()
    }

    /// The call's stream, which is read from its first event on.
    pub(super) fn read(self, events: Box<EventMessages>) -> Box<CallStream> {
        Box::new(CallStream::new(self, Some(events), None))
    }
}

impl Drop for RunningCall {
    fn drop(&mut self) {
        if let Some(ours) = self.ours {
            self.session.end_call(&self.id, ours);
        }
    }
}

/// A call's stream; it is taken up again where it broke, if the upstream gave event ids.
///
/// It lives in a box: what it gives is passed from hand to hand, and the stream with it.
#[derive(Debug)]
pub(super) struct CallStream {
    call: RunningCall,
    events: Option<Box<EventMessages>>,
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
        let (peeked, unreadable) = (None, None);
        Self { call, events, cursor, peeked, unreadable, pace, failures: 0, is_over: false }
    }

    /// Puts an item back: the next one is that again.
    pub(super) fn put_back(&mut self, item: Result<ReplyItem, Fault>) {
        self.peeked = Some(item);
    }

    pub(super) fn into_messages(self: Box<Self>) -> Messages {
        Messages::new(stream::unfold(self, |mut stream| async move {
            let item = stream.next().await?;
            Some((item, stream))
        }))
    }

    /// The next message or event id.
    pub(super) async fn next(&mut self) -> Option<Result<ReplyItem, Fault>> {
        if let Some(item) = self.peeked.take() {
            return Some(item);
        }
        if self.is_over {
            return None;
        }
        loop {
            if let Some(events) = &mut self.events
                && let Some(item) = events.next().await
            {
                let item = match item {
                    Ok(item) => item,
                    Err(text) if text.may_answer(self.call.ours) => {
                        self.is_over = true;
                        return Some(Err(text.fault()));
                    }
                    Err(text) => {
                        text.drop_unused();
                        self.unreadable = Some(text);
                        continue;
                    }
                };
                if !matches!(item, ReplyItem::Cursor(_)) {
                    self.pace.heard();
                    self.failures = 0;
                }
                let Some(item) = self.take(item) else { continue };
                if self.is_over
                    && let Some(events) = &mut self.events
                {
                    events.take_end().await;
                }
                return Some(Ok(item));
            }
            if let Err(fault) = Box::pin(self.come_back()).await {
                self.is_over = true;
                return Some(Err(fault));
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
    async fn come_back(&mut self) -> Result<(), Fault> {
        let lost =
            |reason: &str| Fault::upstream(codes::upstream_lost(reason, Outcome::Unknown, true));
        let ended = self.events.take();
        let is_first = ended.is_none() && self.failures == 0 && self.call.ours.is_none();
        let retry = ended.and_then(|it| it.retry());
        if self.cursor.is_none() || self.failures >= COME_BACK_FAILURES_MAX {
            return Err(ended_unanswered(self.unreadable.as_ref()));
        }
        if !is_first {
            tokio::time::sleep(self.pace.next_wait(retry)).await;
        }
        let session = &self.call.session;
        match session.get(self.cursor.as_ref()).await {
            Ok(Answer::Events(events)) => {
                self.events = Some(events);
                self.pace.opened();
                return Ok(());
            }
            Ok(Answer::Status(BareStatus { status, .. }) | Answer::Messages(status, _))
                if status.is_client_error() =>
            {
                return Err(lost("upstream cannot resume its stream"));
            }
            Err(fault) if session.refusal(&fault).is_some() => {
                return Err(lost("upstream cannot resume its stream"));
            }
            Ok(_) => {}
            Err(fault) => tracing::debug!(%fault, "upstream's stream cannot be resumed yet"),
        }
        self.failures += 1;
        Ok(())
    }
}

/// How often a stream is opened again without a message before its call fails.
const COME_BACK_FAILURES_MAX: u32 = 5;
