//! What is known of each call that rests, or has rested.

use std::collections::HashMap;
use std::sync::Arc;

use eyot_jsonrpc::ErrorObject;
use eyot_service::Limits;
use eyot_types::codes;
use tokio::sync::{Notify, oneshot};

use super::super::call::UpstreamCall;
use super::super::record::{Answers, Claim};
use super::Handover;

/// All calls.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) entries: HashMap<String, Entry>,
    of_principal: HashMap<Option<Arc<str>>, usize>,
}

/// One call.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) claim: Claim,
    pub(super) principal: Option<Arc<str>>,
    /// The round that was asked last.
    pub(super) round: u32,
    /// What the client has answered in the round before.
    pub(super) before: Option<Answers>,
    pub(super) stage: Stage,
}

/// Who has the word.
#[derive(Debug)]
pub(super) enum Stage {
    /// The client has the word.
    Asked(Resting),
    /// The client has answered and is here; others that bring the same answers hear what it hears.
    Held { answers: Answers, followers: Vec<oneshot::Sender<Handover>> },
    /// The client has answered and went away; whoever brings the same answers goes on.
    Left { answers: Answers, resting: Resting },
}

/// A call that its session's driver polls.
#[derive(Debug)]
pub(super) struct Resting {
    pub(super) call: Arc<UpstreamCall>,
    /// Tells the driver to let go.
    pub(super) taken: Arc<Notify>,
}

impl Calls {
    pub(super) fn check_room(
        &self,
        limits: &Limits,
        principal: &Option<Arc<str>>,
    ) -> Result<(), ErrorObject> {
        let Limits { parked_calls_max, parked_calls_per_principal_max, .. } = *limits;
        let of_principal = self.of_principal.get(principal).copied().unwrap_or_default();
        let is_full = self.entries.len() >= parked_calls_max;
        if is_full || of_principal >= parked_calls_per_principal_max {
            return Err(codes::overloaded("parked calls"));
        }
        Ok(())
    }

    /// Puts a call in; what was known of it before.
    pub(super) fn insert(&mut self, entry: Entry) -> Option<Stage> {
        let principal = entry.principal.clone();
        let before = self.entries.insert(entry.claim.name.clone(), entry);
        if before.is_none() {
            *self.of_principal.entry(principal).or_default() += 1;
        }
        eyot_metrics::parked_calls(self.entries.len());
        before.map(|it| it.stage)
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<Stage> {
        let entry = self.entries.remove(name)?;
        eyot_metrics::parked_calls(self.entries.len());
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
pub(super) enum Back {
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
    pub(super) fn come_back(&mut self, round: u32, came: Answers) -> Back {
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

/// Those who waited in this stage.
pub(super) fn followers_of(stage: Option<Stage>) -> Vec<oneshot::Sender<Handover>> {
    match stage {
        Some(Stage::Held { followers, .. }) => followers,
        _ => Vec::new(),
    }
}

/// Clients that wait for what another one hears.
const FOLLOWERS_MAX: usize = 8;
