//! Calling a tool.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::result::{completed, present};
use crate::with_members::with_members;
use crate::{ContentBlock, InputResponses, JsonObject, Oddities, ResultType, TaskMetadata};

/// Parameters of `tools/call`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CallToolParams {
    /// The tool.
    pub name: String,
    /// Its arguments. `None`: it is called without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<JsonObject>,
    /// Asks for a task. 2025-11-25 only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskMetadata>,
    /// The answers to what the round before asked. From 2026-07-28 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_responses: Option<InputResponses>,
    /// What the server gave in the round before, unchanged. From 2026-07-28 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_state: Option<String>,
    /// Metadata of the request.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl CallToolParams {
    /// A call without arguments.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    with_members! {
        /// Adds arguments.
        with_arguments(arguments: impl Into<JsonObject>),
    }
}

/// Result of `tools/call` when it is complete.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CallToolResult {
    /// What kind of result this is. `None` in the legacy era.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_type: Option<ResultType>,
    /// The answer for a model.
    pub content: Vec<ContentBlock>,
    /// The answer for a program: an object from 2025-06-18 on, any value from 2026-07-28 on.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub structured_content: Option<Value>,
    /// Whether the tool failed. `None` means no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_error: Option<bool>,
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

impl CallToolResult {
    /// The answer of a tool that succeeded, as a legacy server sends it.
    #[must_use]
    pub fn new(content: Vec<ContentBlock>) -> Self {
        Self { content, ..Self::default() }
    }

    /// A text as the answer of a tool that succeeded.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(vec![ContentBlock::text(text)])
    }

    /// A value as the answer of a tool that succeeded: as it is for programs, as text for models.
    ///
    /// "For backwards compatibility, a tool that returns structured content SHOULD also return the
    /// serialized JSON in a TextContent block" (2025-06-18, server/tools, Structured Content).
    #[must_use]
    pub fn structured(value: Value) -> Self {
        let text = value.to_string();
        Self { structured_content: Some(value), ..Self::text(text) }
    }

    /// The answer of a tool that failed: a text that tells the model why.
    #[must_use]
    pub fn error(text: impl Into<String>) -> Self {
        Self { is_error: Some(true), ..Self::text(text) }
    }

    with_members! {
        /// Adds the answer for a program.
        with_structured_content(structured_content: impl Into<Value>),
    }
}

completed!(CallToolResult);
