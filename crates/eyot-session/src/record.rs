//! What is stored of a session.

use std::collections::BTreeSet;

use bytes::Bytes;
use eyot_types::Revision;
use serde::{Deserialize, Serialize};

use crate::{Fence, NodeId, SessionId};

/// The version that is written. Readers ignore members that they do not know, so that a
/// version and the next can run side by side.
pub const RECORD_VERSION: u32 = 1;

/// One session as it is stored. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRecord {
    /// The id that the client holds.
    pub id: SessionId,
    /// Who opened the session; `None` when the endpoint asks for no key.
    pub principal: Option<String>,
    /// The revision that was agreed.
    pub revision: Revision,
    /// `params` of the client's `initialize`, as they came: needed to open the upstream again.
    pub initialize: Bytes,
    /// What changes while the session lives.
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

/// The part of a session that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SessionState {
    /// The client has sent `notifications/initialized`.
    pub is_initialized: bool,
    /// The level of the client's last `logging/setLevel`.
    pub log_level: Option<String>,
    /// URIs that the client has subscribed to.
    pub subscriptions: BTreeSet<String>,
    /// The upstream session that is held for the client. Boxed: a server of handlers has none.
    pub upstream: Option<Box<UpstreamRef>>,
}

/// How to find the upstream session again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct UpstreamRef {
    /// What the session was opened at: another upstream must not get it.
    pub target: Option<String>,
    /// `Mcp-Session-Id` that the upstream gave; `None` when it gave none, or is a child.
    pub session_id: Option<String>,
    /// The revision that the upstream agreed to.
    pub revision: Option<String>,
    /// Counts how often the upstream session was opened. Ids of server requests carry it,
    /// so that an answer never reaches a later upstream session.
    pub generation: u64,
    /// The upstream is of the modern era: there is no upstream session, and each request of the
    /// client is carried over.
    pub is_modern: bool,
}
