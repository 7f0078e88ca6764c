//! How a handler fails.

use std::error::Error;
use std::fmt;

use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR};
use eyot_types::CallToolResult;

/// Why a handler has no result.
///
/// Any error becomes one with `?`: a tool's caller, most often a model, then reads its text and can
/// try something else ([`CallToolResult::is_error`]); a prompt or a resource answers with an
/// internal error. Keep out of the text what the caller must not read.
///
/// It does not implement `std::error::Error`, so that every other error can be turned into it.
#[derive(Debug)]
pub struct HandlerError(Box<Kind>);

#[derive(Debug)]
enum Kind {
    Text(String),
    Result(CallToolResult),
    Protocol(ErrorObject),
}

/// What a handler returns.
pub type HandlerResult<T> = Result<T, HandlerError>;

impl HandlerError {
    /// Fails with a text for the caller.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Box::new(Kind::Text(text.into())))
    }

    /// Fails with content for the model: the result of a tool that failed.
    #[must_use]
    pub fn result(mut result: CallToolResult) -> Self {
        result.is_error = Some(true);
        Self(Box::new(Kind::Result(result)))
    }

    /// Fails with a JSON-RPC error, which programs read: the call itself was wrong.
    #[must_use]
    pub fn protocol(error: ErrorObject) -> Self {
        Self(Box::new(Kind::Protocol(error)))
    }

    /// The result or the error that a tool answers with.
    pub(crate) fn into_tool(self) -> Result<CallToolResult, ErrorObject> {
        match *self.0 {
            Kind::Text(text) => Ok(CallToolResult::error(text)),
            Kind::Result(result) => Ok(result),
            Kind::Protocol(error) => Err(error),
        }
    }

    /// The error that prompts, resources and other methods answer with.
    pub(crate) fn into_error(self) -> ErrorObject {
        match *self.0 {
            Kind::Text(text) => ErrorObject::new(INTERNAL_ERROR, text),
            Kind::Result(_) => ErrorObject::new(INTERNAL_ERROR, "the handler failed"),
            Kind::Protocol(error) => error,
        }
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Text(text) => f.write_str(text),
            Kind::Result(_) => f.write_str("the tool failed"),
            Kind::Protocol(error) => write!(f, "{} ({})", error.message, error.code),
        }
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for HandlerError {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        Self::new(text)
    }
}
