//! Multi round-trip requests: a modern server asks by answering, and is asked again.
//!
//! The questions are those that a legacy server sends as requests of its own, so [`Question`] and
//! [`Answer`] serve both eras.

mod question;
mod request;

use std::collections::BTreeMap;

use eyot_jsonrpc::{ErrorObject, Message};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Serialize};

pub use self::question::{Answer, Question};
use crate::{CreateTaskResult, JsonObject, ResultType, codes};

/// What a server asks before it can go on, under names of its own.
pub type InputRequests = BTreeMap<String, InputRequest>;

/// One thing that a server asks before it can go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct InputRequest {
    /// What is asked: the members `method` and `params`.
    #[serde(flatten)]
    pub question: Question,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl<Q: Into<Question>> From<Q> for InputRequest {
    fn from(question: Q) -> Self {
        Self { question: question.into(), other: JsonObject::new() }
    }
}

/// The answers to [`InputRequests`], under the same names.
///
/// They are kept as they came, because only the question says what an answer is: see
/// [`Question::decode_answer`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InputResponses(pub JsonObject);

impl InputResponses {
    /// No answers yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an answer.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, answer: impl Into<Answer>) -> Self {
        self.0.insert(name.into(), answer.into().into_value());
        self
    }

    /// The answer of that name as the result of what was asked. `None`: there is none.
    ///
    /// # Errors
    /// An error when the answer is not such a result.
    pub fn decode<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        self.0.get(name).map(T::deserialize).transpose()
    }
}

/// The members of a request that belong to its round.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct RoundParams {
    /// What the client answers, by the names of what it was asked.
    pub input_responses: Option<JsonObject>,
    /// What it was to bring back.
    pub request_state: Option<String>,
}

impl RoundParams {
    /// The round of a request; cheap for the first, which says nothing of rounds.
    ///
    /// # Errors
    ///
    /// "Invalid params", when a member is not of its type.
    pub fn of(request: &Message) -> Result<Self, ErrorObject> {
        if !request.has_round() {
            return Ok(Self::default());
        }
        request.decode_params().map_err(|error| codes::invalid_params(&error.to_string()))
    }
}

/// Result of a request that the server cannot complete yet. From 2026-07-28 on.
///
/// "At least one of `inputRequests` or `requestState` MUST be present" (2026-07-28, schema,
/// `InputRequiredResult`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InputRequiredResult {
    /// What kind of result this is.
    pub result_type: ResultType,
    /// What the server asks. `None`: it asks for another round only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_requests: Option<InputRequests>,
    /// What the client sends back unchanged in the next round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_state: Option<String>,
    /// Metadata of the result.
    #[serde(rename = "_meta", default, skip_serializing_if = "Option::is_none")]
    pub meta: Option<JsonObject>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl InputRequiredResult {
    /// Asks for this input.
    #[must_use]
    pub fn new(input_requests: InputRequests) -> Self {
        Self { input_requests: Some(input_requests), ..Self::bare() }
    }

    /// Asks for another round only.
    #[must_use]
    pub fn again(request_state: impl Into<String>) -> Self {
        Self::bare().with_request_state(request_state)
    }

    /// Adds what the client sends back unchanged.
    #[must_use]
    pub fn with_request_state(mut self, request_state: impl Into<String>) -> Self {
        self.request_state = Some(request_state.into());
        self
    }

    fn bare() -> Self {
        Self {
            result_type: ResultType::InputRequired,
            input_requests: None,
            request_state: None,
            meta: None,
            other: JsonObject::new(),
        }
    }
}

/// What one round of a request ends with.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum RoundResult<T> {
    /// The request is done.
    Complete(T),
    /// The server needs input and then another round.
    InputRequired(InputRequiredResult),
    /// The tasks extension: the request goes on as a task.
    Task(Box<CreateTaskResult>),
}

impl<T: DeserializeOwned> RoundResult<T> {
    /// Decodes the raw text of a result. The `resultType` member alone decides; "the client MUST
    /// treat the absent field as `"complete"`" (2026-07-28, schema, `Result`).
    ///
    /// # Errors
    /// An error when the text is no such result. "A `resultType` of any value unrecognized by the
    /// client MUST be considered invalid" (2026-07-28, basic/index, ResultType).
    pub fn decode(text: &str) -> Result<Self, serde_json::Error> {
        let Kind { result_type } = serde_json::from_str(text)?;
        match result_type.unwrap_or(ResultType::Complete) {
            ResultType::Complete => serde_json::from_str(text).map(Self::Complete),
            ResultType::InputRequired => serde_json::from_str(text).map(Self::InputRequired),
            ResultType::Task => serde_json::from_str(text).map(Self::Task),
            ResultType::Other(name) => {
                let text = format!("unknown resultType {name:?}");
                Err(serde_json::Error::custom(text))
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    result_type: Option<ResultType>,
}

#[cfg(test)]
mod tests;
