//! The messages of a call, each within its deadline.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use eyot_jsonrpc::Kind;
use eyot_service::{Fault, Messages, ReplyItem};
use eyot_upstream::CallTimer;
use futures_core::Stream;

use crate::questions::{Origin, is_about_question};
use crate::watch::Watch;

/// The messages of a call on their way to the client.
///
/// Nearly all of them pass at once. What has to be waited for is work of its own, in a box: it is
/// large and rare.
pub(crate) struct Following {
    /// `None` while the work has it.
    call: Option<Followed>,
    work: Option<Work>,
}

type Work = Pin<Box<dyn Future<Output = (Followed, Option<Item>)> + Send>>;
type Item = Result<ReplyItem, Fault>;

/// A call whose messages are followed.
struct Followed {
    watch: Watch,
    parts: Messages,
    timer: CallTimer,
    /// Whether the upstream may have asked in this call, perhaps before a restart.
    has_asked: bool,
    is_over: bool,
}

/// What is heard of the upstream.
enum Word {
    Said(ReplyItem),
    /// Nothing in time, or for too long.
    Overdue(Fault),
    Failed(Fault),
    Ended,
}

impl Following {
    /// The messages of `parts`; the silence begins now.
    pub(crate) fn new(mut watch: Watch, parts: Messages) -> Self {
        watch.clock.rest();
        let has_asked = watch.context.look(|state| !state.items.questions().is_empty());
        let timer = CallTimer::default();
        let call = Followed { watch, parts, timer, has_asked, is_over: false };
        Self { call: Some(call), work: None }
    }
}

impl Stream for Following {
    type Item = Item;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        let Self { call, work } = &mut *self;
        loop {
            if let Some(working) = work {
                let (followed, item) = ready!(working.as_mut().poll(cx));
                *work = None;
                *call = Some(followed);
                // What the client does not see is followed by what it does.
                if item.is_some() {
                    return Poll::Ready(item);
                }
            }
            let Some(followed) = call.as_mut().filter(|it| !it.is_over) else {
                return Poll::Ready(None);
            };
            match ready!(followed.poll_word(cx)) {
                Word::Said(part) if !followed.has_to_wait(&part) => {
                    return Poll::Ready(Some(Ok(followed.shown(part))));
                }
                word => *work = call.take().map(|it| -> Work { Box::pin(it.take(word)) }),
            }
        }
    }
}

impl Followed {
    fn poll_word(&mut self, cx: &mut Context<'_>) -> Poll<Word> {
        match Pin::new(&mut self.parts).poll_next(cx) {
            Poll::Ready(Some(Ok(part))) => {
                self.watch.clock.hear(&part);
                Poll::Ready(self.overdue(&part).map_or(Word::Said(part), Word::Overdue))
            }
            Poll::Ready(Some(Err(fault))) => Poll::Ready(Word::Failed(fault)),
            Poll::Ready(None) => Poll::Ready(Word::Ended),
            Poll::Pending => {
                let Watch { questions, context, clock, .. } = &self.watch;
                let passed = self.timer.poll_passed(|| questions.looked_at(context, clock), cx);
                passed.map(|()| Word::Overdue(clock.fault()))
            }
        }
    }

    /// The fault of a call whose time is up, although its upstream always has something to say: what
    /// is there at once is not waited for. An answer is never too late.
    fn overdue(&self, part: &ReplyItem) -> Option<Fault> {
        let Watch { questions, context, clock, .. } = &self.watch;
        let is_over = match part {
            ReplyItem::Cursor(_) => questions.is_overdue(context, clock),
            part => !part.is_answer() && clock.heard_at() >= clock.ends_at(),
        };
        is_over.then(|| clock.fault())
    }

    /// Whether something has to be done before the client sees the part.
    fn has_to_wait(&self, part: &ReplyItem) -> bool {
        let ReplyItem::Message { message, .. } = part else { return false };
        match message.is_response() {
            true => self.has_asked || self.watch.change.is_some(),
            false => is_about_question(message),
        }
    }

    /// The part as the client sees it.
    fn shown(&mut self, part: ReplyItem) -> ReplyItem {
        self.is_over = part.is_answer();
        part.map_message(|it| self.watch.carried(it))
    }

    /// Does what follows from a word; returns what the client sees of it.
    async fn take(mut self, word: Word) -> (Self, Option<Item>) {
        let item = match word {
            Word::Said(part) => self.pass(part).await,
            Word::Overdue(fault) => Err(self.watch.give_up(fault).await),
            Word::Failed(fault) => Err(fault),
            Word::Ended => {
                self.is_over = true;
                Ok(None)
            }
        };
        self.is_over |= item.is_err();
        if self.is_over && self.has_asked {
            let Watch { questions, context, id, .. } = &self.watch;
            questions.call_ended(context, id).await;
        }
        (self, item.transpose())
    }

    async fn pass(&mut self, part: ReplyItem) -> Result<Option<ReplyItem>, Fault> {
        let (message, cursor) = match self.shown(part) {
            ReplyItem::Message { message, cursor } => (message, cursor),
            other => return Ok(Some(other)),
        };
        if message.is_response() {
            self.watch.remember(&message).await?;
            return Ok(Some(ReplyItem::Message { message, cursor }));
        }
        let Watch { connection, generation, id, questions, context, .. } = &self.watch;
        self.has_asked |= message.kind() == Kind::Request;
        let origin = Origin { generation: *generation, call: Some(id) };
        let message = questions.heard(context, connection, origin, message).await;
        Ok(message.map(|message| ReplyItem::Message { message, cursor }))
    }
}
