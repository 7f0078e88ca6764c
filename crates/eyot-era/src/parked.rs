//! A call that waits for its client: one machine, from the first question to the last word.
//!
//! A server asks in the middle of a call and waits; a modern client is told to come again with the
//! answers. Between two rounds the call is *parked*. [`ParkedCall`] knows how far the call has come,
//! which clients wait for it, and what must be stored before they are told. A driver gives it what
//! happens, does its [`Action`]s in their order, and wakes it at [`ParkedCall::poll_timeout`].
//!
//! | stage | what is awaited | what may come, and what comes of it |
//! |---|---|---|
//! | running | the upstream's word | a question: *collecting*; the answer: *ending* |
//! | collecting | more questions, for a moment | the time is over: *asking* |
//! | asking | a record, that the client is asked | stored: the clients are told, *asked* |
//! | asked | the client | answers: *answering*; the time is over: cancelled, *over* |
//! | answering | a record, that the client has answered | stored: answers are sent, *running* |
//! | abandoned | the return of a client that has gone after it had answered | it is back: *running*; the time is over: cancelled, *over* |
//! | ending | a record with the last word | stored: the clients are told, *ended* |
//! | ended | a client that has not heard the last word | it is told; the time is over: *over* |
//! | over | nothing | |
//!
//! A call that ends before its client was asked anything is not stored. In *running*, *collecting*,
//! *answering* and *ending* the client has answered: further clients with equal answers to the same
//! round wait beside it, and other answers are refused. When the client that leads goes, the next in
//! line leads; when none is left, the call is *abandoned*. If the store says that another process has
//! taken the call over, the clients that wait are refused and nothing more is done.
//!
//! After a death the machine is what its [`Record`] says ([`ParkedCall::resume`]). Where it is not
//! known whether the upstream has got the answers, only equal ones are taken, and sent once more: the
//! ids of questions are never used again, so that answers which come twice answer nothing ("Request IDs MUST
//! NOT have been previously used by the requestor within the same session", 2025-11-25, basic).

mod action;
mod held;
mod questions;
mod record;
mod stage;
mod table;
mod waiters;

use std::collections::VecDeque;
use std::time::Instant;

use eyot_jsonrpc::{ErrorObject, Id, Message, Request, Response};
use eyot_types::{InputRequests, JsonObject, codes};

use self::action::elsewhere;
pub use self::action::{Action, Came, CancelReason, Fenced, ParkedConfig, Waiter, Word};
pub use self::held::{Fate, HeldCall, News, Settled, Taken, Told};
pub use self::questions::{OpenQuestion, Questions, RoundError, RoundLosses};
pub use self::record::{AnswersDigest, Record, RecordStage};
use self::stage::{
    Asked, BEAT, COLLECTING, LAST_WORD_BYTES_MAX, LAST_WORD_TTL, RETURN, Stage, Storing,
};
pub use self::table::ParkedTable;
use self::waiters::{Gone, Waiters};

/// One call, from its first question to its last word.
#[derive(Debug)]
pub struct ParkedCall {
    config: ParkedConfig,
    stage: Stage,
    questions: Questions,
    /// What the client has answered last.
    answers: Option<AnswersDigest>,
    waiters: Waiters,
    actions: VecDeque<Action>,
    storing: Storing,
    /// Counts the processes that have had the call, with this one.
    owners: u64,
    /// The store knows of the call.
    is_stored: bool,
    /// The upstream has said its last word, and no client has heard it.
    upstream_is_over: bool,
    /// When the upstream is told next that its questions are alive.
    beat_at: Option<Instant>,
}

impl ParkedCall {
    /// A call that begins: [`Waiter::FIRST`] leads.
    #[must_use]
    pub fn new(config: ParkedConfig) -> Self {
        Self {
            config,
            stage: Stage::Running,
            questions: Questions::default(),
            answers: None,
            waiters: Waiters::first(),
            actions: VecDeque::new(),
            storing: Storing::Idle,
            owners: 1,
            is_stored: false,
            upstream_is_over: false,
            beat_at: None,
        }
    }

