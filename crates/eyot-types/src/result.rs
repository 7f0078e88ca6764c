//! Members that many results share, and the result that has no others.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::open_enum::open_enum;
use crate::{JsonObject, Oddities};

open_enum! {
    /// What kind of result this is. Modern servers always say it; without it a result is complete.
    ///
    /// "A `resultType` of any value unrecognized by the client MUST be considered invalid"
    /// (2026-07-28, basic/index, ResultType).
    pub enum ResultType {
        /// The call is done.
        Complete = "complete",
        /// The server needs input from the client and then another round.
        InputRequired = "input_required",
        /// The tasks extension: the call goes on as a task.
        Task = "task",
    }
}

open_enum! {
    /// Who may share a cached result.
    pub enum CacheScope {
        /// All clients.
        Public = "public",
        /// Only requests with the same authorization.
        Private = "private",
    }
}

/// Result that says no more than that the request is done: of `ping`, `logging/setLevel`,
/// `resources/subscribe` and `resources/unsubscribe`, and of the modern `tasks/update` and
/// `tasks/cancel`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EmptyResult {
    /// What kind of result this is. `None` in the legacy era.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_type: Option<ResultType>,
    /// Metadata of the result.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
    /// What of it was odd when it was read; never sent.
    #[serde(skip)]
    pub oddities: Oddities,
}

impl EmptyResult {
    /// The request is done, as a legacy server says it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// Defines what makes a result one of the modern era: it says that it is complete.
macro_rules! completed {
    ($name:ident) => {
        impl $name {
            /// The result as a modern server sends it.
            #[must_use]
            pub fn into_modern(self) -> Self {
                Self { result_type: Some(crate::ResultType::Complete), ..self }
            }
        }
    };
}

pub(crate) use completed;

completed!(EmptyResult);

/// Defines what makes a result that can be cached one of the modern era.
macro_rules! cacheable {
    ($name:ident) => {
        impl $name {
            /// The result as a modern server sends it: complete, and not to be cached or shared
            /// unless it says so already.
            #[must_use]
            pub fn into_modern(self) -> Self {
                Self {
                    result_type: Some(crate::ResultType::Complete),
                    ttl_ms: self.ttl_ms.or(Some(0)),
                    cache_scope: self.cache_scope.or(Some(crate::CacheScope::Private)),
                    ..self
                }
            }

            /// The result with `ttl_ms`, how long it may be cached, and `cache_scope`, who may
            /// share it.
            #[must_use]
            pub fn with_cache(self, ttl_ms: u64, cache_scope: crate::CacheScope) -> Self {
                Self { ttl_ms: Some(ttl_ms), cache_scope: Some(cache_scope), ..self }
            }
        }
    };
}

pub(crate) use cacheable;

/// Keeps the difference between a member that is `null` and one that is not there.
pub(crate) fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
