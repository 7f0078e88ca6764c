//! One call at the upstream, for as long as it takes: over as many rounds as the client needs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use eyot_era::modern_to_legacy::{RoundLosses, Rounds, passes};
use eyot_jsonrpc::{ErrorObject, Id, Message};
use eyot_service::{Fault, Messages, Reply, ReplyFuture, ReplyItem};
use eyot_stdx::QuotaPermit;
use eyot_types::{ClientCapabilities, Era, LogLevel, LoggingMessageParams, Method};
use futures_util::StreamExt as _;
use parking_lot::Mutex;
use tokio::sync::OwnedSemaphorePermit;

use super::session::UpstreamSession;
use crate::losses::count_losses;

/// What others may do to a call: ask in it, tell it something.
#[derive(Debug)]
pub(crate) struct CallShared {
    /// Unique in its session; also the progress token that the upstream sees.
    pub(crate) number: u64,
    /// Whether its client can be asked.
    pub(crate) may_be_asked: bool,
    /// Room for the task that the upstream is asked to make of it.
    pub(crate) task_room: Mutex<Option<QuotaPermit>>,
    state: Mutex<CallState>,
}

#[derive(Debug, Default)]
struct CallState {
    rounds: Rounds,
    /// What the upstream asked for and the client has not declared.
    unmet: ClientCapabilities,
    /// What is for the client and has not been taken.
    out: VecDeque<Message>,
    log_level: Option<LogLevel>,
    progress_token: Option<Id>,
    /// The upstream's event id up to which everything was heard.
    cursor: Option<Bytes>,
    waker: Option<Waker>,
}

impl CallShared {
    pub(crate) fn new(number: u64, may_be_asked: bool, rounds: Rounds) -> Self {
        let state = CallState { rounds, ..CallState::default() };
        Self { number, may_be_asked, task_room: Mutex::default(), state: Mutex::new(state) }
    }

    /// A call that an earlier process has begun.
    pub(crate) fn restored(number: u64, rounds: Rounds, cursor: Bytes) -> Self {
        let state = CallState { rounds, cursor: Some(cursor), ..CallState::default() };
        Self { number, may_be_asked: true, task_room: Mutex::default(), state: Mutex::new(state) }
    }

    /// The upstream's event id up to which everything was heard, if it gives any.
    pub(crate) fn cursor(&self) -> Option<Bytes> {
        self.state.lock().cursor.clone()
    }

    /// Lets go of what the call was read from, and of who read it: a cursor is a part of a larger
    /// buffer, a waker keeps the memory of a whole task, and people take their time.
    pub(crate) fn rest(&self) {
        let mut state = self.state.lock();
        state.cursor = state.cursor.take().map(|it| Bytes::copy_from_slice(&it));
        (state.progress_token, state.waker) = (None, None);
        state.out.shrink_to_fit();
    }

    /// The id under which the connection knows the call.
    pub(crate) fn id(&self) -> Id {
        Id::from_number(self.number)
    }

    /// The client's attempt: what it wants to hear, and how it calls its progress.
    pub(crate) fn begin_attempt(&self, log_level: Option<LogLevel>, progress_token: Option<Id>) {
        let mut state = self.state.lock();
        state.log_level = log_level;
        state.progress_token = progress_token;
    }

    /// The upstream asks in this call; what it is told if it cannot.
    pub(crate) fn ask(&self, request: &Message) -> Result<(), ErrorObject> {
        let mut state = self.state.lock();
        state.rounds.ask(request)?;
        note_losses(&mut state.rounds);
        wake(state.waker.take());
        Ok(())
    }

    /// The upstream asked for what the client has not declared.
    pub(crate) fn note_unmet(&self, unmet: &ClientCapabilities) {
        self.state.lock().unmet.merge(unmet);
    }

    /// All that it asked for in vain.
    pub(crate) fn unmet(&self) -> ClientCapabilities {
        self.state.lock().unmet.clone()
    }

    /// The upstream takes a question back.
    pub(crate) fn withdraw(&self, id: &Id) -> bool {
        self.state.lock().rounds.withdraw(id)
    }

