//! Tools: their definitions, their calls, their results.

mod call;
mod hints;

use serde::{Deserialize, Serialize};

pub use self::call::{CallToolParams, CallToolResult};
pub use self::hints::{TaskSupport, ToolAnnotations, ToolExecution};
use crate::list_result::list_result;
use crate::with_members::with_members;
use crate::{Icon, JsonObject};

/// The definition of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Tool {
    /// The name by which it is called.
    pub name: String,
    /// The name for people. `None`: use `name`. From 2025-06-18 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does, for a model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The JSON Schema of its arguments.
    pub input_schema: JsonObject,
    /// The JSON Schema of its structured content. `None`: it has none, or says nothing about it.
    /// From 2025-06-18 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<JsonObject>,
    /// What it says of its behavior. From 2025-03-26 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<ToolAnnotations>,
    /// How it can be called. 2025-11-25 only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<ToolExecution>,
    /// Its pictures. From 2025-11-25 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icons: Option<Vec<Icon>>,
    /// Metadata of the tool. From 2025-06-18 on.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
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
            annotations: None,
            execution: None,
            icons: None,
            meta: None,
            other: JsonObject::new(),
        }
    }

    with_members! {
        /// Adds a name for people.
        with_title(title: impl Into<String>),
        /// Says what it does.
        with_description(description: impl Into<String>),
        /// Describes its structured content.
        with_output_schema(output_schema: impl Into<JsonObject>),
        /// Says how it behaves.
        with_annotations(annotations: impl Into<ToolAnnotations>),
        /// Says how it can be called.
        with_execution(execution: impl Into<ToolExecution>),
        /// Adds pictures.
        with_icons(icons: impl Into<Vec<Icon>>),
        /// Adds metadata.
        with_meta(meta: impl Into<JsonObject>),
    }

    /// The name for people: the title, else that of the annotations, else the name.
    ///
    /// "Display name precedence order is: title, annotations.title, then name" (2025-06-18, schema,
    /// `Tool`).
    #[must_use]
    pub fn display_name(&self) -> &str {
        let of_annotations = || self.annotations.as_ref()?.title.as_deref();
        self.title.as_deref().or_else(of_annotations).unwrap_or(&self.name)
    }
}

list_result! {
    /// Result of `tools/list`.
    pub struct ListToolsResult {
        /// The tools of this page.
        tools: Tool
    }
}
