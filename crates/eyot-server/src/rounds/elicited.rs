//! The outcome of a form.

use eyot_types::{ElicitAction, ElicitResult};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The outcome of a form that was shown to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Elicited<T> {
    /// The user filled it in.
    Accepted(T),
    /// The user said no.
    Declined,
    /// The user went away without an answer.
    Cancelled,
}

impl<T> Elicited<T> {
    /// What the user filled in; `None` when the user declined or cancelled.
    pub fn accepted(self) -> Option<T> {
        match self {
            Self::Accepted(content) => Some(content),
            Self::Declined | Self::Cancelled => None,
        }
    }
}

impl<T: DeserializeOwned> Elicited<T> {
    /// Reads a client's answer; fails when the filled-in form is no `T`.
    pub(crate) fn of(answer: ElicitResult) -> Result<Self, serde_json::Error> {
        Ok(match answer.action {
            ElicitAction::Accept => {
                let content = Value::Object(answer.content.unwrap_or_default());
                Self::Accepted(serde_json::from_value(content)?)
            }
            ElicitAction::Decline => Self::Declined,
            _ => Self::Cancelled,
        })
    }
}
