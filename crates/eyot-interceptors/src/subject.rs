//! What a plan is run over.

use std::sync::Arc;

use eyot_jsonrpc::{Json, Members, Message};

use crate::edit::Edit;
use crate::failure::Failure;

/// What a plan is run over: a message, or a part of one that is an operation of its own.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    /// A message. The payload is its `params`, `result` or `error`.
    Message(Message),
    /// A question or an answer inside of another message, or a payload that came by itself.
    Part {
        text: Arc<str>,
        /// It is the error of an operation.
        is_error: bool,
    },
}

impl Subject {
    /// A payload by itself.
    pub(crate) fn part(text: &str) -> Self {
        Self::Part { text: text.into(), is_error: false }
    }

    /// The error of an operation, by itself.
    pub(crate) fn error_part(text: &str) -> Self {
        Self::Part { text: text.into(), is_error: true }
    }

    pub(crate) fn into_message(self) -> Option<Message> {
        match self {
            Self::Message(message) => Some(message),
            Self::Part { .. } => None,
        }
    }

    /// The raw JSON of the payload.
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Message(message) => message
                .params()
                .or_else(|| message.result())
                .or_else(|| message.error())
                .unwrap_or("{}"),
            Self::Part { text, .. } => text,
        }
    }

    /// The members of the payload; `None` when it is no object. Of a message, what is long is passed over
    /// without a look at it.
    pub(crate) fn members(&self) -> Option<Members<'_>> {
        match self {
            Self::Message(message) => message.members(),
            Self::Part { text, .. } => Members::of(text),
        }
    }

    pub(crate) fn is_error(&self) -> bool {
        match self {
            Self::Message(message) => message.error().is_some(),
            Self::Part { is_error, .. } => *is_error,
        }
    }

    /// The subject after an edit; `None`: it stays as it is.
    pub(crate) fn edited(&self, mut edit: Edit) -> Result<Option<Self>, Failure> {
        // The text of a message in several slices is joined for who asks for it.
        if edit.is_keep() {
            return Ok(None);
        }
        let Some(parts) = edit.parts(self.text())? else { return Ok(None) };
        Ok(Some(match self {
            Self::Message(message) => Self::Message(message.with_payload(&parts)?),
            Self::Part { is_error, .. } => {
                let text = parts.concat();
                Json::parse(&text).ok_or(Failure::NotJson)?;
                Self::Part { text: text.into(), is_error: *is_error }
            }
        }))
    }
}
