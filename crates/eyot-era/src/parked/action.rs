//! What the machine and its driver say to each other.

use std::time::Duration;

use eyot_jsonrpc::{ErrorObject, Message, Response};
use eyot_types::Revision;
use eyot_types::codes::{self, Outcome};

use super::questions::RoundError;
use super::record::Record;

/// How a call is parked.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a driver must say all of it")]
pub struct ParkedConfig {
    /// What the upstream speaks.
    pub revision: Revision,
    /// How long a client may take to come back with answers.
    pub question_timeout: Duration,
    /// Questions that are open at once.
    pub questions_max: usize,
}

/// One request of the client that waits for the call: the one that leads goes on with it, the others
/// have brought equal answers and are told what the first is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Waiter(pub(super) u32);

impl Waiter {
    /// The request that the call began with.
    pub const FIRST: Self = Self(0);
}

/// What becomes of a client that comes back.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver must know what to do in each case")]
pub enum Came {
    /// Its answers are the first to this round: they go to the upstream, and it leads.
    Answers(Waiter),
    /// It leads where another with the same answers has gone.
    Leads(Waiter),
    /// It waits beside another with the same answers.
    Follows(Waiter),
    /// It is told this at once.
    Told(Word),
}

impl Came {
    pub(super) fn refused(error: &RoundError) -> Self {
        Self::Told(Word::Refused(error.to_error()))
    }
}

/// What a client is told: after this it does not wait any more.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver must say each of them")]
pub enum Word {
    /// It must come again with the answers to the open questions, in this round.
    Asked(u32),
    /// The answer, under the id of the request that led.
    Last(Response),
    /// There is no answer.
    Refused(ErrorObject),
}

/// What the driver does next, in this order.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver must do each of them")]
pub enum Action {
    /// Store this for so long, and say how that went with
    /// [`ParkedCall::handle_stored`](super::ParkedCall::handle_stored).
    Store(Record, Duration),
    /// Forget what was stored.
    Forget,
    /// Tell a client.
    Tell(Waiter, Word),
    /// This client leads now.
    Lead(Waiter),
    /// Send the answers to the upstream.
    Send(Vec<Message>),
    /// Tell the upstream that its questions are alive; it does no harm if that fails.
    Beat(Vec<Message>),
    /// Send these instead of answers, and cancel the call at its upstream.
    Cancel(Vec<Message>, CancelReason),
}

/// Why a call is cancelled at its upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelReason {
    /// Its client had the word and did not come back.
    Expired,
    /// Its client has gone.
    ClientGone,
    /// What the upstream would still say could not be heard.
    Lost,
}

impl CancelReason {
    /// What the upstream is told.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "its client did not come back",
            Self::ClientGone | Self::Lost => "the client does not wait any more",
        }
    }
}

/// Another process goes on with the call: what was to be stored was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another process goes on with the call")]
pub struct Fenced;

/// The error of a client whose call another process has.
pub(super) fn elsewhere() -> ErrorObject {
    codes::upstream_lost("another process goes on with the call", Outcome::Unknown, true)
}
