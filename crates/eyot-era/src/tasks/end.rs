//! What a task has come to.

use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, Kind, Message};
use eyot_types::codes;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

/// The end of a task.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "a task ends in one of three ways")]
pub enum End {
    /// The client, or the work, has stopped it.
    Cancelled,
    /// The request has this result, as it was written. A tool that failed has one too.
    Result(Box<RawValue>),
    /// The request has this error.
    Error(ErrorObject),
}

/// How a task has ended, without what it has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the two eras differ in one of four ways")]
pub enum EndKind {
    /// It was stopped.
    Cancelled,
    /// It has a result.
    Result,
    /// It has a result that says that the tool has failed (`isError`).
    FailedResult,
    /// It has an error.
    Error,
}

impl End {
    /// The end that the answer to the request is. "The `tasks/get` endpoint returns exactly what
    /// the underlying request would have returned" (tasks extension, Task Execution Errors).
    #[must_use]
    pub fn of_answer(answer: &Message) -> Self {
        let unreadable = || Self::internal("the answer cannot be read");
        match answer.kind() {
            Kind::Error => answer.decode_error().map_or_else(|_| unreadable(), Self::Error),
            _ => {
                let result = answer.result().unwrap_or_default().to_owned();
                RawValue::from_string(result).map_or_else(|_| unreadable(), Self::Result)
            }
        }
    }

    /// The end of a request with this result, as text, or this error.
    #[must_use]
    pub fn of_outcome(outcome: Result<String, ErrorObject>) -> Self {
        let unreadable = |_| Self::internal("the answer cannot be read");
        match outcome {
            Ok(result) => RawValue::from_string(result).map_or_else(unreadable, Self::Result),
            Err(error) => Self::Error(error),
        }
    }

    /// An end with an error of this program.
    #[must_use]
    pub fn internal(message: &str) -> Self {
        Self::Error(ErrorObject::new(INTERNAL_ERROR, message))
    }

    /// The end of work whose result cannot be kept. The work is done, so that it may do harm to ask
    /// for it again.
    pub(super) fn no_room() -> Self {
        let text = "Overloaded: the work is done, but its result cannot be kept";
        let data = json!({ "limit": "task results", "retryable": false });
        Self::Error(ErrorObject::new(codes::OVERLOADED, text).with_data(data))
    }

    /// How the task has ended.
    #[must_use]
    pub fn kind(&self) -> EndKind {
        match self {
            Self::Cancelled => EndKind::Cancelled,
            Self::Result(result) if is_failed(result.get()) => EndKind::FailedResult,
            Self::Result(_) => EndKind::Result,
            Self::Error(_) => EndKind::Error,
        }
    }

    /// Bytes of the result. Errors are short, and told whatever else is kept.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match self {
            Self::Result(result) => result.get().len(),
            Self::Cancelled | Self::Error(_) => 0,
        }
    }
}

/// Whether a result says that its tool has failed. Most results do not name the member, and are
/// not parsed.
fn is_failed(result: &str) -> bool {
    #[derive(Deserialize)]
    struct Failed {
        #[serde(rename = "isError", default)]
        is_error: bool,
    }
    result.contains("\"isError\"")
        && serde_json::from_str(result).is_ok_and(|Failed { is_error }| is_error)
}
