//! What a handler shares with the poll that runs it: outgoing messages, questions, the end.
//!
//! There is no channel and no task between them: a handler that sends leaves its message here,
//! and the poll that ran the handler takes it.

use std::collections::{HashSet, VecDeque};
use std::task::{Context, Poll, Waker};

use eyot_jsonrpc::{ErrorObject, Id, Message, Response};
use eyot_service::ReplyItem;
use eyot_types::{CancelledParams, InputRequests, Method, Question};
use parking_lot::{Mutex, MutexGuard};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// The shared state of one call.
#[derive(Debug, Default)]
pub(crate) struct Exchange(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    out: VecDeque<ReplyItem>,
    /// Handlers that wait until `out` has room.
    waiting: Vec<Waker>,
    questions: Vec<PendingQuestion>,
    questions_asked: u32,
    /// The keys of all questions so far.
    keys: HashSet<String>,
    /// Wakes the poll that runs the handler.
    poller: Option<Waker>,
    is_cancelled: bool,
    cancellation: Option<CancellationToken>,
}

/// A question to the client, and the handler that waits for its answer.
#[derive(Debug)]
struct PendingQuestion {
    number: u32,
    name: QuestionName,
    /// `None`: the question has gone out already and is not read again.
    question: Option<Question>,
    answer: Option<QuestionAnswer>,
    waker: Option<Waker>,
}

/// How the answer to a question is recognised.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum QuestionName {
    /// A legacy client answers a request with this id.
    Id(Id),
    /// A modern client answers under this key in its next round.
    Key(String),
}

/// What the client answered: raw JSON, or an error.
pub(crate) type QuestionAnswer = Result<Value, ErrorObject>;

/// What comes out of a call.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// Something for the client.
    Part(ReplyItem),
    /// Nothing more: the call was cancelled.
    Cancelled,
    /// A question that only the client's next round can answer.
    Asks,
    /// Nothing yet.
    Nothing,
}

/// The call has as many open questions as it may have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TooManyQuestions;

impl Exchange {
    /// Queues a part for the client, once there is room. A handler that sends faster than the
    /// client reads waits here: that is the back-pressure.
    pub(crate) fn poll_send(&self, part: &mut Option<ReplyItem>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock();
        if state.is_cancelled {
            return Poll::Ready(());
        }
        if state.out.len() >= OUT_PARTS_MAX {
            if !state.waiting.iter().any(|it| it.will_wake(cx.waker())) {
                state.waiting.push(cx.waker().clone());
            }
            return Poll::Pending;
        }
        state.out.extend(part.take());
        release(state);
        Poll::Ready(())
    }

    /// Takes what is ready before the handler is polled. During the poll, what the handler sends
    /// wakes no task: [`end_poll`](Self::end_poll) looks for it right after.
    pub(crate) fn begin_poll(&self) -> Outgoing {
        let mut state = self.0.lock();
        state.poller = None;
        let outgoing = state.next();
        let waiting = state.take_waiting(&outgoing);
        drop(state);
        wake(waiting);
        outgoing
    }

    /// Takes what the handler left in its poll. When it left nothing, later messages wake the poll.
    pub(crate) fn end_poll(&self, cx: &Context<'_>) -> Outgoing {
        let mut state = self.0.lock();
        let outgoing = match state.next() {
            Outgoing::Nothing if state.wants_input() => Outgoing::Asks,
            outgoing => outgoing,
        };
        // A parked call that asks may be left at rest; a call in a task is polled on, and must be
        // woken when other tasks send or ask in its name.
        if matches!(outgoing, Outgoing::Nothing | Outgoing::Asks) {
            state.poller = Some(cx.waker().clone());
        }
        let waiting = state.take_waiting(&outgoing);
        drop(state);
        wake(waiting);
        outgoing
    }

    /// Asks a legacy client: the request goes out under `id`.
    pub(crate) fn ask_request(
        &self,
        id: Id,
        question: Question,
        open_max: usize,
    ) -> Result<u32, TooManyQuestions> {
        let request = request(id.clone(), question);
        let mut state = self.0.lock();
        let number = state.ask(QuestionName::Id(id), None, open_max)?;
        if !state.is_cancelled {
            // Questions are bounded by themselves and do not wait for room.
            state.out.push_back(request.into());
        }
        release(state);
        Ok(number)
    }

