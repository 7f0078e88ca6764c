//! What is said in a conversation with a model.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::result::present;
use crate::tagged::tagged;
use crate::{ContentBlock, JsonObject, MediaContent, TextContent};

tagged! {
    /// One piece of a conversation. A type that is not known here is kept whole.
    pub enum SamplingContent {
        /// Text.
        "text" => Text(TextContent),
        /// A picture.
        "image" => Image(MediaContent),
        /// Sound. From 2025-03-26 on.
        "audio" => Audio(MediaContent),
        /// The model wants to use a tool. From 2025-11-25 on.
        "tool_use" => ToolUse(ToolUseContent),
        /// What the tool answered. From 2025-11-25 on.
        "tool_result" => ToolResult(ToolResultContent),
    }
}

impl SamplingContent {
    /// A piece of text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(TextContent::new(text))
    }

    /// A picture of the media type `mime_type`.
    #[must_use]
    pub fn image(bytes: &[u8], mime_type: impl Into<String>) -> Self {
        Self::Image(MediaContent::new(bytes, mime_type))
    }

    /// A sound of the media type `mime_type`.
    #[must_use]
    pub fn audio(bytes: &[u8], mime_type: impl Into<String>) -> Self {
        Self::Audio(MediaContent::new(bytes, mime_type))
    }
}

impl From<ToolUseContent> for SamplingContent {
    fn from(content: ToolUseContent) -> Self {
        Self::ToolUse(content)
    }
}

impl From<ToolResultContent> for SamplingContent {
    fn from(content: ToolResultContent) -> Self {
        Self::ToolResult(content)
    }
}

/// The model wants to use a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ToolUseContent {
    /// The name of this use, for its result.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments.
    pub input: JsonObject,
    /// Metadata of the use.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl ToolUseContent {
    /// A use of a tool.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>, input: JsonObject) -> Self {
        let (id, name) = (id.into(), name.into());
        Self { id, name, input, meta: None, other: JsonObject::new() }
    }
}

/// What a tool answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ToolResultContent {
    /// The use that this is the result of.
    pub tool_use_id: String,
    /// The answer for the model.
    pub content: Vec<ContentBlock>,
    /// The answer for a program: an object in 2025-11-25, any value from 2026-07-28 on.
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
}

impl ToolResultContent {
    /// The answer of a tool that succeeded.
    #[must_use]
    pub fn new(tool_use_id: impl Into<String>, content: Vec<ContentBlock>) -> Self {
        Self {
            tool_use_id: tool_use_id.into(),
            content,
            structured_content: None,
            is_error: None,
            meta: None,
            other: JsonObject::new(),
        }
    }
}