    /// A call that another process has left, and that `owners` processes have had with this one.
    #[must_use]
    pub fn resume(record: Record, owners: u64, config: ParkedConfig, now: Instant) -> Self {
        let asked = |given| {
            let expires = now + config.question_timeout;
            Stage::Asked(Asked { expires, return_by: None, given })
        };
        let (stage, answers, stored) = match record.stage {
            RecordStage::Asked(before, questions) => (asked(None), before, questions),
            RecordStage::Answered(given, questions) => {
                (asked(Some(Box::new(given))), None, questions)
            }
            RecordStage::Done(given, word) => {
                (Stage::Ended { word, until: now + LAST_WORD_TTL }, Some(given), Vec::new())
            }
            RecordStage::Over => (Stage::Over, None, Vec::new()),
        };
        let questions = Questions::resume(record.round, stored, owners);
        let (waiters, beat_at) = (Waiters::none(), Some(now + BEAT));
        let (is_stored, new) = (true, Self::new(config));
        Self { stage, questions, answers, waiters, owners, is_stored, beat_at, ..new }
    }

    /// The upstream asks.
    ///
    /// # Errors
    /// The error that answers the upstream, when its question cannot be asked.
    pub fn handle_question(&mut self, request: &Request, now: Instant) -> Result<(), ErrorObject> {
        self.questions.ask(request, self.config.questions_max)?;
        if matches!(self.stage, Stage::Running) {
            self.run(now);
        }
        Ok(())
    }

    /// The upstream takes a question back; `false` when it is not open.
    pub fn handle_withdrawn(&mut self, id: &Id) -> bool {
        let is_open = self.questions.withdraw(id);
        if matches!(self.stage, Stage::Collecting { .. }) && !self.questions.has_open() {
            self.stage = Stage::Running;
        }
        is_open
    }

    /// Questions that the driver knows wait for the client: nothing more is collected.
    pub fn handle_asks(&mut self) {
        if matches!(self.stage, Stage::Running | Stage::Collecting { .. }) {
            self.ask();
        }
    }

    /// A client comes with its answers to `round`. One that lost its connection asks the same once
    /// more, and must not be worse off for it.
    pub fn handle_client(&mut self, round: u32, responses: &JsonObject, now: Instant) -> Came {
        let digest = AnswersDigest::of(responses);
        let is_this = round == self.round();
        let is_before = round.checked_add(1) == Some(self.round());
        let is_equal = self.answers == Some(digest);
        match &mut self.stage {
            Stage::Asked(it) if is_this && it.given.as_ref().is_none_or(|it| **it == digest) => {
                self.take_answers(responses, digest)
            }
            Stage::Asked(it) if is_before && is_equal => {
                it.return_by = None;
                Came::Told(Word::Asked(self.round()))
            }
            Stage::Abandoned { .. } if is_this && is_equal => {
                self.run(now);
                self.enter(Came::Leads)
            }
            Stage::Running | Stage::Collecting { .. } | Stage::Answering(_) | Stage::Ending(_)
                if is_this && is_equal =>
            {
                self.enter(Came::Leads)
            }
            Stage::Asking if is_before && is_equal => self.enter(Came::Leads),
            Stage::Ended { word, .. } if is_this && is_equal => {
                Came::Told(Word::Last(word.clone()))
            }
            _ => Came::refused(&RoundError::AnsweredAlready),
        }
    }

    /// A client does not wait any more.
    pub fn handle_gone(&mut self, waiter: Waiter, now: Instant) {
        match self.waiters.leave(waiter) {
            Gone::Replaced(next) => self.actions.push_back(Action::Lead(next)),
            Gone::Last if self.reads() => match self.answers {
                Some(_) => self.abandon(now),
                None => self.give_up(CancelReason::ClientGone),
            },
            Gone::Last | Gone::Unnoticed => {}
        }
    }

    /// The upstream has answered, and this is what its client gets.
    pub fn handle_answer(&mut self, answer: Response) {
        let is_kept = answer.len() <= LAST_WORD_BYTES_MAX && self.answers.is_some();
        if is_kept && self.reads() {
            self.stage = Stage::Ending(answer);
            self.storing = Storing::Due;
        } else {
            self.handle_end(&answer);
        }
    }

    /// The call has ended with something that no client comes back for.
    pub fn handle_end(&mut self, last: &Response) {
        if !self.is_done() {
            self.forget();
            self.tell_all(&Word::Last(last.clone()));
            self.close();
        }
    }

    /// The call cannot be gone on with here: all who wait are told, and the upstream, which may
    /// still work on it.
    pub fn handle_lost(&mut self, error: &ErrorObject) {
        if !self.is_done() {
            self.tell_all(&Word::Refused(error.clone()));
            self.give_up(CancelReason::Lost);
        }
    }