    /// Asks a modern client: in the answer to its request, or in the state of its task. If the call
    /// has used the key before, answered or not, another key is taken.
    pub(crate) fn ask_input(
        &self,
        key: Option<&str>,
        question: Question,
        open_max: usize,
    ) -> Result<u32, TooManyQuestions> {
        let mut state = self.0.lock();
        let key = state.unused_key(key);
        let number = state.ask(QuestionName::Key(key.clone()), Some(question), open_max)?;
        state.keys.insert(key);
        release(state);
        Ok(number)
    }

    /// Waits for the answer to a question.
    pub(crate) fn poll_answer(&self, number: u32, cx: &mut Context<'_>) -> Poll<QuestionAnswer> {
        let mut state = self.0.lock();
        let found = state.questions.iter().position(|it| it.number == number);
        let Some(index) = found else {
            let error = ErrorObject::new(eyot_jsonrpc::INTERNAL_ERROR, "question was withdrawn");
            return Poll::Ready(Err(error));
        };
        if state.questions.get(index).is_some_and(|it| it.answer.is_some()) {
            let question = state.questions.remove(index);
            return Poll::Ready(question.answer.unwrap_or(Ok(Value::Null)));
        }
        if let Some(question) = state.questions.get_mut(index) {
            question.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Drops a question whose answer the handler no longer waits for. A legacy client is told so.
    pub(crate) fn withdraw(&self, number: u32) {
        let mut state = self.0.lock();
        let Some(index) = state.questions.iter().position(|it| it.number == number) else {
            return;
        };
        let question = state.questions.remove(index);
        if let QuestionName::Id(id) = question.name
            && question.answer.is_none()
            && !state.is_cancelled
        {
            state.out.push_back(withdrawal(id).into());
            release(state);
        }
    }

    /// Takes a response of the client; `false` when no open question has this id.
    pub(crate) fn answer(&self, response: &Response) -> bool {
        let Some(id) = response.id() else { return false };
        let answer = match response.error_object() {
            Some(error) => Err(error),
            None => match response.decode_result() {
                Ok(result) => Ok(result),
                Err(_) => return false,
            },
        };
        self.set_answer(&QuestionName::Id(id), answer)
    }

    /// Answers the question of that name; `false` when no such question is open.
    pub(crate) fn set_answer(&self, name: &QuestionName, answer: QuestionAnswer) -> bool {
        let mut state = self.0.lock();
        let is_asked = |it: &&mut PendingQuestion| it.name == *name && it.answer.is_none();
        let Some(question) = state.questions.iter_mut().find(is_asked) else { return false };
        question.answer = Some(answer);
        let waker = question.waker.take();
        drop(state);
        wake(waker);
        true
    }

    /// The questions that a modern client has not answered yet, by their keys.
    pub(crate) fn open_inputs(&self) -> InputRequests {
        let state = self.0.lock();
        let open = state.questions.iter().filter(|it| it.answer.is_none());
        open.filter_map(|it| match &it.name {
            QuestionName::Key(key) => Some((key.clone(), it.question.clone()?.into())),
            QuestionName::Id(_) => None,
        })
        .collect()
    }

    /// Whether the handler waits for an answer of the client.
    pub(crate) fn has_open_question(&self) -> bool {
        self.0.lock().questions.iter().any(|it| it.answer.is_none())
    }

    /// Ends the call: from now on it sends nothing to the client except the withdrawal of its
    /// questions.
    pub(crate) fn cancel(&self) {
        let mut state = self.0.lock();
        if std::mem::replace(&mut state.is_cancelled, true) {
            return;
        }
        state.withdraw_all();
        let token = state.cancellation.take();
        let mut wakers = std::mem::take(&mut state.waiting);
        wakers.extend(state.poller.take());
        drop(state);
        if let Some(token) = token {
            token.cancel();
        }
        wake(wakers);
    }

    /// Takes the messages that a cancelled call still has to send.
    pub(crate) fn take_rest(&self) -> Vec<Message> {
        let mut state = self.0.lock();
        let rest = state.out.drain(..).filter_map(ReplyItem::into_message);
        rest.filter(|it| it.is_method(Method::Cancelled.as_str())).collect()
    }

    /// Fires when the call ends early: for work that a handler has given to other tasks.
    pub(crate) fn cancellation(&self) -> CancellationToken {
        let mut state = self.0.lock();
        let token = state.cancellation.get_or_insert_with(CancellationToken::new).clone();
        if state.is_cancelled {
            token.cancel();
        }
        token
    }
}

impl State {
    fn ask(
        &mut self,
        name: QuestionName,
        question: Option<Question>,
        open_max: usize,
    ) -> Result<u32, TooManyQuestions> {
        if self.questions.len() >= open_max {
            return Err(TooManyQuestions);
        }
        let number = self.questions_asked;
        self.questions_asked = number.wrapping_add(1);
        self.questions.push(PendingQuestion { number, name, question, answer: None, waker: None });
        Ok(number)
    }

    /// The key that a handler wishes, or one made of the question's number; never one that the call
    /// has used before. "A server MUST NOT reuse a key for a subsequent server-to-client request"
    /// (tasks extension, Task Update Requests).
    fn unused_key(&self, wish: Option<&str>) -> String {
        let mut key = wish.map_or_else(|| format!("q{}", self.questions_asked), str::to_owned);
        while self.keys.contains(&key) {
            key = format!("{key}.{}", self.questions_asked);
        }
        key
    }

    /// Withdraws every open question. A question that has not gone out is dropped instead.
    fn withdraw_all(&mut self) {
        let unsent = std::mem::take(&mut self.out);
        let unsent: Vec<Id> = unsent.into_iter().filter_map(|it| it.into_message()?.id()).collect();
        for question in self.questions.iter().filter(|it| it.answer.is_none()) {
            if let QuestionName::Id(id) = &question.name
                && !unsent.contains(id)
            {
                self.out.push_back(withdrawal(id.clone()).into());
            }
        }
    }

    fn next(&mut self) -> Outgoing {
        match self.out.pop_front() {
            Some(part) => Outgoing::Part(part),
            None if self.is_cancelled => Outgoing::Cancelled,
            None => Outgoing::Nothing,
        }
    }

    /// Whether the handler waits for a modern client's next round.
    fn wants_input(&self) -> bool {
        let is_open = |it: &PendingQuestion| {
            matches!(it.name, QuestionName::Key(_)) && it.answer.is_none() && it.waker.is_some()
        };
        self.questions.iter().any(is_open)
    }

    /// The wakers of the handlers that wait for the room that there is now.
    fn take_waiting(&mut self, outgoing: &Outgoing) -> Vec<Waker> {
        match outgoing {
            Outgoing::Part(_) | Outgoing::Cancelled => std::mem::take(&mut self.waiting),
            Outgoing::Asks | Outgoing::Nothing => Vec::new(),
        }
    }
}

/// Tells a legacy client that its answer is no longer waited for.
fn withdrawal(question: Id) -> Message {
    let params = CancelledParams::new(question);
    Message::notification(Method::Cancelled.as_str(), &params)
}

/// The question as the request that a legacy client gets.
fn request(id: Id, question: Question) -> Message {
    let method = question.method().as_str().to_owned();
    match question {
        Question::Elicitation(params) => Message::request(id, &method, &params),
        Question::Sampling(params) => Message::request(id, &method, &params),
        Question::Roots(params) => Message::request(id, &method, &params),
        Question::Other { params, .. } => Message::request(id, &method, &params),
        _ => Message::request(id, &method, &()),
    }
}

/// Releases the lock, then wakes the poll: there is something for it.
fn release(mut state: MutexGuard<'_, State>) {
    let poller = state.poller.take();
    drop(state);
    wake(poller);
}

/// Wakes without a lock: a woken task may come back at once.
fn wake(wakers: impl IntoIterator<Item = Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

/// How many messages of one call may wait for its client to read.
const OUT_PARTS_MAX: usize = 16;

#[cfg(test)]
mod tests;
