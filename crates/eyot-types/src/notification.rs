//! Parameters of the notifications and small requests that a proxy reads.

use eyot_jsonrpc::Id;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use crate::JsonObject;

/// Parameters of `notifications/cancelled`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CancelledParams {
    /// The request that is cancelled, by the id that its sender gave it.
    pub request_id: Id,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Metadata of the notification.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl CancelledParams {
    /// Cancels a request without saying why.
    #[must_use]
    pub fn new(request_id: Id) -> Self {
        Self { request_id, reason: None, meta: None, other: JsonObject::new() }
    }
}

/// Parameters of `notifications/progress`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProgressParams {
    /// The token of the request that makes progress; it has the form of an id.
    pub progress_token: Id,
    /// How far it is. Grows with every notification.
    pub progress: Number,
    /// Where it will end. `None`: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Number>,
    /// What happens now, for people. From 2025-03-26 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Metadata of the notification.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl ProgressParams {
    /// Progress towards an unknown end.
    #[must_use]
    pub fn new(progress_token: Id, progress: impl Into<Number>) -> Self {
        Self {
            progress_token,
            progress: progress.into(),
            total: None,
            message: None,
            meta: None,
            other: JsonObject::new(),
        }
    }
}

/// Parameters of `resources/subscribe` and `resources/unsubscribe`, and of
/// `notifications/resources/updated`: all three name one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SubscribeParams {
    /// The resource.
    pub uri: String,
    /// Metadata of the message.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl SubscribeParams {
    /// Names a resource.
    #[must_use]
    pub fn new(uri: impl Into<String>) -> Self {
        Self { uri: uri.into(), meta: None, other: JsonObject::new() }
    }
}
