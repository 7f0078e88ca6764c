//! Log messages of a server to its client.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::JsonObject;
use crate::open_enum::open_enum;

open_enum! {
    /// How severe a log message is, the least severe first (RFC 5424, section 6.2.1).
    ///
    /// An unknown level counts as the most severe, so that no filter swallows it.
    pub enum LogLevel {
        /// For the developer of the server.
        Debug = "debug",
        /// Normal operation.
        Info = "info",
        /// Normal, but significant.
        Notice = "notice",
        /// Something may go wrong.
        Warning = "warning",
        /// Something went wrong.
        Error = "error",
        /// A part of the server fails.
        Critical = "critical",
        /// An operator must act at once.
        Alert = "alert",
        /// The server cannot be used.
        Emergency = "emergency",
    }
}

/// Parameters of `logging/setLevel`, a request of the legacy era.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SetLevelParams {
    /// The least severe level that the client wants to see.
    pub level: LogLevel,
    /// Metadata of the request.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl SetLevelParams {
    /// Asks for messages of this level and above.
    #[must_use]
    pub fn new(level: LogLevel) -> Self {
        Self { level, meta: None, other: JsonObject::new() }
    }
}

/// Parameters of `notifications/message`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LoggingMessageParams {
    /// How severe it is.
    pub level: LogLevel,
    /// The part of the server that speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logger: Option<String>,
    /// What it says: a text or any other JSON value.
    pub data: Value,
    /// Metadata of the notification.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl LoggingMessageParams {
    /// A message without a logger.
    #[must_use]
    pub fn new(level: LogLevel, data: impl Into<Value>) -> Self {
        Self { level, logger: None, data: data.into(), meta: None, other: JsonObject::new() }
    }
}

#[cfg(test)]
mod tests;
