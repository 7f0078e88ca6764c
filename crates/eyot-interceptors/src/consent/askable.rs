//! The sessions that can be asked about the calls of others: they have a named principal, and a stream for
//! what belongs to none of their calls.

use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use eyot_jsonrpc::{Id, Message, Notification, Request};
use eyot_service::{Call, Fault, Input, Messages, Reply, ReplyItem, SessionHandle};
use eyot_types::{CancelledParams, Method};
use futures_util::Stream;
use parking_lot::Mutex;

use super::approvers::Approvers;
use super::open_questions::OpenQuestions;

/// The sessions of this process that can be asked now.
#[derive(Clone, Debug, Default)]
pub(crate) struct AskableSessions(Arc<Mutex<Listening>>);

#[derive(Debug, Default)]
struct Listening {
    /// The number of the next stream.
    next: u64,
    /// By the numbers of their streams: the newest is the last.
    sessions: BTreeMap<u64, Askable>,
}

/// A session that can be asked, as long as its stream is open.
#[derive(Clone, Debug)]
pub(crate) struct Askable {
    pub(crate) number: u64,
    pub(crate) principal: Arc<str>,
    pub(crate) session: Arc<SessionHandle>,
    outbox: Arc<Mutex<Outbox>>,
}

/// What has yet to go out on a stream.
#[derive(Debug, Default)]
struct Outbox {
    waiting: VecDeque<Message>,
    waker: Option<Waker>,
}

/// A client that opens the stream of its session.
#[derive(Debug)]
pub(crate) struct Listener {
    askable: AskableSessions,
    principal: Arc<str>,
    session: Arc<SessionHandle>,
}

impl AskableSessions {
    /// The client of a call, if it can be asked once the call is answered with a stream.
    pub(crate) fn listener(&self, call: &Call) -> Option<Listener> {
        let Input::Listen { .. } = &call.input else { return None };
        let principal = Arc::clone(call.peer.principal_name()?);
        let session = Arc::clone(call.session.as_ref()?);
        Some(Listener { askable: self.clone(), principal, session })
    }

    /// The newest session of one of these principals whose stream is older than that of this number.
    pub(crate) fn newest_before(&self, number: u64, of: &Approvers) -> Option<Askable> {
        let listening = self.0.lock();
        let mut older = listening.sessions.range(..number).rev();
        older.find(|(_, it)| of.has(&it.principal)).map(|(_, it)| it.clone())
    }
}

impl Listener {
    /// The reply to the client, with what it is asked among the messages of its stream.
    pub(crate) fn beside(self, reply: Reply) -> Reply {
        let Reply::Stream(messages) = reply else { return reply };
        let Self { askable, principal, session } = self;
        let outbox: Arc<Mutex<Outbox>> = Arc::default();
        let mut listening = askable.0.lock();
        let number = listening.next;
        listening.next += 1;
        let place = Askable { number, principal, session, outbox };
        listening.sessions.insert(number, place.clone());
        drop(listening);
        Reply::Stream(Messages::new(AskedBeside { messages, place, askable }))
    }
}

impl Askable {
    /// Shows a question; `false`: too many wait to be shown.
    pub(crate) fn show(&self, question: Request) -> bool {
        let mut outbox = self.outbox.lock();
        if outbox.waiting.len() >= WAITING_MAX {
            return false;
        }
        outbox.push(question.into_message());
        true
    }

    /// Takes a question back that has no answer.
    pub(crate) fn take_back(&self, id: &Id) {
        let mut outbox = self.outbox.lock();
        let shown = outbox.waiting.len();
        outbox.waiting.retain(|it| it.id().as_ref() != Some(id));
        if outbox.waiting.len() == shown {
            let cancelled = CancelledParams::new(id.clone());
            let cancelled = Notification::new(Method::Cancelled.as_str(), &cancelled);
            outbox.push(cancelled.into_message());
        }
    }
}

impl Outbox {
    fn push(&mut self, message: Message) {
        self.waiting.push_back(message);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// The messages of a session that belong to none of its calls, and what its client is asked.
struct AskedBeside {
    messages: Messages,
    place: Askable,
    askable: AskableSessions,
}

impl Stream for AskedBeside {
    type Item = Result<ReplyItem, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut outbox = self.place.outbox.lock();
        if let Some(message) = outbox.waiting.pop_front() {
            return Poll::Ready(Some(Ok(message.into())));
        }
        outbox.waker = Some(cx.waker().clone());
        drop(outbox);
        Pin::new(&mut self.messages).poll_next(cx)
    }
}

/// What was not shown is not shown any more, and an answer may not come: it is asked elsewhere.
impl Drop for AskedBeside {
    fn drop(&mut self) {
        let before = self.askable.0.lock().sessions.remove(&self.place.number);
        drop(before);
        OpenQuestions::of(&self.place.session).end_those_of_others();
    }
}

/// Messages that wait for a stream which is not read.
const WAITING_MAX: usize = 16;
