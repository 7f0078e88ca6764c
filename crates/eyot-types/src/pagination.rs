//! Parameters of the requests that list something or that have none of their own.

use serde::{Deserialize, Serialize};

use crate::JsonObject;
use crate::with_members::with_members;

/// Parameters of `tools/list`, `prompts/list`, `resources/list` and the other lists.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PaginatedParams {
    /// Where to go on. `None`: from the start. The empty text is a cursor like any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Metadata of the request.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl PaginatedParams {
    /// Asks for the first page.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    with_members! {
        /// Goes on where another page ended.
        with_cursor(cursor: impl Into<String>),
    }
}

/// Parameters of a message that has none of its own: `ping`, `server/discover`, `roots/list`, and
/// the notifications `notifications/initialized` and `notifications/*/list_changed`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EmptyParams {
    /// Metadata of the message.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl EmptyParams {
    /// No parameters.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}
