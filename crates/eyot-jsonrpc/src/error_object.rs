//! The error of a response, and the five codes that JSON-RPC itself defines.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The text is not JSON (JSON-RPC 2.0, 5.1).
pub const PARSE_ERROR: i64 = -32_700;
/// The JSON is no valid message.
pub const INVALID_REQUEST: i64 = -32_600;
/// The method does not exist or is not available.
pub const METHOD_NOT_FOUND: i64 = -32_601;
/// The parameters do not suit the method.
pub const INVALID_PARAMS: i64 = -32_602;
/// The receiver failed.
pub const INTERNAL_ERROR: i64 = -32_603;

/// The `error` member of a response.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorObject {
    /// The kind of error; codes from -32768 to -32000 are reserved.
    pub code: i64,
    /// One sentence for people.
    pub message: String,
    /// More for programs; not written when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl ErrorObject {
    /// An error without data.
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// The error with `data` in the place of what it had.
    #[must_use]
    pub fn with_data(self, data: Value) -> Self {
        Self { data: Some(data), ..self }
    }
}
