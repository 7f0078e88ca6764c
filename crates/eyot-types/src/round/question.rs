//! What a server may ask its client, and the answers.

use serde::de::{DeserializeOwned, Error as _};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::{
    ClientCapabilities, ClientCapability, CreateMessageParams, CreateMessageResult, ElicitMode,
    ElicitParams, ElicitResult, EmptyParams, ListRootsResult, Method,
};

/// What a server asks its client: the members `method` and `params` of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// `elicitation/create`: ask the user.
    Elicitation(Box<ElicitParams>),
    /// `sampling/createMessage`: ask the model.
    Sampling(Box<CreateMessageParams>),
    /// `roots/list`: name the directories to work in.
    Roots(Option<EmptyParams>),
    /// A method that is not known here.
    Other {
        /// The method.
        method: String,
        /// Its parameters, not decoded.
        params: Option<Value>,
    },
}

impl Question {
    /// Asks for the roots.
    #[must_use]
    pub const fn roots() -> Self {
        Self::Roots(None)
    }

    /// The question that a request asks.
    ///
    /// # Errors
    /// An error when the parameters do not fit the method.
    pub fn decode(method: &str, params: Option<Value>) -> Result<Self, serde_json::Error> {
        match Method::parse(method) {
            Method::ElicitationCreate => decode(params).map(Self::Elicitation),
            Method::SamplingCreateMessage => decode(params).map(Self::Sampling),
            Method::RootsList => params.map(serde_json::from_value).transpose().map(Self::Roots),
            _ => Ok(Self::Other { method: method.to_owned(), params }),
        }
    }

    /// The question that a request asks, from the text of its parameters: only so does a form keep
    /// its questions in the order in which they were written.
    ///
    /// # Errors
    /// An error when the parameters do not fit the method.
    pub fn decode_text(method: &str, params: Option<&str>) -> Result<Self, serde_json::Error> {
        match Method::parse(method) {
            Method::ElicitationCreate => decode_text(params).map(Self::Elicitation),
            Method::SamplingCreateMessage => decode_text(params).map(Self::Sampling),
            _ => Self::decode(method, params.map(serde_json::from_str).transpose()?),
        }
    }

    /// The method that asks.
    #[must_use]
    pub fn method(&self) -> Method<'_> {
        match self {
            Self::Elicitation(_) => Method::ElicitationCreate,
            Self::Sampling(_) => Method::SamplingCreateMessage,
            Self::Roots(_) => Method::RootsList,
            Self::Other { method, .. } => Method::parse(method),
        }
    }

    /// What a client has to declare to be asked this. `None`: it has declared it.
    ///
    /// "Servers MUST NOT send an `inputRequests` that the client has not declared support for"
    /// (2026-07-28, basic/patterns/mrtr), nor a request (2025-11-25, basic/lifecycle).
    #[must_use]
    pub fn unmet(&self, client: &ClientCapabilities) -> Option<ClientCapabilities> {
        let required = ClientCapabilities::default();
        let (is_met, required) = match self {
            Self::Elicitation(params) if params.mode == Some(ElicitMode::Url) => (
                client.has_elicitation_url(),
                required.with_setting(ClientCapability::Elicitation, "url"),
            ),
            Self::Elicitation(_) => (
                client.has_elicitation_form(),
                required.with_setting(ClientCapability::Elicitation, "form"),
            ),
            Self::Sampling(params) if params.tools.is_some() || params.tool_choice.is_some() => (
                client.has_sampling_tools(),
                required.with_setting(ClientCapability::Sampling, "tools"),
            ),
            Self::Sampling(_) => {
                (client.has(ClientCapability::Sampling), required.with(ClientCapability::Sampling))
            }
            Self::Roots(_) => {
                (client.has(ClientCapability::Roots), required.with(ClientCapability::Roots))
            }
            Self::Other { .. } => (true, required),
        };
        (!is_met).then_some(required)
    }

    /// An answer to this question.
    ///
    /// # Errors
    /// An error when the answer is not a result of the method.
    pub fn decode_answer(&self, answer: Value) -> Result<Answer, serde_json::Error> {
        match self {
            Self::Elicitation(_) => serde_json::from_value(answer).map(Answer::Elicitation),
            Self::Sampling(_) => serde_json::from_value(answer).map(Answer::Sampling),
            Self::Roots(_) => serde_json::from_value(answer).map(Answer::Roots),
            Self::Other { .. } => Ok(Answer::Other(answer)),
        }
    }
}

fn decode<T: DeserializeOwned>(params: Option<Value>) -> Result<T, serde_json::Error> {
    serde_json::from_value(params.ok_or_else(missing)?)
}

fn decode_text<T: DeserializeOwned>(params: Option<&str>) -> Result<T, serde_json::Error> {
    serde_json::from_str(params.ok_or_else(missing)?)
}

fn missing() -> serde_json::Error {
    serde_json::Error::missing_field("params")
}

impl From<ElicitParams> for Question {
    fn from(params: ElicitParams) -> Self {
        Self::Elicitation(Box::new(params))
    }
}

impl From<CreateMessageParams> for Question {
    fn from(params: CreateMessageParams) -> Self {
        Self::Sampling(Box::new(params))
    }
}

impl Serialize for Question {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("method", self.method().as_str())?;
        match self {
            Self::Elicitation(params) => members.serialize_entry("params", params)?,
            Self::Sampling(params) => members.serialize_entry("params", params)?,
            Self::Roots(Some(params)) => members.serialize_entry("params", params)?,
            Self::Other { params: Some(params), .. } => {
                members.serialize_entry("params", params)?;
            }
            Self::Roots(None) | Self::Other { params: None, .. } => {}
        }
        members.end()
    }
}

/// What a client answers. Only the question says which of these it is: see
/// [`Question::decode_answer`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Answer {
    /// Of the user.
    Elicitation(ElicitResult),
    /// Of the model.
    Sampling(Box<CreateMessageResult>),
    /// The roots.
    Roots(ListRootsResult),
    /// Of a method that is not known here.
    Other(Value),
}

impl Answer {
    /// The result, as it is sent.
    #[must_use]
    pub fn into_value(self) -> Value {
        match self {
            Self::Other(value) => value,
            // Maps with keys of text and numbers that come from JSON: nothing that could fail.
            known => serde_json::to_value(known).unwrap_or_default(),
        }
    }
}

impl From<ElicitResult> for Answer {
    fn from(result: ElicitResult) -> Self {
        Self::Elicitation(result)
    }
}

impl From<CreateMessageResult> for Answer {
    fn from(result: CreateMessageResult) -> Self {
        Self::Sampling(Box::new(result))
    }
}

impl From<ListRootsResult> for Answer {
    fn from(result: ListRootsResult) -> Self {
        Self::Roots(result)
    }
}