    /// Something for the client that came on another stream, or while the call was at rest.
    ///
    /// Of progress only the last is kept, and of log messages a few.
    pub(crate) fn tell(&self, message: Message) {
        let mut state = self.state.lock();
        if is_progress(&message) {
            state.out.retain(|it| !is_progress(it));
        }
        if state.out.len() < OUT_MAX {
            state.out.push_back(message);
        } else {
            eyot_metrics::messages_dropped("queue_full");
        }
        wake(state.waker.take());
    }

    /// Works on the rounds of the call.
    pub(crate) fn rounds<T>(&self, work: impl FnOnce(&mut Rounds) -> T) -> T {
        let mut state = self.state.lock();
        let worked = work(&mut state.rounds);
        note_losses(&mut state.rounds);
        worked
    }

    /// Ready when the upstream wants to be told that its questions are alive.
    pub(crate) fn poll_wants_beats(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state.lock();
        state.waker = Some(cx.waker().clone());
        if state.rounds.wants_beats() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn take_told(&self, cx: &Context<'_>) -> Option<Message> {
        let mut state = self.state.lock();
        state.waker = Some(cx.waker().clone());
        state.out.pop_front()
    }

    /// A notification as this attempt's client has it, if it wants it at all.
    pub(crate) fn for_client(&self, message: Message) -> Option<Message> {
        let state = self.state.lock();
        if is_progress(&message) {
            return state.progress_token.clone().map(|token| message.with_progress_token(token));
        }
        let params: LoggingMessageParams = message.decode_params().ok()?;
        passes(state.log_level.as_ref(), &params.level).then_some(message)
    }
}

/// A call with what the upstream says to it.
///
/// One polls it at a time: the client's reply, or the driver while it is at rest.
pub(crate) struct UpstreamCall {
    pub(crate) shared: Arc<CallShared>,
    pub(crate) session: Arc<UpstreamSession>,
    stage: Mutex<Stage>,
    /// Nobody else may be asked in this session meanwhile.
    _turn: Option<OwnedSemaphorePermit>,
}

enum Stage {
    Sending(ReplyFuture),
    Streaming(Messages),
    /// Nobody listens; the rest is heard from where its stream was left.
    Apart,
    /// The last word, until it is taken.
    Ended(Option<Box<Heard>>),
}

/// What a call hears.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A notification.
    Note(Message),
    /// The answer.
    Answer(Message),
    /// No answer will come.
    Failed(Fault),
}

impl UpstreamCall {
    /// Sends a request: `request` has the id of `shared`.
    pub(crate) fn send(
        session: Arc<UpstreamSession>,
        shared: Arc<CallShared>,
        request: Message,
        turn: Option<OwnedSemaphorePermit>,
    ) -> Arc<Self> {
        let connection = session.connection.clone();
        let sending = Box::pin(async move { connection.request(request).await });
        Self::at(session, shared, Stage::Sending(sending), turn)
    }

    /// Goes on with a call where an earlier process has left it; `None` when the upstream cannot
    /// say the rest of it once more.
    pub(crate) fn restore(
        session: Arc<UpstreamSession>,
        shared: Arc<CallShared>,
        turn: Option<OwnedSemaphorePermit>,
    ) -> Option<Arc<Self>> {
        let rest = session.connection.follow(shared.id(), shared.cursor())?;
        Some(Self::at(session, shared, Stage::Streaming(rest), turn))
    }

    /// A call that is sent so.
    pub(crate) fn follow(
        session: Arc<UpstreamSession>,
        shared: Arc<CallShared>,
        sending: ReplyFuture,
    ) -> Arc<Self> {
        Self::at(session, shared, Stage::Sending(sending), None)
    }

    fn at(
        session: Arc<UpstreamSession>,
        shared: Arc<CallShared>,
        stage: Stage,
        turn: Option<OwnedSemaphorePermit>,
    ) -> Arc<Self> {
        session.hub.begin(&shared);
        Arc::new(Self { shared, session, stage: Mutex::new(stage), _turn: turn })
    }

    /// The next thing that is for this call. Questions are found with [`Self::is_asked`].
    pub(crate) fn poll_heard(&self, cx: &mut Context<'_>) -> Poll<Heard> {
        match self.shared.take_told(cx) {
            Some(message) => Poll::Ready(Heard::Note(message)),
            None => self.poll_upstream(cx),
        }
    }

