//! The sealed state that a client keeps between two rounds.

use serde::{Deserialize, Serialize};

/// A sealed state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// A parked call.
    #[serde(rename = "p")]
    Parked(ParkedState),
    /// A call that begins anew when its user has visited the pages of these questions.
    #[serde(rename = "v")]
    AwaitsUrl(Vec<String>),
}

/// A parked call and its round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ParkedState {
    #[serde(rename = "c")]
    pub(crate) call: String,
    #[serde(rename = "r")]
    pub(crate) round: u32,
}
