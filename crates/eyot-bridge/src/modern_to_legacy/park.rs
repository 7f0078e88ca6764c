//! Calls that have come to rest: their upstream waits for answers, and their client has yet to
//! come with them.

mod calls;
mod rest;

use std::sync::Arc;
use std::time::Duration;

use eyot_era::modern_to_legacy::RoundError;
use eyot_jsonrpc::{ErrorObject, Message};
use eyot_service::Limits;
use eyot_types::{InputRequests, JsonObject, codes};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use self::calls::{Back, Calls, Entry, Resting, Stage, followers_of};
use self::rest::Rest;
pub(crate) use self::rest::give_up;
use super::attempt::Held;
use super::call::UpstreamCall;
use super::record::{Answers, Claim, Records, Trace};
use super::sealed::ParkedState;

/// The calls of one upstream that rest, or have rested.
#[derive(Debug)]
pub(crate) struct ParkTable {
    calls: Mutex<Calls>,
    records: Arc<Records>,
    limits: Arc<Limits>,
}

/// What a call rests for.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) round: u32,
    /// What the client has answered in the round before.
    pub(crate) before: Option<Answers>,
    pub(crate) principal: Option<Arc<str>>,
    /// What the client is told.
    pub(crate) question: &'a Message,
}

/// What a client gets that came second with the same answers.
#[derive(Debug)]
pub(crate) enum Handover {
    /// What the first has heard last, under its id.
    Said(Message),
    /// The first has gone: the call itself.
    Yours(Box<Held>),
}

/// What becomes of a client that comes back.
#[derive(Debug)]
pub(crate) enum Resumed {
    /// It goes on with the call.
    Taken(Taken),
    /// It waits for what another one with the same answers hears.
    Following(oneshot::Receiver<Handover>),
    /// It has answered this already, and is asked what is asked now.
    Asked(u32, InputRequests),
    /// It is told this.
    Refused(ErrorObject),
    /// The call is not known here; it may be in the store.
    Unknown,
}

/// A call that its client has come back to.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) claim: Claim,
    pub(crate) call: Arc<UpstreamCall>,
    /// What the upstream gets, and where the call was before; `None` when it has got it.
    pub(crate) answers: Option<(Vec<Message>, Box<Trace>)>,
}

impl ParkTable {
    pub(crate) fn new(records: Arc<Records>, limits: Arc<Limits>) -> Self {
        Self { calls: Mutex::default(), records, limits }
    }

    /// Leaves a call at rest. Whoever waits hears what its client is asked.
    ///
    /// # Errors
    /// The error for the client when there is no room.
    pub(crate) fn park(
        self: &Arc<Self>,
        claim: &Claim,
        call: &Arc<UpstreamCall>,
        asked: Asked<'_>,
    ) -> Result<(), ErrorObject> {
        let Asked { round, before, principal, question } = asked;
        let (resting, rest) = self.rest(claim, call, self.limits.question_timeout);
        let (replaced, count) = {
            let mut calls = self.calls.lock();
            if !calls.entries.contains_key(&claim.name) {
                calls.check_room(&self.limits, &principal)?;
            }
            let (claim, stage) = (claim.clone(), Stage::Asked(resting));
            let replaced = calls.insert(Entry { claim, principal, round, before, stage });
            (replaced, calls.entries.len())
        };
        tell_all(followers_of(replaced), question);
        call.shared.rest();
        let is_apart = count > CONNECTED_MAX && call.step_apart();
        let rest = Rest { is_apart, ..rest };
        if call.session.chore(rest.run()) {
            return Ok(());
        }
        self.forget(&claim.name, None);
        Err(codes::overloaded("upstream's queue"))
    }

    /// Takes a call out for its next round, with the client's answers.
    pub(crate) fn resume(&self, state: &ParkedState, responses: &JsonObject) -> Resumed {
        let answers = Answers::of(responses);
        let (claim, resting) = {
            let mut calls = self.calls.lock();
            let Some(entry) = calls.entries.get_mut(&state.call) else { return Resumed::Unknown };
            match entry.come_back(state.round, answers) {
                Back::First(resting) => (entry.claim.clone(), resting),
                Back::Again(Resting { call, taken }) => {
                    taken.notify_one();
                    let claim = entry.claim.clone();
                    return Resumed::Taken(Taken { claim, call, answers: None });
                }
                Back::Second(receiver) => return Resumed::Following(receiver),
                Back::Behind(round, call) => {
                    return Resumed::Asked(round, call.shared.rounds(|it| it.questions()));
                }
                Back::Late => return Resumed::Refused(RoundError::AnsweredAlready.to_error()),
            }
        };
        // Read outside of the lock: an answer can be long. The place in the table is taken already.
        let call = Arc::clone(&resting.call);
        let (revision, trace) = (call.session.revision, Box::new(Trace::of(&call)));
        match call.shared.rounds(|it| it.answer(state.round, responses, revision)) {
            Ok(answers) => {
                resting.taken.notify_one();
                eyot_metrics::parked_call_ended("client");
                Resumed::Taken(Taken { claim, call, answers: Some((answers, trace)) })
            }
            Err(error) => {
                self.put_back(&state.call, resting, &error.to_error());
                Resumed::Refused(error.to_error())
            }
        }
    }

