//! The answer that ends a round, and what its client keeps until the next.

use eyot_types::{InputRequiredResult, Question};
use serde::{Deserialize, Serialize};

/// Questions to a client, each by the key under which it is answered.
pub(crate) type Questions = Vec<(String, Question)>;

/// What the client keeps for us between two rounds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Sealed {
    /// A handler's own state.
    #[serde(rename = "s")]
    Handler(String),
    /// A call that is parked in the process of this number, in its round of this number.
    #[serde(rename = "p")]
    Parked { process: u64, call: u64, round: u32 },
}

/// The result that asks for another round. "Servers MUST include at least one of `inputRequests`
/// or `requestState`" (2026-07-28, basic/patterns/mrtr).
pub(crate) fn input_required(questions: Questions, state: String) -> InputRequiredResult {
    if questions.is_empty() {
        return InputRequiredResult::again(state);
    }
    let requests = questions.into_iter().map(|(key, question)| (key, question.into())).collect();
    InputRequiredResult::new(requests).with_request_state(state)
}
