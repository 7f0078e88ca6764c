//! Sampling: a server asks the client's model.

mod content;
mod preferences;

use serde::{Deserialize, Serialize};
use serde_json::Number;

pub use self::content::{SamplingContent, ToolResultContent, ToolUseContent};
pub use self::preferences::{ModelHint, ModelPreferences};
use crate::open_enum::open_enum;
use crate::with_members::with_members;
use crate::{JsonObject, OneOrMany, Role, TaskMetadata, Tool};

open_enum! {
    /// What the client adds to the conversation of its own accord.
    pub enum IncludeContext {
        /// Nothing. Also meant when no context is asked for.
        None = "none",
        /// What it knows of the server that asks. Deprecated since 2025-11-25.
        ThisServer = "thisServer",
        /// What it knows of all its servers. Deprecated since 2025-11-25.
        AllServers = "allServers",
    }
}

open_enum! {
    /// Whether the model uses tools.
    pub enum ToolChoiceMode {
        /// As it likes. Also meant when no mode is given.
        Auto = "auto",
        /// At least one.
        Required = "required",
        /// None.
        None = "none",
    }
}

open_enum! {
    /// Why the model stopped. Providers have reasons of their own.
    pub enum StopReason {
        /// It had said everything.
        EndTurn = "endTurn",
        /// It came to one of the texts at which it was to stop.
        StopSequence = "stopSequence",
        /// It had said as much as it was allowed to.
        MaxTokens = "maxTokens",
        /// It wants to use tools. From 2025-11-25 on.
        ToolUse = "toolUse",
    }
}

/// Parameters of `sampling/createMessage`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CreateMessageParams {
    /// The conversation so far.
    pub messages: Vec<SamplingMessage>,
    /// Which model the server would like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_preferences: Option<ModelPreferences>,
    /// What the model is told first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_prompt: Option<String>,
    /// What the client adds of its own accord. `None` means nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_context: Option<IncludeContext>,
    /// How much the model's answers vary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<Number>,
    /// The most that the model may say.
    pub max_tokens: u64,
    /// Texts at which the model stops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_sequences: Option<Vec<String>>,
    /// What the provider of the model is told; its form is the provider's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<JsonObject>,
    /// What the model may use. From 2025-11-25 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<Tool>>,
    /// Whether the model uses tools. From 2025-11-25 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice>,
    /// Asks for a task. 2025-11-25 only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskMetadata>,
    /// Metadata of the request.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl CreateMessageParams {
    /// Goes on with a conversation.
    #[must_use]
    pub fn new(messages: Vec<SamplingMessage>, max_tokens: u64) -> Self {
        Self {
            messages,
            model_preferences: None,
            system_prompt: None,
            include_context: None,
            temperature: None,
            max_tokens,
            stop_sequences: None,
            metadata: None,
            tools: None,
            tool_choice: None,
            task: None,
            meta: None,
            other: JsonObject::new(),
        }
    }

    with_members! {
        /// Says which model the server would like.
        with_model_preferences(model_preferences: impl Into<ModelPreferences>),
        /// Says what the model is told first.
        with_system_prompt(system_prompt: impl Into<String>),
        /// Says at which texts the model stops.
        with_stop_sequences(stop_sequences: impl Into<Vec<String>>),
        /// Offers tools.
        with_tools(tools: impl Into<Vec<Tool>>),
        /// Says whether the model uses tools.
        with_tool_choice(tool_choice: impl Into<ToolChoice>),
    }

    /// Says how much the answers vary. JSON has no number for what is not finite: nothing is said
    /// then.
    #[must_use]
    pub fn with_temperature(mut self, temperature: f64) -> Self {
        self.temperature = Number::from_f64(temperature);
        self
    }
}

/// One message of a conversation with a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SamplingMessage {
    /// Who speaks.
    pub role: Role,
    /// What is said: several pieces from 2025-11-25 on, one before.
    pub content: OneOrMany<SamplingContent>,
    /// Metadata of the message.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl SamplingMessage {
    /// A message.
    #[must_use]
    pub fn new(role: Role, content: impl Into<OneOrMany<SamplingContent>>) -> Self {
        Self { role, content: content.into(), meta: None, other: JsonObject::new() }
    }

    /// A text of the person.
    #[must_use]
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, SamplingContent::text(text))
    }

    /// A text of the model.
    #[must_use]
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, SamplingContent::text(text))
    }
}

/// Whether the model uses tools.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ToolChoice {
    /// How. `None` means as it likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<ToolChoiceMode>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl ToolChoice {
    /// This choice.
    #[must_use]
    pub fn new(mode: ToolChoiceMode) -> Self {
        Self { mode: Some(mode), other: JsonObject::new() }
    }
}

/// Result of `sampling/createMessage`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CreateMessageResult {
    /// Who speaks.
    pub role: Role,
    /// What is said: several pieces from 2025-11-25 on, one before.
    pub content: OneOrMany<SamplingContent>,
    /// The model that spoke.
    pub model: String,
    /// Why it stopped. `None`: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_reason: Option<StopReason>,
    /// Metadata of the result.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl CreateMessageResult {
    /// What the model said.
    #[must_use]
    pub fn new(model: impl Into<String>, content: impl Into<OneOrMany<SamplingContent>>) -> Self {
        Self {
            role: Role::Assistant,
            content: content.into(),
            model: model.into(),
            stop_reason: None,
            meta: None,
            other: JsonObject::new(),
        }
    }

    with_members! {
        /// Says why the model stopped.
        with_stop_reason(stop_reason: impl Into<StopReason>),
    }

    /// Every piece of text, each on a line of its own.
    #[must_use]
    pub fn text(&self) -> String {
        let texts = self.content.iter().filter_map(|piece| match piece {
            SamplingContent::Text(text) => Some(text.text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests;