    /// The same without what has been told already: for a call at rest.
    pub(crate) fn poll_upstream(&self, cx: &mut Context<'_>) -> Poll<Heard> {
        loop {
            let polled = {
                let mut stage = self.stage.lock();
                self.come_back(&mut stage);
                std::task::ready!(stage.poll(cx))
            };
            match polled {
                Ok(item) => {
                    if let Some(cursor) = item.cursor() {
                        self.shared.state.lock().cursor = Some(cursor.clone());
                    }
                    if let Some(heard) = item.into_message().and_then(|it| self.take(it)) {
                        return Poll::Ready(heard);
                    }
                }
                Err(fault) => return Poll::Ready(Heard::Failed(fault)),
            }
        }
    }

    /// Stops listening, if the upstream can say the rest later: a connection is by far the largest
    /// part of a call at rest.
    pub(crate) fn step_apart(&self) -> bool {
        let mut stage = self.stage.lock();
        let is_resumable = self.shared.cursor().is_some() && !self.session.is_pipe;
        let is_apart = is_resumable && matches!(*stage, Stage::Streaming(_));
        if is_apart {
            *stage = Stage::Apart;
        }
        is_apart
    }

    /// Listens again to a call that was left.
    fn come_back(&self, stage: &mut Stage) {
        if matches!(stage, Stage::Apart) {
            let rest = self.session.connection.follow(self.shared.id(), self.shared.cursor());
            *stage = rest.map_or(Stage::Ended(None), Stage::Streaming);
        }
    }

    /// Whether the upstream waits for answers.
    pub(crate) fn is_asked(&self) -> bool {
        self.shared.rounds(|it| it.has_open())
    }

    /// Keeps the last word for whoever polls next.
    pub(crate) fn keep(&self, heard: Heard) {
        *self.stage.lock() = Stage::Ended(Some(Box::new(heard)));
        wake(self.shared.state.lock().waker.take());
    }

    fn take(&self, message: Message) -> Option<Heard> {
        if message.is_response() {
            return Some(Heard::Answer(message));
        }
        let method = message.method().unwrap_or_default();
        let is_ours = matches!(Method::parse(&method), Method::Progress | Method::LoggingMessage);
        drop(method);
        if is_ours && message.is_notification() {
            return Some(Heard::Note(message));
        }
        self.session.heard(&message, Some(&self.shared));
        None
    }
}

impl Drop for UpstreamCall {
    fn drop(&mut self) {
        self.session.hub.end(self.shared.number);
    }
}

impl std::fmt::Debug for UpstreamCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UpstreamCall").field("number", &self.shared.number).finish_non_exhaustive()
    }
}

impl Stage {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<ReplyItem, Fault>> {
        loop {
            match self {
                Self::Sending(sending) => match std::task::ready!(sending.as_mut().poll(cx)) {
                    Ok(Reply::Stream(parts)) => *self = Self::Streaming(parts),
                    Ok(Reply::One(answer)) => {
                        *self = Self::Ended(None);
                        return Poll::Ready(Ok(answer.into()));
                    }
                    Ok(Reply::None) => *self = Self::Ended(None),
                    Err(fault) => {
                        *self = Self::Ended(None);
                        return Poll::Ready(Err(fault));
                    }
                },
                Self::Streaming(parts) => match std::task::ready!(parts.poll_next_unpin(cx)) {
                    Some(part) => return Poll::Ready(part),
                    None => *self = Self::Ended(None),
                },
                Self::Apart => *self = Self::Ended(None),
                Self::Ended(last) => {
                    return Poll::Ready(match last.take().map(|it| *it) {
                        Some(Heard::Note(message) | Heard::Answer(message)) => Ok(message.into()),
                        Some(Heard::Failed(fault)) => Err(fault),
                        None => Err(Fault::unanswered()),
                    });
                }
            }
        }
    }
}

/// Counts what questions and answers have lost.
fn note_losses(rounds: &mut Rounds) {
    let RoundLosses { asked, answered } = rounds.take_losses();
    count_losses(&asked, Era::Legacy);
    count_losses(&answered, Era::Modern);
}

fn is_progress(message: &Message) -> bool {
    message.method().is_some_and(|it| Method::parse(&it) == Method::Progress)
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Notifications that wait for the client.
const OUT_MAX: usize = 64;
