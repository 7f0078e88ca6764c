//! `tasks/result`: waits for the end of a task, and asks the client meanwhile.

use std::collections::VecDeque;
use std::sync::Arc;

use eyot_era::legacy_to_modern::{ClientMeta, Leg, RoundError, TaskRounds};
use eyot_era::tasks::TaskMachine;
use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, Id, Message};
use eyot_service::{Fault, FaultKind, Messages, Reply, ReplyItem};
use eyot_types::{Era, Method};
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

use super::super::emulated_session::EmulatedSession;
use super::super::pending::{Question, Registered};
use super::super::upstream::upstreams_fault;
use super::entry::{TaskEntry, Way};
use crate::losses::count_losses;

/// A client that waits. Dropping it takes back what it was asked.
pub(super) struct Waiting {
    session: Arc<EmulatedSession>,
    client: Arc<ClientMeta>,
    entry: Arc<TaskEntry>,
    id: Id,
    rounds: TaskRounds,
    look_at: Instant,
    asking: Option<Asking>,
    /// The next messages for the client.
    out: VecDeque<Message>,
    is_over: bool,
    cancelled: Option<oneshot::Receiver<()>>,
    _registered: Registered,
}

/// The questions of one round.
struct Asking {
    legs: FuturesUnordered<BoxFuture<'static, (String, Option<Message>)>>,
    /// By key: the ids of those without an answer.
    open: Vec<(String, Id)>,
    /// All keys of the round: none is answered before all are.
    keys: Vec<String>,
    deadline: Instant,
}

/// What happens next.
enum Next {
    Due,
    Stopped,
    Answered(Option<(String, Option<Message>)>),
}

impl Waiting {
    pub(super) fn begin(
        session: Arc<EmulatedSession>,
        client: Arc<ClientMeta>,
        entry: Arc<TaskEntry>,
        id: Id,
    ) -> Reply {
        let (registered, cancelled) = session.calls().begin(&id);
        let waiting = Self {
            rounds: TaskRounds::new(entry.read(|task| task.id().as_ref().to_owned())),
            session,
            client,
            entry,
            id,
            look_at: Instant::now(),
            asking: None,
            out: VecDeque::new(),
            is_over: false,
            cancelled: Some(cancelled),
            _registered: registered,
        };
        Reply::Stream(Messages::new(stream::unfold(waiting, Self::next)))
    }

    /// The next message for the client; nothing more once it does not wait any more. The task goes
    /// on then.
    async fn next(mut self) -> Option<(Result<ReplyItem, Fault>, Self)> {
        let mut cancelled = self.cancelled.take()?;
        let said = tokio::select! {
            biased;
            _ = &mut cancelled => return None,
            said = self.step() => said?,
        };
        self.cancelled = Some(cancelled);
        Some((said.map(ReplyItem::from), self))
    }

    async fn step(&mut self) -> Option<Result<Message, Fault>> {
        loop {
            if let Some(message) = self.out.pop_front() {
                return Some(Ok(message));
            }
            if self.is_over {
                return None;
            }
            let stepped = match self.wait().await {
                Next::Due | Next::Stopped => Box::pin(self.look()).await,
                Next::Answered(answer) => Box::pin(self.answered(answer)).await,
            };
            if let Err(fault) = stepped {
                self.is_over = true;
                return Some(Err(upstreams_fault(fault)));
            }
        }
    }

    async fn wait(&mut self) -> Next {
        let due = match &self.asking {
            Some(asking) => self.look_at.min(asking.deadline),
            None => self.look_at,
        };
        let legs = async {
            match &mut self.asking {
                Some(asking) => asking.legs.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.entry.stopped.notified() => Next::Stopped,
            answer = legs => Next::Answered(answer),
            () = sleep_until(due) => Next::Due,
        }
    }

    /// Looks at the task: answers when it is over, asks when it asks.
    async fn look(&mut self) -> Result<(), Fault> {
        let left = match self.entry.look(self.way()).await {
            Ok(left) => left,
            Err(fault) if fault.kind == FaultKind::Refused => {
                self.end(Err(fault.error));
                return Ok(());
            }
            Err(fault) => return Err(fault),
        };
        if let Some(result) = self.entry.result(self.id.clone(), left.as_ref()) {
            self.end(Ok(result.into()));
            return Ok(());
        }
        self.look_at =
            self.entry.read(TaskMachine::poll_look).map_or(self.look_at, Instant::from_std);
        match &self.asking {
            Some(asking) if Instant::now() >= asking.deadline => {
                let patience = self.session.upstream().limits().calls.question_timeout;
                let error = RoundError::TimedOut(patience);
                self.end(Err(ErrorObject::new(INTERNAL_ERROR, error.to_string())));
                Ok(())
            }
            Some(_) => Ok(()),
            None => self.ask().await,
        }
    }

    fn way(&self) -> Way<'_> {
        Way { upstream: self.session.upstream(), client: &self.client }
    }

