//! A parked call with the work that rests in it, for a driver that stores nothing.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use eyot_jsonrpc::{ErrorObject, Response};
use eyot_types::{InputRequests, JsonObject};

use super::ParkedCall;
use super::action::{Action, Came, ParkedConfig, Waiter, Word};

/// A [`ParkedCall`] whose upstream is work in the same process, a `W`: the client that leads has
/// it, and between two rounds it rests here. What the machine wants stored counts as stored at
/// once.
///
/// After each change, [`settle`](Self::settle) says what is left to do.
#[derive(Debug)]
pub struct HeldCall<W> {
    machine: ParkedCall,
    /// `None` while a client leads, and when it is done.
    work: Option<W>,
    /// What the client was asked last.
    requests: Arc<InputRequests>,
    /// What clients are told and have not yet heard.
    told: Vec<(Waiter, Told)>,
    /// Clients that wait to be told, or to lead.
    waiting: Vec<(Waiter, Waker)>,
    last_word_bytes: usize,
}

/// What a client is told: after this it does not wait any more.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a word, and what belongs to it")]
pub struct Told {
    /// The word.
    pub word: Word,
    /// The questions, if it says that they are asked.
    pub requests: Arc<InputRequests>,
}

/// What becomes of a client that comes back.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver must know what to do in each case")]
pub enum Taken<W> {
    /// It waits for a word; with the work, if it leads.
    Here {
        /// Who it is.
        waiter: Waiter,
        /// `Some`: it leads, and goes on with this.
        work: Option<W>,
        /// Its answers are the first to this round: they go to the work.
        answers: bool,
    },
    /// It is told this at once.
    Told(Told),
}

/// What there is for a client that waits.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver must know what to do in each case")]
pub enum News<W> {
    /// The last thing that it hears.
    Told(Told),
    /// It leads from now on, and goes on with this.
    Leads(W),
}

/// What a change has left to do.
#[derive(Debug)]
#[must_use]
#[expect(clippy::exhaustive_structs, reason = "a driver must do all of it")]
pub struct Settled<W> {
    /// Of the clients that there are [`News`] for.
    pub wakers: Vec<Waker>,
    /// Work that is not waited for any more.
    pub work: Option<W>,
    /// When [`HeldCall::handle_timeout`] is to be called next.
    pub timeout: Option<Instant>,
    /// How far the call is.
    pub fate: Fate,
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must know what to do in each case")]
pub enum Fate {
    /// It goes on.
    Lives,
    /// It has ended; its client may come back for the last word, of so many bytes.
    Ended(usize),
    /// Nothing happens any more.
    Over,
}

impl<W> HeldCall<W> {
    /// A call that begins: [`Waiter::FIRST`] leads, and has its work.
    #[must_use]
    pub fn new(config: ParkedConfig) -> Self {
        Self {
            machine: ParkedCall::new(config),
            work: None,
            requests: Arc::default(),
            told: Vec::new(),
            waiting: Vec::new(),
            last_word_bytes: 0,
        }
    }

    /// A client comes with its answers to `round`.
    pub fn handle_client(&mut self, round: u32, responses: &JsonObject, now: Instant) -> Taken<W> {
        let (waiter, leads, answers) = match self.machine.handle_client(round, responses, now) {
            Came::Answers(waiter) => (waiter, true, true),
            Came::Leads(waiter) => (waiter, true, false),
            Came::Follows(waiter) => (waiter, false, false),
            Came::Told(word) => return Taken::Told(self.told(word)),
        };
        Taken::Here { waiter, work: self.work.take_if(|_| leads), answers }
    }

    /// The work waits for answers to these.
    pub fn handle_asks(&mut self, work: W, requests: InputRequests) {
        (self.work, self.requests) = (Some(work), Arc::new(requests));
        self.machine.handle_asks();
    }

    /// The work is done.
    pub fn handle_answer(&mut self, answer: Response) {
        self.last_word_bytes = answer.len();
        self.machine.handle_answer(answer);
    }

    /// The work has ended, and there is no answer.
    pub fn handle_lost(&mut self, error: &ErrorObject) {
        self.machine.handle_lost(error);
    }

    /// A client does not wait any more; it leaves the work, if it led.
    pub fn handle_gone(&mut self, waiter: Waiter, work: Option<W>, now: Instant) {
        self.told.retain(|(it, _)| *it != waiter);
        self.waiting.retain(|(it, _)| *it != waiter);
        if work.is_some() {
            self.work = work;
        }
        self.machine.handle_gone(waiter, now);
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.machine.handle_timeout(now);
    }

    /// Does what the machine wants done; says what is left.
    pub fn settle(&mut self, now: Instant) -> Settled<W> {
        let mut wakers = Vec::new();
        while let Some(action) = self.machine.poll_action() {
            match action {
                Action::Store(..) => self.machine.handle_stored(Ok(()), now),
                Action::Tell(waiter, word) => {
                    self.told.push((waiter, self.told(word)));
                    wakers.extend(self.take_waker(waiter));
                }
                Action::Lead(waiter) => wakers.extend(self.take_waker(waiter)),
                // The client that leads has the answers; work that is cancelled is let go of below.
                Action::Send(_) | Action::Cancel(..) | Action::Forget | Action::Beat(_) => {}
            }
        }
        let fate = match (self.machine.is_over(), self.machine.is_settled()) {
            (true, _) => Fate::Over,
            (false, true) => Fate::Ended(self.last_word_bytes),
            (false, false) => Fate::Lives,
        };
        let work = self.work.take_if(|_| fate != Fate::Lives);
        Settled { wakers, work, timeout: self.machine.poll_timeout(), fate }
    }

    /// What there is for a client that has no work.
    pub fn poll_news(&mut self, waiter: Waiter, cx: &Context<'_>) -> Poll<News<W>> {
        if let Some(told) = self.take_told(waiter) {
            return Poll::Ready(News::Told(told));
        }
        if let Some(work) = self.work.take_if(|_| self.machine.leads(waiter)) {
            return Poll::Ready(News::Leads(work));
        }
        self.waiting.retain(|(it, _)| *it != waiter);
        self.waiting.push((waiter, cx.waker().clone()));
        Poll::Pending
    }

    fn told(&self, word: Word) -> Told {
        Told { word, requests: Arc::clone(&self.requests) }
    }

    fn take_told(&mut self, waiter: Waiter) -> Option<Told> {
        let index = self.told.iter().position(|(it, _)| *it == waiter)?;
        Some(self.told.swap_remove(index).1)
    }

    fn take_waker(&mut self, waiter: Waiter) -> Option<Waker> {
        let index = self.waiting.iter().position(|(it, _)| *it == waiter)?;
        Some(self.waiting.swap_remove(index).1)
    }
}
