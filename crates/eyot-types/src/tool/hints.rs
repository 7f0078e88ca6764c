//! What a tool says of its behavior, and how it can be called.

use serde::{Deserialize, Serialize};

use crate::JsonObject;
use crate::open_enum::open_enum;
use crate::with_members::with_members;

/// What a tool says of its behavior. From 2025-03-26 on.
///
/// "Clients MUST consider tool annotations to be untrusted unless they come from trusted servers"
/// (2025-06-18, server/tools, Data Types).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ToolAnnotations {
    /// The name for people, older than [`Tool::title`](crate::Tool::title).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether it changes nothing. `None` means no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only_hint: Option<bool>,
    /// Whether it may destroy something when it changes something. `None` means yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destructive_hint: Option<bool>,
    /// Whether an equal call has no further effect. `None` means no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotent_hint: Option<bool>,
    /// Whether it deals with things outside, as a web search does. `None` means yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_world_hint: Option<bool>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl ToolAnnotations {
    /// Says nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    with_members! {
        /// Adds a name for people.
        with_title(title: impl Into<String>),
        /// Says whether it changes nothing.
        with_read_only_hint(read_only_hint: bool),
        /// Says whether it may destroy something.
        with_destructive_hint(destructive_hint: bool),
        /// Says whether an equal call has no further effect.
        with_idempotent_hint(idempotent_hint: bool),
        /// Says whether it deals with things outside.
        with_open_world_hint(open_world_hint: bool),
    }
}

open_enum! {
    /// Whether a call of the tool can be a task.
    pub enum TaskSupport {
        /// It cannot. Also meant when nothing is said.
        Forbidden = "forbidden",
        /// It can.
        Optional = "optional",
        /// It must.
        Required = "required",
    }
}

/// How a tool can be called. 2025-11-25 only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ToolExecution {
    /// Whether a call can be a task. `None` means that it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_support: Option<TaskSupport>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl ToolExecution {
    /// Says whether a call can be a task.
    #[must_use]
    pub fn new(task_support: TaskSupport) -> Self {
        Self { task_support: Some(task_support), other: JsonObject::new() }
    }
}