    /// The upstream has said its last word while no client read. The driver keeps it for the client
    /// that comes back, and the next process must be able to hear it again.
    pub fn handle_upstream_over(&mut self) {
        self.upstream_is_over = true;
    }

    /// What was given out with [`Action::Store`] is stored, or was refused.
    pub fn handle_stored(&mut self, outcome: Result<(), Fenced>, now: Instant) {
        if self.storing != Storing::InFlight {
            return;
        }
        self.storing = Storing::Idle;
        match (std::mem::replace(&mut self.stage, Stage::Over), outcome) {
            (Stage::Asking, Ok(())) => self.rest(now),
            (Stage::Answering(answers), Ok(())) => self.send(answers, now),
            (Stage::Ending(word), outcome) => {
                self.tell_all(&Word::Last(word.clone()));
                if outcome.is_ok() {
                    self.stage = Stage::Ended { word, until: now + LAST_WORD_TTL };
                }
            }
            (_, _) => {
                self.tell_all(&Word::Refused(elsewhere()));
                self.close();
            }
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|it| it > now) {
            return;
        }
        match &self.stage {
            Stage::Collecting { until } if *until <= now => self.ask(),
            Stage::Asked(it) if it.until() <= now => self.give_up(CancelReason::Expired),
            Stage::Abandoned { until } if *until <= now => self.give_up(CancelReason::Expired),
            Stage::Ended { until, .. } if *until <= now => {
                if self.owners > 1 {
                    self.forget();
                }
                self.close();
            }
            _ => {
                self.beat_at = Some(now + BEAT);
                let beats = self.questions.beats();
                self.actions.push_back(Action::Beat(beats));
            }
        }
    }

    /// What is to be done next. A call at rest keeps no room for actions.
    pub fn poll_action(&mut self) -> Option<Action> {
        let action = self.actions.pop_front();
        self.actions.shrink_to_fit();
        action.or_else(|| self.due_record())
    }

