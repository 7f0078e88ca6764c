//! The sealed state that a client keeps between two rounds.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A sealed state, and the upstream that it belongs to: proxies of several upstreams may share a
/// store, and with it the key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StateOf<'a> {
    /// Its name in records. `None`: it has none, or an earlier version sealed the state.
    #[serde(rename = "u", default)]
    pub(crate) upstream: Option<Cow<'a, str>>,
    #[serde(flatten)]
    pub(crate) state: Cow<'a, State>,
}

/// What the client has come back for.
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

#[cfg(test)]
mod tests;
