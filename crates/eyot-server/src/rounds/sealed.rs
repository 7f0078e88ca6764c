//! The answer that ends a round, and the state that its client keeps until the next.

use eyot_types::{InputRequests, InputRequiredResult, Question};
use serde::{Deserialize, Serialize};

/// Questions to a client, each by the key under which it is answered.
pub(crate) type Questions = Vec<(String, Question)>;

/// The state that the client keeps for the server between two rounds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sealed {
    /// A handler's own state.
    #[serde(rename = "s")]
    Handler(String),
    /// A call that is parked.
    #[serde(rename = "p")]
    Parked(ParkedPlace),
}

/// The name of a parked call, which its client brings back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ParkedPlace {
    /// Tells one process from the next.
    pub(crate) process: u64,
    /// The number of the call in that process.
    pub(crate) call: u64,
    /// The round that its client answers.
    pub(crate) round: u32,
}

/// The result that asks for another round. "Servers MUST include at least one of `inputRequests`
/// or `requestState`" (2026-07-28, basic/patterns/mrtr).
pub(crate) fn input_required(requests: InputRequests, state: String) -> InputRequiredResult {
    if requests.is_empty() {
        return InputRequiredResult::again(state);
    }
    InputRequiredResult::new(requests).with_request_state(state)
}
