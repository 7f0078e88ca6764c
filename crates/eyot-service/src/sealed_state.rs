//! The sealed state that a modern client keeps for us between two rounds.

use std::time::Duration;

use eyot_jsonrpc::{ErrorObject, INVALID_PARAMS, Members, Message, canonical};
use eyot_stdx::SealKeys;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Peer, unix_ms};

/// Seals and opens the `requestState` of one request.
///
/// A state that was sealed for one call opens for no other: not for another peer, method or
/// arguments, not for a request of another `maker` with the same keys, and not when its time is
/// over.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "the parts that a state is bound to, all of them")]
pub struct SealedState<'a> {
    /// The keys of the installation.
    pub keys: &'a SealKeys,
    /// The part of the program that seals: a name that no other kind of state has.
    pub maker: &'static str,
    /// The client.
    pub peer: &'a Peer,
    /// The request that is answered with the state, or the request that brings it back.
    pub request: &'a Message,
}

impl SealedState<'_> {
    /// Bytes of a state that is opened. Ours are far shorter, unless a handler keeps much in one.
    pub const BYTES_MAX: usize = 64 << 10;

    /// Seals what the next round of this request must bring back within `ttl`.
    #[must_use]
    pub fn seal(&self, content: &impl Serialize, ttl: Duration) -> String {
        let ttl_ms = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        let sealed = Sealed { expires_ms: unix_ms().saturating_add(ttl_ms), content };
        // Fails for no type of ours; then the text is empty, and the next round is refused.
        let text = serde_json::to_vec(&sealed).unwrap_or_default();
        self.keys.seal(&self.binding(), &text)
    }

    /// Opens a state that a client brought back.
    ///
    /// # Errors
    ///
    /// [`refused`](Self::refused), for any defect: "servers MUST reject state that fails
    /// verification" (2026-07-28, basic/patterns/mrtr).
    pub fn open<T: DeserializeOwned>(&self, state: &str) -> Result<T, ErrorObject> {
        let opened = (state.len() <= Self::BYTES_MAX)
            .then(|| self.keys.open(&self.binding(), state))
            .flatten();
        let sealed = opened.and_then(|text| serde_json::from_slice::<Sealed<T>>(&text).ok());
        let sealed = sealed.filter(|it| unix_ms() < it.expires_ms);
        sealed.map(|it| it.content).ok_or_else(Self::refused)
    }

    /// The error for a state that cannot be trusted.
    #[must_use]
    pub fn refused() -> ErrorObject {
        ErrorObject::new(INVALID_PARAMS, "Invalid or expired requestState")
    }

    /// The request that a state is bound to: its client, method and all arguments. "the
    /// authenticated principal […] an identifier for the originating request" (2026-07-28,
    /// basic/patterns/mrtr).
    fn binding(&self) -> Vec<u8> {
        let Self { maker, peer, request, .. } = self;
        let principal = peer.principal_name().map(AsRef::<str>::as_ref);
        let (maker, principal) = (json!(maker), json!(principal));
        let method = json!(request.method());
        let params = bound_params(request.params().unwrap_or_default());
        format!("[{maker},{principal},{method},{params}]").into_bytes()
    }
}

/// The parameters that all rounds of a call have in common. The client may write them in any order;
/// its numbers count to the last digit.
fn bound_params(params: &str) -> String {
    let mut members: Vec<_> = Members::of(params)
        .into_iter()
        .flatten()
        .filter(|(name, _)| !matches!(&**name, "_meta" | "inputResponses" | "requestState"))
        .map(|(name, value)| (name, canonical(value)))
        .collect();
    members.sort();
    let members = members.into_iter().map(|(name, value)| format!("{}:{value}", json!(name)));
    format!("{{{}}}", Vec::from_iter(members).join(","))
}

#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    /// The time when the state expires, in milliseconds since 1970.
    #[serde(rename = "x")]
    expires_ms: u64,
    #[serde(rename = "c")]
    content: T,
}

#[cfg(test)]
mod tests;
