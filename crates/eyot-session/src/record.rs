//! The stored form of a session.

use std::collections::BTreeSet;

use bytes::Bytes;
use eyot_types::Revision;
use serde::{Deserialize, Serialize};

use crate::{
    Fence, ItemChange, NodeId, SessionId, SessionItems, StoreError, UpstreamName, UpstreamRef,
    Upstreams,
};

/// The version of written records. Earlier ones are read too: version 1 knew one upstream without a
/// name; until version 2 the subscriptions were a member of the state.
///
/// Readers ignore members that they do not know, so one may be added without a new version. A
/// record of a later version is refused: its meaning may differ.
pub const RECORD_VERSION: u32 = 3;

/// One session as it is stored. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// The id that the client holds.
    pub id: SessionId,
    /// The principal that opened the session; `None` when the endpoint asks for no key.
    pub principal: Option<String>,
    /// The revision that was agreed.
    pub revision: Revision,
    /// `params` of the client's `initialize`, unchanged: needed to open the upstream again.
    pub initialize: Bytes,
    /// The part that changes while the session lives.
    pub state: SessionState,
    /// The process that serves the session.
    pub owner: Option<NodeId>,
    /// Counts the owners; see [`Fence`].
    pub fence: Fence,
    /// When the session was opened.
    pub created_ms: u64,
    /// When the session ends unless the client shows up before.
    pub expires_ms: u64,
}

impl SessionRecord {
    /// Whether `principal` opened the session: an id alone opens nothing.
    #[must_use]
    pub fn belongs_to(&self, principal: Option<&str>) -> bool {
        self.principal.as_deref() == principal
    }
}

/// The part of a session that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SessionState {
    /// The client has sent `notifications/initialized`.
    pub is_initialized: bool,
    /// The level of the client's last `logging/setLevel`.
    pub log_level: Option<Box<str>>,
    /// The upstream sessions that are held for the client.
    pub upstreams: Upstreams,
    /// What there can be many of. Stores keep it beside the state.
    #[serde(skip)]
    pub items: SessionItems,
}

const _: () = assert!(size_of::<SessionState>() <= 48, "every session holds two of these");

impl SessionState {
    /// Reads a state that was stored as JSON by a program that writes records of `version`.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unsupported`] when the version is a later one, [`StoreError::Corrupt`] when
    /// the text is not a state.
    pub fn decode(version: u32, json: &[u8]) -> Result<Self, StoreError> {
        if version > RECORD_VERSION {
            return Err(StoreError::Unsupported { found: version, known: RECORD_VERSION });
        }
        let mut state: Self = decode(json)?;
        if version <= 2 {
            let Version2 { subscriptions } = decode(json)?;
            state.items = subscriptions.into_iter().map(ItemChange::Subscribe).collect();
        }
        if version == 1
            && let Version1 { upstream: Some(upstream) } = decode(json)?
        {
            state.upstreams.insert(UpstreamName::DEFAULT, upstream);
        }
        Ok(state)
    }

    /// The state as JSON, in [`RECORD_VERSION`], without its items.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`]; never for a state that was made by its own methods.
    pub fn encode(&self) -> Result<Vec<u8>, StoreError> {
        serde_json::to_vec(self).map_err(|_| unreadable())
    }
}

/// The member that version 2 had, with what are items now.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Version2 {
    subscriptions: BTreeSet<Box<str>>,
}

/// The member that version 1 had instead of [`SessionState::upstreams`].
#[derive(Default, Deserialize)]
#[serde(default)]
struct Version1 {
    upstream: Option<UpstreamRef>,
}

fn decode<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, StoreError> {
    serde_json::from_slice(json).map_err(|_| unreadable())
}

/// The error leaves out the text, which names sessions of the upstream.
fn unreadable() -> StoreError {
    StoreError::Corrupt { reason: "state of a session is not what was written".to_owned() }
}

#[cfg(test)]
mod tests;