    /// Keeps the place of a call that is being restored: whoever else comes with these answers
    /// waits. `None`: somebody was faster.
    pub(crate) fn reserve(
        self: &Arc<Self>,
        state: &ParkedState,
        answers: Answers,
        principal: Option<Arc<str>>,
    ) -> Option<Reserved> {
        let mut calls = self.calls.lock();
        if calls.entries.contains_key(&state.call) {
            return None;
        }
        let claim = Claim::first(&state.call);
        let stage = Stage::Held { answers, followers: Vec::new() };
        let (round, before) = (state.round, None);
        drop(calls.insert(Entry { claim, principal, round, before, stage }));
        Some(Reserved { table: Arc::clone(self), name: Some(state.call.clone()) })
    }

    /// The client has gone in the middle of a round. Whoever waits for the same gets the call; if
    /// there is nobody, it rests for a moment, for a client that lost its connection. `false`:
    /// nobody can come back to it.
    pub(crate) fn leave(self: &Arc<Self>, claim: &Claim, mut held: Box<Held>) -> bool {
        while let Some(follower) = self.next_follower(&claim.name) {
            match follower.send(Handover::Yours(held)) {
                Ok(()) => return true,
                Err(Handover::Yours(back)) => held = back,
                Err(Handover::Said(_)) => return true,
            }
        }
        let Some(call) = held.take() else { return true };
        let (resting, rest) = self.rest(claim, &call, LEFT);
        let is_kept = {
            let mut calls = self.calls.lock();
            match calls.entries.get_mut(&claim.name).map(|it| &mut it.stage) {
                Some(stage @ Stage::Held { .. }) => {
                    let Stage::Held { answers, .. } = stage else { return false };
                    *stage = Stage::Left { answers: *answers, resting };
                    true
                }
                _ => false,
            }
        };
        let is_kept = is_kept && call.session.chore(rest.run());
        if !is_kept {
            self.forget(&claim.name, None);
        }
        is_kept
    }

    /// The call is over, or begins anew: its name means nothing any more. Whoever waits hears the
    /// last word.
    pub(crate) fn forget(&self, name: &str, last: Option<&Message>) {
        let followers = followers_of(self.calls.lock().remove(name));
        if let Some(last) = last {
            tell_all(followers, last);
        }
    }

    /// Forgets a call if this is its rest; `false` when somebody has taken it out.
    fn forget_resting(&self, name: &str, taken: &Arc<Notify>) -> bool {
        let mut calls = self.calls.lock();
        let is_resting = match calls.entries.get(name).map(|it| &it.stage) {
            Some(Stage::Asked(it) | Stage::Left { resting: it, .. }) => {
                Arc::ptr_eq(&it.taken, taken)
            }
            _ => false,
        };
        is_resting && calls.remove(name).is_some()
    }

    fn next_follower(&self, name: &str) -> Option<oneshot::Sender<Handover>> {
        match &mut self.calls.lock().entries.get_mut(name)?.stage {
            Stage::Held { followers, .. } => followers.pop(),
            _ => None,
        }
    }

    fn put_back(&self, name: &str, resting: Resting, error: &ErrorObject) {
        let before = {
            let mut calls = self.calls.lock();
            let entry = calls.entries.get_mut(name);
            entry.map(|it| std::mem::replace(&mut it.stage, Stage::Asked(resting)))
        };
        tell_all(followers_of(before), &Message::error_response(None, error));
    }

    fn rest(
        self: &Arc<Self>,
        claim: &Claim,
        call: &Arc<UpstreamCall>,
        time: Duration,
    ) -> (Resting, Rest) {
        let taken = Arc::new(Notify::new());
        let resting = Resting { call: Arc::clone(call), taken: Arc::clone(&taken) };
        let (table, call) = (Arc::clone(self), Arc::clone(call));
        let expires = Instant::now() + time;
        let rest = Rest { table, claim: claim.clone(), call, taken, expires, is_apart: false };
        (resting, rest)
    }
}

fn tell_all(followers: Vec<oneshot::Sender<Handover>>, message: &Message) {
    for follower in followers {
        // One that has gone need not be told.
        drop(follower.send(Handover::Said(message.clone())));
    }
}

/// The place of a call that is being restored.
#[derive(Debug)]
pub(crate) struct Reserved {
    table: Arc<ParkTable>,
    name: Option<String>,
}

impl Reserved {
    /// The call is there: it is held by whoever restored it.
    pub(crate) fn keep(mut self, claim: &Claim) {
        let name = self.name.take();
        let mut calls = self.table.calls.lock();
        if let Some(entry) = name.and_then(|it| calls.entries.get_mut(&it)) {
            entry.claim = claim.clone();
        }
    }

    /// There is no call to go on with: whoever waits hears this.
    pub(crate) fn end(mut self, last: &Message) {
        if let Some(name) = self.name.take() {
            self.table.forget(&name, Some(last));
        }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if let Some(name) = self.name.take() {
            self.table.forget(&name, None);
        }
    }
}

/// Calls at rest that keep their upstream connections. Beyond them, one whose upstream can resume
/// its stream is listened to again only when its client is back.
const CONNECTED_MAX: usize = 256;
/// How long a call goes on for a client that went away in the middle of a round.
const LEFT: Duration = Duration::from_secs(2);
