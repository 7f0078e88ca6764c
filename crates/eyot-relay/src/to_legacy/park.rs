//! Calls that have come to rest: their upstream waits for answers, and their client has yet to
//! come with them.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use eyot_era::to_legacy::RoundError;
use eyot_jsonrpc::{ErrorObject, Message};
use eyot_transport::Limits;
use eyot_types::{InputRequests, JsonObject, Method, codes};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::attempt::Held;
use super::call::{Heard, UpstreamCall};
use super::record::{Answers, Claim, Records, Trace};
use super::sealed::ParkedState;

/// The calls of one upstream that rest, or have rested.
#[derive(Debug)]
pub(crate) struct ParkTable {
    calls: Mutex<Calls>,
    records: Arc<Records>,
    limits: Arc<Limits>,
}

#[derive(Debug, Default)]
struct Calls {
    entries: HashMap<String, Entry>,
    of_principal: HashMap<Option<Arc<str>>, usize>,
}

#[derive(Debug)]
struct Entry {
    claim: Claim,
    principal: Option<Arc<str>>,
    /// The round that was asked last.
    round: u32,
    /// What the client has answered in the round before.
    before: Option<Answers>,
    stage: Stage,
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

#[derive(Debug)]
enum Stage {
    /// The client has the word.
    Asked(Resting),
    /// The client has answered and is here; others that bring the same answers hear what it hears.
    Held { answers: Answers, followers: Vec<oneshot::Sender<Handover>> },
    /// The client has answered and went away; whoever brings the same answers goes on.
    Left { answers: Answers, resting: Resting },
}

#[derive(Debug)]
struct Resting {
    call: Arc<UpstreamCall>,
    /// Tells the driver to let go.
    taken: Arc<Notify>,
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
        let claim = Claim { name: state.call.clone(), ..Claim::new() };
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

fn followers_of(stage: Option<Stage>) -> Vec<oneshot::Sender<Handover>> {
    match stage {
        Some(Stage::Held { followers, .. }) => followers,
        _ => Vec::new(),
    }
}

fn tell_all(followers: Vec<oneshot::Sender<Handover>>, message: &Message) {
    for follower in followers {
        // One that has gone need not be told.
        drop(follower.send(Handover::Said(message.clone())));
    }
}

impl Calls {
    fn check_room(&self, limits: &Limits, principal: &Option<Arc<str>>) -> Result<(), ErrorObject> {
        let Limits { parked_calls_max, parked_calls_per_principal_max, .. } = *limits;
        let of_principal = self.of_principal.get(principal).copied().unwrap_or_default();
        let is_full = self.entries.len() >= parked_calls_max;
        if is_full || of_principal >= parked_calls_per_principal_max {
            return Err(codes::overloaded("parked calls"));
        }
        Ok(())
    }

    /// Puts a call in; what was known of it before.
    fn insert(&mut self, entry: Entry) -> Option<Stage> {
        let principal = entry.principal.clone();
        let before = self.entries.insert(entry.claim.name.clone(), entry);
        if before.is_none() {
            *self.of_principal.entry(principal).or_default() += 1;
        }
        before.map(|it| it.stage)
    }

