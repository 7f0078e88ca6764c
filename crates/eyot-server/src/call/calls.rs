//! What the calls of one server share while they run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use eyot_jsonrpc::{Id, Request};
use eyot_service::{Limits, Peer, SealedState};
use eyot_stdx::{SealKeys, random_token};

use crate::rounds::sealed::Sealed;

/// What the calls of one server need to ask their clients.
#[derive(Debug)]
pub(crate) struct Calls {
    /// How long a legacy client may take for an answer.
    pub(crate) question_timeout: Duration,
    /// Questions of one call that are open at once.
    pub(crate) questions_max: usize,
    /// How long a modern client may take for a round.
    pub(crate) round_timeout: Duration,
    keys: Arc<SealKeys>,
    /// Tells our questions from those that an earlier process asked in the same session.
    question_prefix: String,
    questions: AtomicU64,
}

impl Calls {
    pub(crate) fn new(keys: Arc<SealKeys>, limits: &Limits) -> Self {
        Self {
            question_timeout: limits.calls.question_timeout,
            questions_max: limits.calls.questions_max,
            round_timeout: limits.calls.round_timeout,
            keys,
            question_prefix: random_token(6),
            questions: AtomicU64::new(0),
        }
    }

    /// A new id for a question to a legacy client, never used twice in a session.
    pub(crate) fn question_id(&self) -> Id {
        let number = self.questions.fetch_add(1, Ordering::Relaxed);
        Id::from_text(&format!("{}.{number}", self.question_prefix))
    }

    /// Seals what the next round of this request must bring back.
    pub(crate) fn seal(&self, peer: &Peer, request: &Request, state: &Sealed) -> String {
        self.sealed_state(peer, request).seal(state, self.round_timeout)
    }

    /// The sealer of the states that belong to this request.
    pub(crate) fn sealed_state<'a>(
        &'a self,
        peer: &'a Peer,
        request: &'a Request,
    ) -> SealedState<'a> {
        SealedState { keys: &self.keys, maker: "server", peer, request }
    }
}
