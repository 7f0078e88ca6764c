//! A reply on its way, as a stream of its items.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use eyot_jsonrpc::{Id, Message, Response};
use eyot_service::{
    BoxService, Call, CallSpan, Fault, Input, Messages, Reply, ReplyFuture, ReplyItem,
};
use eyot_types::{Method, SubscriptionsListenResult, meta};
use futures_core::Stream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tower_service::Service as _;

use crate::timer::Timer;

/// The items of one reply (or of several that were merged), from before the first to the end.
pub(crate) struct ReplyStream {
    stage: Stage,
    /// An item that was taken and put back.
    peeked: Option<ReplyItem>,
    /// Answers still to come: nothing follows the last.
    answers_left: usize,
    /// The upstream's last event id that came without a message.
    cursor: Option<Bytes>,
    /// The span of the call, if it is one.
    span: CallSpan,
    /// What ends it, if nothing else would. Boxed, because it is rare.
    end: Option<Box<GracefulEnd>>,
}

/// The end of a subscription: "this result is sent only when the server tears the subscription
/// down" (2026-07-28, basic/patterns/subscriptions).
struct GracefulEnd {
    token: Pin<Box<WaitForCancellationFutureOwned>>,
    answer: Message,
}

impl GracefulEnd {
    /// Of a subscription; `None` for everything else.
    fn of(input: &Input, token: &CancellationToken) -> Option<Self> {
        let Input::Request(request) = input else { return None };
        if !request.is_method(Method::SubscriptionsListen.as_str()) {
            return None;
        }
        let id = request.id();
        let answer = Message::response(id.clone(), &SubscriptionsListenResult::new(&id));
        let answer = meta::with_exact_subscription_id(answer, &id);
        Some(Self { token: Box::pin(token.clone().cancelled_owned()), answer })
    }
}

/// The first item of a reply, by what follows from it.
pub(crate) enum First {
    /// The answer, and nothing before it.
    Answer(Response),
    /// Something that comes before the answer.
    Other(ReplyItem),
    /// No answer will come.
    Failed(Fault),
    /// Nothing will come: the call was cancelled.
    Ended,
    /// Nothing came in time.
    Silence,
}

type PolledItem = Poll<Option<Result<ReplyItem, Fault>>>;

enum Stage {
    Calling(ReplyFuture),
    Streaming(Messages),
    Over,
}

impl ReplyStream {
    pub(crate) fn new(reply: ReplyFuture) -> Self {
        Self::at(Stage::Calling(reply), 1)
    }

    /// A call, in its span.
    pub(crate) fn of(service: &BoxService, call: Call) -> Self {
        let call = call.in_span();
        let span = call.span.clone();
        let reply = span.in_scope(|| service.clone().call(call));
        Self { span, ..Self::new(reply) }
    }

    /// A call that ends when `token` is cancelled if it is a subscription, which has no end of its
    /// own and would hold up the drain. A service that sees the end itself comes first.
    pub(crate) fn of_ending(service: &BoxService, call: Call, token: &CancellationToken) -> Self {
        let end = GracefulEnd::of(&call.input, token).map(Box::new);
        Self { end, ..Self::of(service, call) }
    }

    /// Whether it has no end of its own.
    pub(crate) fn is_subscription(&self) -> bool {
        self.end.is_some()
    }

    /// The items of several calls, each with its answer.
    pub(crate) fn merged(items: Messages, answers: usize) -> Self {
        Self::at(Stage::Streaming(items), answers)
    }

    /// Messages that belong to no call.
    pub(crate) fn endless(items: Messages) -> Self {
        Self::merged(items, usize::MAX)
    }

    pub(crate) fn over() -> Self {
        Self::at(Stage::Over, 0)
    }

    fn at(stage: Stage, answers_left: usize) -> Self {
        let span = CallSpan::default();
        Self { stage, peeked: None, answers_left, cursor: None, span, end: None }
    }

    /// The upstream's last event id that came without a message: where its stream began.
    pub(crate) fn cursor(&self) -> Option<Bytes> {
        self.cursor.clone()
    }

    /// Puts an item back: the next poll gives it again.
    pub(crate) fn put_back(&mut self, item: ReplyItem) {
        self.peeked = Some(item);
    }

