//! Questions of a server to the user of a client.

mod fields;
mod number;
mod schema;
mod select;

use serde::{Deserialize, Serialize};

pub use self::fields::Fields;
pub use self::number::IntoNumber;
pub use self::schema::{
    BooleanSchema, ElicitSchema, NumberKind, NumberSchema, PrimitiveSchema, StringFormat,
    StringSchema,
};
pub use self::select::{MultiSelectItems, MultiSelectSchema, SelectOption, SingleSelectSchema};
use crate::open_enum::open_enum;
use crate::{JsonObject, TaskMetadata};

open_enum! {
    /// How the user is asked.
    pub enum ElicitMode {
        /// With a form that the client shows. Also meant when no mode is given.
        Form = "form",
        /// On a web page that the client opens.
        Url = "url",
    }
}

open_enum! {
    /// What the user did.
    pub enum ElicitAction {
        /// The user answered.
        Accept = "accept",
        /// The user said no.
        Decline = "decline",
        /// The user went away without an answer.
        Cancel = "cancel",
    }
}

/// Parameters of `elicitation/create`, in both modes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ElicitParams {
    /// How the user is asked. `None` means with a form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<ElicitMode>,
    /// What the user is asked.
    pub message: String,
    /// The form. Form mode only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_schema: Option<ElicitSchema>,
    /// The page. URL mode only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The name of this question in `notifications/elicitation/complete`. URL mode of 2025-11-25
    /// only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elicitation_id: Option<String>,
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

impl ElicitParams {
    /// Asks with a form, without naming the mode, as every revision understands it.
    #[must_use]
    pub fn form(message: impl Into<String>, requested_schema: ElicitSchema) -> Self {
        Self { requested_schema: Some(requested_schema), ..Self::bare(message.into()) }
    }

    /// Asks on a web page.
    #[must_use]
    pub fn url(message: impl Into<String>, url: impl Into<String>) -> Self {
        let (mode, url) = (Some(ElicitMode::Url), Some(url.into()));
        Self { mode, url, ..Self::bare(message.into()) }
    }

    fn bare(message: String) -> Self {
        Self {
            mode: None,
            message,
            requested_schema: None,
            url: None,
            elicitation_id: None,
            task: None,
            meta: None,
            other: JsonObject::new(),
        }
    }
}

/// Result of `elicitation/create`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ElicitResult {
    /// What the user did.
    pub action: ElicitAction,
    /// What the user filled in. `None` unless a form was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<JsonObject>,
    /// Metadata of the result.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl ElicitResult {
    /// The user filled in the form.
    #[must_use]
    pub fn accept(content: JsonObject) -> Self {
        Self { content: Some(content), ..Self::new(ElicitAction::Accept) }
    }

    /// The user did this and filled in nothing.
    #[must_use]
    pub fn new(action: ElicitAction) -> Self {
        Self { action, content: None, meta: None, other: JsonObject::new() }
    }
}

/// Parameters of `notifications/elicitation/complete`. 2025-11-25 only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ElicitationCompleteParams {
    /// The question whose page the user is done with.
    pub elicitation_id: String,
    /// Metadata of the notification.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl ElicitationCompleteParams {
    /// The user is done with the page of that question.
    #[must_use]
    pub fn new(elicitation_id: impl Into<String>) -> Self {
        Self { elicitation_id: elicitation_id.into(), meta: None, other: JsonObject::new() }
    }
}
