//! What the client keeps for us between two rounds.

use std::time::Duration;

use eyot_jsonrpc::{ErrorObject, INVALID_PARAMS, Message};
use eyot_stdx::SealKeys;
use eyot_transport::{Peer, unix_ms};
use eyot_types::JsonObject;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A sealed state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// When it expires, in milliseconds since 1970.
    #[serde(rename = "x")]
    expires_ms: u64,
    #[serde(flatten)]
    pub(crate) kind: StateKind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StateKind {
    /// A call at rest.
    #[serde(rename = "p")]
    Parked(ParkedState),
    /// A call that begins anew when its user has visited these pages.
    #[serde(rename = "v")]
    Visit(Vec<String>),
}

/// Which call, and in which round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ParkedState {
    #[serde(rename = "c")]
    pub(crate) call: String,
    #[serde(rename = "r")]
    pub(crate) round: u32,
}

impl State {
    pub(crate) fn new(kind: StateKind, ttl: Duration) -> Self {
        let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        Self { expires_ms: unix_ms().saturating_add(ttl_ms), kind }
    }

    /// Seals it for the next round of this request.
    pub(crate) fn seal(&self, keys: &SealKeys, peer: &Peer, request: &Message) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        keys.seal(&binding(peer, request), &text)
    }

    /// Opens what a client brought back. One answer for whatever is wrong with it: "servers MUST
    /// reject state that fails verification" (2026-07-28, basic/patterns/mrtr).
    pub(crate) fn open(
        keys: &SealKeys,
        peer: &Peer,
        request: &Message,
        sealed: &str,
    ) -> Result<Self, ErrorObject> {
        let opened = (sealed.len() <= STATE_BYTES_MAX)
            .then(|| keys.open(&binding(peer, request), sealed))
            .flatten();
        let state = opened.and_then(|text| serde_json::from_slice::<Self>(&text).ok());
        state.filter(|it| unix_ms() < it.expires_ms).ok_or_else(invalid_state)
    }
}

/// The error for a state that cannot be relied on.
pub(crate) fn invalid_state() -> ErrorObject {
    ErrorObject::new(INVALID_PARAMS, "Invalid or expired requestState")
}

/// What a state is bound to: who asks, and what for, to the last argument. "the authenticated
/// principal […] an identifier for the originating request" (2026-07-28, basic/patterns/mrtr).
fn binding(peer: &Peer, request: &Message) -> Vec<u8> {
    let mut params: JsonObject = request.decode_params().unwrap_or_default();
    for name in ["_meta", "inputResponses", "requestState"] {
        params.remove(name);
    }
    // The map is sorted: however the client writes its arguments, they are the same bytes here.
    let bound = json!(["bridge", peer.principal.as_deref(), request.method(), params]);
    bound.to_string().into_bytes()
}

const STATE_BYTES_MAX: usize = 64 << 10;
