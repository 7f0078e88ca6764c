//! What the client keeps for us between two rounds.

use serde::{Deserialize, Serialize};

/// A sealed state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// A call at rest.
    #[serde(rename = "p")]
    Parked(ParkedState),
    /// A call that begins anew when its user has visited these pages.
    #[serde(rename = "v")]
    AwaitsUrl(Vec<String>),
}

/// Which call, and in which round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ParkedState {
    #[serde(rename = "c")]
    pub(crate) call: String,
    #[serde(rename = "r")]
    pub(crate) round: u32,
}
