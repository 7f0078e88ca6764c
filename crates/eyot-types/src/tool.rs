//! Tools: their definitions, their calls, their results.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::result::present;
use crate::{CacheScope, ContentBlock, JsonObject, ResultType};

/// The definition of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Tool {
    /// The name by which it is called.
    pub name: String,
    /// The name for people. `None`: use `name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does, for a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The JSON Schema of its arguments.
    pub input_schema: JsonObject,
    /// The JSON Schema of its structured content. `None`: it has none, or says nothing about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<JsonObject>,
    /// Metadata of the tool.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name, such as annotations and icons.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl Tool {
    /// A tool that takes what `input_schema` describes: a schema of type `object`.
    #[must_use]
    pub fn new(name: impl Into<String>, input_schema: JsonObject) -> Self {
        Self {
            name: name.into(),
            title: None,
            description: None,
            input_schema,
            output_schema: None,
            meta: None,
            other: JsonObject::new(),
        }
    }
}

/// Result of `tools/list`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListToolsResult {
    /// What kind of result this is. `None` in the legacy era.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_type: Option<ResultType>,
    /// The tools of this page.
    pub tools: Vec<Tool>,
    /// Where the next page starts. `None`: this is the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// How long the result may be cached, in milliseconds. `None` in the legacy era.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// Who may share the cached result. `None` in the legacy era.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_scope: Option<CacheScope>,
    /// Metadata of the result.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl ListToolsResult {
    /// The last page, as a legacy server sends it.
    #[must_use]
    pub fn new(tools: Vec<Tool>) -> Self {
        Self { tools, ..Self::default() }
    }

    /// The same page as a modern server sends it: complete, not to be cached or shared.
    #[must_use]
    pub fn into_modern(self) -> Self {
        Self {
            result_type: Some(ResultType::Complete),
            ttl_ms: Some(0),
            cache_scope: Some(CacheScope::Private),
            ..self
        }
    }
}

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
    /// Metadata of the request.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name, such as the answers of an earlier round.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl CallToolParams {
    /// A call without arguments.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
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
}

impl CallToolResult {
    /// The answer of a tool that succeeded, as a legacy server sends it.
    #[must_use]
    pub fn new(content: Vec<ContentBlock>) -> Self {
        Self { content, ..Self::default() }
    }

    /// The answer of a tool that failed: a text that tells the model why.
    #[must_use]
    pub fn error(text: impl Into<String>) -> Self {
        Self { is_error: Some(true), ..Self::new(vec![ContentBlock::text(text)]) }
    }

    /// The same answer as a modern server sends it.
    #[must_use]
    pub fn into_modern(self) -> Self {
        Self { result_type: Some(ResultType::Complete), ..self }
    }
}