    /// When [`Self::handle_timeout`] is to be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let stage = match &self.stage {
            Stage::Collecting { until }
            | Stage::Abandoned { until }
            | Stage::Ended { until, .. } => Some(*until),
            Stage::Asked(it) => Some(it.until()),
            _ => None,
        };
        let beats = self.listens() && self.questions.wants_beats();
        let beat = self.beat_at.filter(|_| beats);
        [stage, beat].into_iter().flatten().min()
    }

    /// The number of the round that was asked last; 0 before the first.
    #[must_use]
    pub fn round(&self) -> u32 {
        self.questions.round()
    }

    /// What the client is asked in this round.
    #[must_use]
    pub fn requests(&self) -> InputRequests {
        self.questions.requests()
    }

    /// The upstream's ids of the questions that are open.
    pub fn open_ids(&self) -> impl Iterator<Item = &Id> {
        self.questions.open_ids()
    }

    /// What was lost on the way since this was last asked.
    pub fn take_losses(&mut self) -> RoundLosses {
        self.questions.take_losses()
    }

    /// Whether the client that leads is to hear what the upstream says.
    #[must_use]
    pub fn reads(&self) -> bool {
        matches!(self.stage, Stage::Running | Stage::Collecting { .. })
    }

    /// Whether the call waits for a client.
    #[must_use]
    pub fn rests(&self) -> bool {
        matches!(self.stage, Stage::Asked(_) | Stage::Abandoned { .. })
    }

    /// Whether the driver is to hear what the upstream says.
    #[must_use]
    pub fn listens(&self) -> bool {
        self.rests() && !self.upstream_is_over
    }

    /// Whether the call waits for a client's answers.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        matches!(self.stage, Stage::Asked(_))
    }

    /// Whether a client is here.
    #[must_use]
    pub fn is_waited_for(&self) -> bool {
        !self.waiters.is_empty()
    }

    /// Whether this client goes on with the call.
    #[must_use]
    pub fn leads(&self, waiter: Waiter) -> bool {
        self.waiters.is_leader(waiter)
    }

    /// Whether nothing happens any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// Whether the last word has been said.
    fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Ended { .. } | Stage::Over)
    }

    /// Whether the store says all that there still is to say: the machine need not be kept.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        let is_ended = matches!(self.stage, Stage::Ended { .. }) && self.owners == 1;
        (self.is_over() || is_ended) && self.actions.is_empty()
    }

    /// Ends the machine without a word to its clients: the call begins anew elsewhere.
    pub fn close(&mut self) {
        self.stage = Stage::Over;
        self.storing = Storing::Idle;
        self.waiters = Waiters::none();
        drop(self.questions.close());
    }

    fn take_answers(&mut self, responses: &JsonObject, digest: AnswersDigest) -> Came {
        let answers = match self.upstream_is_over {
            // What it asked is answered by its last word.
            true => {
                drop(self.questions.close());
                Ok(Vec::new())
            }
            false => self.questions.answer(responses, self.config.revision),
        };
        match answers {
            Ok(answers) => {
                self.answers = Some(digest);
                self.stage = Stage::Answering(answers);
                self.storing = Storing::Due;
                self.enter(Came::Answers)
            }
            Err(error) => Came::refused(&error),
        }
    }

    /// One more client is here; `leads` is what it is told if it is the only one.
    fn enter(&mut self, leads: impl FnOnce(Waiter) -> Came) -> Came {
        match self.waiters.enter() {
            Some(waiter) if self.waiters.is_leader(waiter) => leads(waiter),
            Some(waiter) => Came::Follows(waiter),
            None => Came::Told(Word::Refused(codes::overloaded("clients of one call"))),
        }
    }

    fn run(&mut self, now: Instant) {
        self.stage = match self.questions.has_open() {
            true => Stage::Collecting { until: now + COLLECTING },
            false => Stage::Running,
        };
    }

    fn ask(&mut self) {
        self.questions.begin_round();
        self.stage = Stage::Asking;
        self.storing = Storing::Due;
    }

    /// It is stored that the client is asked.
    fn rest(&mut self, now: Instant) {
        self.beat_at = Some(now + BEAT);
        let (expires, round) = (now + self.config.question_timeout, self.round());
        let asked = Asked { expires, return_by: None, given: None };
        self.stage = if !self.waiters.is_empty() {
            Stage::Asked(asked)
        } else if self.answers.is_some() {
            Stage::Asked(Asked { return_by: Some(now + RETURN), ..asked })
        } else {
            // It knows of no round that it could come back to.
            return self.give_up(CancelReason::ClientGone);
        };
        self.tell_all(&Word::Asked(round));
    }

    /// It is stored that the client has answered.
    fn send(&mut self, answers: Vec<Message>, now: Instant) {
        self.questions.forget_answered();
        if !answers.is_empty() {
            self.actions.push_back(Action::Send(answers));
        }
        match self.waiters.is_empty() {
            true => self.abandon(now),
            false => self.run(now),
        }
    }

    fn abandon(&mut self, now: Instant) {
        self.beat_at = Some(now + BEAT);
        self.stage = Stage::Abandoned { until: now + RETURN };
    }

    fn give_up(&mut self, reason: CancelReason) {
        let refusals = self.questions.close();
        self.actions.push_back(Action::Cancel(refusals, reason));
        self.forget();
        self.close();
    }

    /// One that was taken over leaves its fence behind for as long as a process can have a call:
    /// the process that had it before may be alive, and must not answer in another way.
    fn forget(&mut self) {
        let over = Record { round: 0, stage: RecordStage::Over };
        match self.owners {
            _ if !self.is_stored => {}
            1 => self.actions.push_back(Action::Forget),
            _ => self.actions.push_back(Action::Store(over, self.config.question_timeout)),
        }
    }

    fn tell_all(&mut self, word: &Word) {
        let told = self.waiters.take().map(|it| Action::Tell(it, word.clone()));
        self.actions.extend(told);
    }

    /// The record of this stage, if it is to be stored now.
    fn due_record(&mut self) -> Option<Action> {
        if self.storing != Storing::Due {
            return None;
        }
        let mut ttl = self.config.question_timeout;
        let stage = match (&self.stage, self.answers) {
            (Stage::Asking, before) => RecordStage::Asked(before, self.questions.to_stored()),
            (Stage::Answering(_), Some(given)) => {
                RecordStage::Answered(given, self.questions.to_stored())
            }
            (Stage::Ending(word), Some(given)) => {
                if self.owners == 1 {
                    ttl = LAST_WORD_TTL;
                }
                RecordStage::Done(given, word.clone())
            }
            _ => return None,
        };
        (self.storing, self.is_stored) = (Storing::InFlight, true);
        Some(Action::Store(Record { round: self.round(), stage }, ttl))
    }
}

#[cfg(test)]
mod tests;
