//! What a modern server says of itself.

use serde::{Deserialize, Serialize};

use crate::with_members::with_members;
use crate::{CacheScope, JsonObject, Oddities, ResultType, Revision, ServerCapabilities};

/// Result of `server/discover`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct DiscoverResult {
    /// What kind of result this is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_type: Option<ResultType>,
    /// The revisions that the server speaks, as text because they may be unknown here.
    pub supported_versions: Vec<String>,
    /// What the server can do.
    pub capabilities: ServerCapabilities,
    /// How to use the server, for a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// How long the result may be cached, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// Who may share the cached result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_scope: Option<CacheScope>,
    /// Metadata of the result; names the server under [`SERVER_INFO`](crate::meta::SERVER_INFO).
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
    /// What of it was odd when it was read; never sent.
    #[serde(skip)]
    pub oddities: Oddities,
}

impl DiscoverResult {
    /// A complete result that must not be cached or shared.
    #[must_use]
    pub fn new(supported: &[Revision], capabilities: ServerCapabilities) -> Self {
        Self {
            result_type: Some(ResultType::Complete),
            supported_versions: supported.iter().map(ToString::to_string).collect(),
            capabilities,
            instructions: None,
            ttl_ms: Some(0),
            cache_scope: Some(CacheScope::Private),
            meta: None,
            other: JsonObject::new(),
            oddities: Oddities::default(),
        }
    }

    with_members! {
        /// Says how to use the server.
        with_instructions(instructions: impl Into<String>),
    }

    /// Whether the server says that it speaks `revision`.
    #[must_use]
    pub fn supports(&self, revision: Revision) -> bool {
        self.supported_versions.iter().any(|version| version == revision.as_str())
    }
}