    /// Whether nothing more can come.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over) && self.peeked.is_none()
    }

    /// The items as a stream of messages, in which a fault is the answer to `id`. What has no id has
    /// no answer: "The receiver MUST NOT send a response" to a notification (2025-11-25, basic).
    pub(crate) fn answered(self, id: Option<Id>) -> Messages {
        let mut reply = self;
        Messages::new(futures_util::stream::poll_fn(move |cx| {
            Poll::Ready(match (ready!(reply.poll_item(cx)), &id) {
                (None, _) => None,
                (Some(Ok(item)), _) => Some(Ok(item)),
                (Some(Err(fault)), Some(id)) => {
                    let failed = Message::error_response(Some(id.clone()), &fault.error);
                    Some(Ok(failed.into()))
                }
                (Some(Err(fault)), None) => {
                    tracing::debug!(error = %fault, "a message without an answer failed");
                    None
                }
            })
        }))
    }

    /// Waits for what comes first, at most for `patience`. The timer is touched only when
    /// there is something to wait for: some answers are there at once.
    pub(crate) async fn first(&mut self, patience: Option<Duration>, timer: &Timer) -> First {
        let mut silence = None;
        let first = std::future::poll_fn(|cx| {
            if let Poll::Ready(first) = self.poll_first(cx) {
                return Poll::Ready(first);
            }
            let Some(patience) = patience else { return Poll::Pending };
            let silence = silence.get_or_insert_with(|| timer.lend(patience));
            silence.as_mut().poll(cx).map(|()| First::Silence)
        });
        let first = first.await;
        if let Some(silence) = silence.filter(|it| !it.is_elapsed()) {
            timer.take_back(silence);
        }
        first
    }

    fn poll_first(&mut self, cx: &mut Context<'_>) -> Poll<First> {
        loop {
            return Poll::Ready(match ready!(self.poll_item(cx)) {
                Some(Ok(ReplyItem::Message { message, cursor })) => match message.into_response() {
                    Ok(answer) => First::Answer(answer),
                    Err(message) => First::Other(ReplyItem::Message { message, cursor }),
                },
                // The upstream only said where it is.
                Some(Ok(ReplyItem::Cursor(_))) => continue,
                // There must be a stream before it can be closed.
                Some(Ok(item)) => First::Other(item),
                Some(Err(fault)) => First::Failed(fault),
                None => First::Ended,
            });
        }
    }

    /// The next item; `None` at the end.
    pub(crate) fn poll_item(&mut self, cx: &mut Context<'_>) -> PolledItem {
        if let Some(item) = self.peeked.take() {
            return Poll::Ready(Some(Ok(item)));
        }
        let Self { stage, span, .. } = self;
        let item = match span.in_scope(|| stage.poll_item(cx)) {
            Poll::Ready(Some(Err(fault))) => {
                span.in_scope(|| tell(&fault));
                Some(Err(fault.told()))
            }
            Poll::Ready(item) => item,
            Poll::Pending => ready!(self.poll_end(cx)),
        };
        if let Some(Ok(item)) = &item {
            self.answers_left = self.answers_left.saturating_sub(usize::from(item.is_answer()));
            // The cursor of a message counts only once the message is stored: an item that was
            // put back has not been taken.
            if let ReplyItem::Cursor(cursor) = item {
                self.cursor = Some(cursor.clone());
            }
        }
        if self.answers_left == 0 || !matches!(item, Some(Ok(_))) {
            self.stage = Stage::Over;
        }
        Poll::Ready(item)
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) -> PolledItem {
        let Some(end) = &mut self.end else { return Poll::Pending };
        end.token.as_mut().poll(cx).map(|()| Some(Ok(end.answer.clone().into())))
    }
}

impl Stage {
    fn poll_item(&mut self, cx: &mut Context<'_>) -> PolledItem {
        loop {
            match self {
                Self::Over => return Poll::Ready(None),
                Self::Streaming(items) => return Pin::new(items).poll_next(cx),
                Self::Calling(reply) => {
                    let reply = ready!(reply.as_mut().poll(cx));
                    *self = Self::Over;
                    match reply {
                        Ok(Reply::None) => {}
                        Ok(Reply::One(answer)) => return Poll::Ready(Some(Ok(answer.into()))),
                        Ok(Reply::Stream(items)) => *self = Self::Streaming(items),
                        Err(fault) => return Poll::Ready(Some(Err(fault))),
                    }
                }
            }
        }
    }
}

/// Tells the operator why a call is given up, unless that was told before: its client hears less.
pub(crate) fn tell(fault: &Fault) {
    match fault.untold() {
        Some(error) => tracing::warn!(error, %fault, "call failed"),
        None => tracing::debug!(%fault, "call failed"),
    }
}

impl fmt::Debug for ReplyStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.stage {
            Stage::Calling(_) => "Calling",
            Stage::Streaming(_) => "Streaming",
            Stage::Over => "Over",
        })
    }
}

#[cfg(test)]
mod tests;