    /// Asks the client what it has not been asked yet.
    async fn ask(&mut self) -> Result<(), Fault> {
        let asked = self.entry.take_questions();
        if asked.is_empty() {
            return Ok(());
        }
        let mint = || eyot_stdx::random_token(16);
        match self.rounds.ask(&asked, self.client.capabilities(), mint) {
            Ok(legs) => {
                let asking = self.questions(legs);
                self.asking = Some(asking);
                Ok(())
            }
            Err(error) => self.fail(ErrorObject::new(INTERNAL_ERROR, error.to_string())).await,
        }
    }

    /// Gives the questions their ids.
    fn questions(&mut self, legs: Vec<Leg>) -> Asking {
        let patience = self.session.upstream().limits().calls.question_timeout;
        let deadline = Instant::now() + patience;
        let (legs_out, open) = (FuturesUnordered::new(), Vec::new());
        let keys = legs.iter().map(|it| it.key.clone()).collect();
        let mut asking = Asking { legs: legs_out, open, keys, deadline };
        for Leg { key, method, params, losses, .. } in legs {
            count_losses(&losses, Era::Modern);
            let mut question: Question = self.session.questions().open();
            self.out.push_back(Message::request(question.id(), &method, &params));
            asking.open.push((key.clone(), question.id()));
            asking.legs.push(async move { (key, question.answer().await) }.boxed());
        }
        asking
    }

    /// Takes an answer of the client; when it was the last, the server gets all of them.
    async fn answered(&mut self, answer: Option<(String, Option<Message>)>) -> Result<(), Fault> {
        let Some(asking) = &mut self.asking else { return Ok(()) };
        let Some((key, Some(answer))) = answer else {
            return Err(Fault::internal("the session has ended"));
        };
        asking.open.retain(|(open, _)| *open != key);
        match self.rounds.handle_answer(&key, &answer) {
            Ok(false) => Ok(()),
            Ok(true) => {
                let keys = std::mem::take(&mut asking.keys);
                self.asking = None;
                self.look_at = Instant::now();
                let answer = self.entry.update(self.way(), &keys, &self.rounds).await?;
                match answer.decode_error() {
                    Ok(error) => self.fail(error).await,
                    Err(_) => Ok(()),
                }
            }
            Err(error) => self.fail(ErrorObject::new(INTERNAL_ERROR, error.to_string())).await,
        }
    }

    /// Fails the task: the server cannot be told that its client has refused.
    async fn fail(&mut self, error: ErrorObject) -> Result<(), Fault> {
        self.entry.fail(self.way(), error.clone()).await;
        self.end(Err(error));
        Ok(())
    }

    /// The last words. What the client was asked and has not answered is taken back.
    fn end(&mut self, answer: Result<Message, ErrorObject>) {
        self.is_over = true;
        if let Some(asking) = self.asking.take() {
            self.entry.give_back(asking.keys.iter());
            self.out.extend(asking.open.into_iter().map(|(_, id)| {
                let id = RawValue::from_string(id.as_raw().to_owned()).ok();
                let params = json!({ "requestId": id, "reason": "the task waits no more" });
                Message::notification(Method::Cancelled.as_str(), &params)
            }));
        }
        let id = self.id.clone();
        self.out
            .push_back(answer.unwrap_or_else(|error| Message::error_response(Some(id), &error)));
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(asking) = self.asking.take() {
            self.entry.give_back(asking.keys.iter());
        }
    }
}