    fn remove(&mut self, name: &str) -> Option<Stage> {
        let entry = self.entries.remove(name)?;
        if let Some(count) = self.of_principal.get_mut(&entry.principal) {
            *count -= 1;
            if *count == 0 {
                self.of_principal.remove(&entry.principal);
            }
        }
        Some(entry.stage)
    }
}

/// How a client finds a call that it comes back to.
enum Back {
    /// Its answers are the first of this round.
    First(Resting),
    /// They have gone up already, and nobody waits for what comes of them.
    Again(Resting),
    /// They have gone up already, and somebody waits.
    Second(oneshot::Receiver<Handover>),
    /// They have led to this round, of which the client has not heard.
    Behind(u32, Arc<UpstreamCall>),
    /// The round has been answered in another way, or is over.
    Late,
}

impl Entry {
    /// A client is here again: takes the call out if nobody else has it. One that lost its
    /// connection asks the same once more, and must not be worse off for it.
    fn come_back(&mut self, round: u32, came: Answers) -> Back {
        if self.round != round {
            let is_behind = Some(self.round) == round.checked_add(1) && self.before == Some(came);
            return match &self.stage {
                Stage::Asked(resting) if is_behind => {
                    Back::Behind(self.round, Arc::clone(&resting.call))
                }
                _ => Back::Late,
            };
        }
        match &mut self.stage {
            Stage::Held { answers, .. } | Stage::Left { answers, .. } if *answers != came => {
                Back::Late
            }
            Stage::Held { followers, .. } => {
                followers.retain(|it| !it.is_closed());
                if followers.len() >= FOLLOWERS_MAX {
                    return Back::Late;
                }
                let (sender, receiver) = oneshot::channel();
                followers.push(sender);
                Back::Second(receiver)
            }
            Stage::Asked(_) | Stage::Left { .. } => {
                let held = Stage::Held { answers: came, followers: Vec::new() };
                match std::mem::replace(&mut self.stage, held) {
                    Stage::Asked(resting) => Back::First(resting),
                    Stage::Left { resting, .. } => Back::Again(resting),
                    Stage::Held { .. } => Back::Late,
                }
            }
        }
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

/// A call at rest, as its session's driver polls it.
struct Rest {
    table: Arc<ParkTable>,
    claim: Claim,
    call: Arc<UpstreamCall>,
    taken: Arc<Notify>,
    expires: Instant,
    /// Its upstream stream was left.
    is_apart: bool,
}

impl Rest {
    async fn run(self) {
        let mut beat = tokio::time::interval(BEAT);
        beat.reset();
        let (mut listens, mut is_over) = (!self.is_apart, false);
        loop {
            tokio::select! {
                biased;
                () = self.taken.notified() => return,
                () = tokio::time::sleep_until(self.expires) => return self.expire().await,
                heard = poll_fn(|cx| self.call.poll_upstream(cx)), if listens => match heard {
                    Heard::Note(note) => self.call.shared.tell(note),
                    // The upstream could not wait: its last word is kept for the client.
                    last => {
                        self.call.keep(last);
                        (listens, is_over) = (false, true);
                    }
                },
                _ = beat.tick(), if !is_over => self.beat().await,
            }
        }
    }

    /// Tells the upstream that its questions are alive.
    async fn beat(&self) {
        for sign in self.call.shared.rounds(|it| it.beat()) {
            let sent = tokio::time::timeout(BEAT, self.call.session.connection.send(sign)).await;
            if !matches!(sent, Ok(Ok(()))) {
                tracing::debug!("upstream was not told that its question is alive");
            }
        }
    }

    async fn expire(self) {
        // Somebody may just have come.
        if self.table.forget_resting(&self.claim.name, &self.taken) {
            tracing::info!("parked call expires: its client did not come back");
            give_up(&self.call, "its client did not come back").await;
            self.table.records.forget(&self.claim);
        }
    }
}

/// Answers the upstream's questions with a refusal and cancels the call.
pub(crate) async fn give_up(call: &Arc<UpstreamCall>, reason: &str) {
    let connection = &call.session.connection;
    for refusal in call.shared.rounds(|it| it.give_up()) {
        if let Err(fault) = connection.send(refusal).await {
            tracing::debug!(%fault, "upstream was not answered");
        }
    }
    let id = call.shared.id();
    let params = json!({ "requestId": call.shared.number, "reason": reason });
    let cancelled = Message::notification(Method::Cancelled.as_str(), &params);
    if let Err(fault) = connection.cancel(id, cancelled).await {
        tracing::debug!(%fault, "upstream was not told that its call is cancelled");
    }
}

/// Calls at rest that keep their upstream connections. Beyond them, one whose upstream can resume
/// its stream is listened to again only when its client is back.
const CONNECTED_MAX: usize = 256;
/// Between two signs of life. Servers count seconds, and some count few.
const BEAT: Duration = Duration::from_secs(1);
/// How long a call goes on for a client that went away in the middle of a round.
const LEFT: Duration = Duration::from_secs(2);
/// Clients that wait for what another one hears.
const FOLLOWERS_MAX: usize = 8;
