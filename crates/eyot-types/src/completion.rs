//! Completion: what the user may mean who has begun to fill in an argument.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::result::completed;
use crate::tagged::tagged;
use crate::with_members::with_members;
use crate::{JsonObject, Oddities, ResultType};

/// The most values that one answer may have.
///
/// "Must not exceed 100 items" (2026-07-28, schema, `CompleteResult`).
pub const COMPLETION_VALUES_MAX: usize = 100;

/// Parameters of `completion/complete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CompleteParams {
    /// What is being filled in.
    #[serde(rename = "ref")]
    pub reference: CompletionReference,
    /// The argument, as far as it has been filled in.
    pub argument: CompleteArgument,
    /// The arguments that have been filled in already. From 2025-06-18 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<CompleteContext>,
    /// Metadata of the request.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl CompleteParams {
    /// Asks how an argument may go on.
    #[must_use]
    pub fn new(reference: impl Into<CompletionReference>, argument: CompleteArgument) -> Self {
        let reference = reference.into();
        Self { reference, argument, context: None, meta: None, other: JsonObject::new() }
    }

    with_members! {
        /// Adds the arguments that have been filled in already.
        with_context(context: impl Into<CompleteContext>),
    }
}

tagged! {
    /// What is being filled in. A type that is not known here is kept whole.
    pub enum CompletionReference {
        /// A prompt.
        "ref/prompt" => Prompt(PromptReference),
        /// The URI template of a resource.
        "ref/resource" => Resource(ResourceReference),
    }
}

impl CompletionReference {
    /// A prompt.
    #[must_use]
    pub fn prompt(name: impl Into<String>) -> Self {
        Self::Prompt(PromptReference { name: name.into(), title: None, other: JsonObject::new() })
    }

    /// The URI template of a resource.
    #[must_use]
    pub fn resource(uri: impl Into<String>) -> Self {
        Self::Resource(ResourceReference { uri: uri.into(), other: JsonObject::new() })
    }
}

/// A prompt that is being filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PromptReference {
    /// The name of the prompt.
    pub name: String,
    /// Its name for people. From 2025-06-18 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

/// A URI template that is being filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResourceReference {
    /// The URI or the URI template of the resource.
    pub uri: String,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

/// An argument, as far as it has been filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CompleteArgument {
    /// The name of the argument.
    pub name: String,
    /// What it starts with.
    pub value: String,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl CompleteArgument {
    /// An argument that starts with `value`.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), other: JsonObject::new() }
    }
}

/// The arguments that have been filled in already.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CompleteContext {
    /// Their values by their names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<BTreeMap<String, String>>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl CompleteContext {
    /// These arguments.
    #[must_use]
    pub fn new(arguments: BTreeMap<String, String>) -> Self {
        Self { arguments: Some(arguments), other: JsonObject::new() }
    }
}

/// Result of `completion/complete`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CompleteResult {
    /// What kind of result this is. `None` in the legacy era.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_type: Option<ResultType>,
    /// How the argument may go on.
    pub completion: Completion,
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

impl CompleteResult {
    /// This completion, as a legacy server sends it.
    #[must_use]
    pub fn new(completion: Completion) -> Self {
        Self { completion, ..Self::default() }
    }
}

completed!(CompleteResult);

/// How an argument may go on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Completion {
    /// Whole values, the best first; at most [`COMPLETION_VALUES_MAX`].
    pub values: Vec<String>,
    /// How many there are, also those that are not here. `None`: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Whether there are more than those here. `None`: unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_more: Option<bool>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl Completion {
    /// The first of these values that one answer may have, with the number of all of them.
    #[must_use]
    pub fn new(mut values: Vec<String>) -> Self {
        let total = u64::try_from(values.len()).ok();
        let has_more = Some(values.len() > COMPLETION_VALUES_MAX);
        values.truncate(COMPLETION_VALUES_MAX);
        Self { values, total, has_more, other: JsonObject::new() }
    }
}

#[cfg(test)]
mod tests;
