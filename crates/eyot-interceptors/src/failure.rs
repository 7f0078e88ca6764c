//! Why an interceptor has given no verdict.

use std::borrow::Cow;
use std::time::Duration;

use eyot_jsonrpc::{ParseError, ParseErrorKind};

/// An interceptor has given no verdict. Its text is for operators: no peer gets it.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// It says so itself.
    #[error("{0}")]
    Failed(Cow<'static, str>),
    /// It refuses the payload, where it was asked what becomes of it.
    #[error("it refuses the payload")]
    Refused,
    /// It asks for the consent of a person where none can be asked.
    #[error(
        "a person can be asked at the boundary to clients only, about calls of tools, prompts and resources"
    )]
    CannotAsk,
    /// It sends a message to another server where there is none.
    #[error(
        "calls of tools, prompts and resources can be sent to another server, at the boundary to \
         clients and where several servers are one"
    )]
    CannotRoute,
    /// It has panicked.
    #[error("it panicked")]
    Panicked,
    /// It took too long.
    #[error("it took longer than {0:?}")]
    TimedOut(Duration),
    /// What it made of the payload is no JSON that may be sent.
    #[error("it made no JSON that may be sent")]
    NotJson,
    /// What it made of the message is none.
    #[error("it made no message that may be sent: {0}")]
    NoMessage(ParseErrorKind),
    /// What it made of the payload lacks what the operation needs.
    #[error("it made a payload without what {event} needs: {missing}")]
    Unfit {
        /// The event.
        event: Box<str>,
        /// The member, and what it should be.
        missing: &'static str,
    },
    /// It looked for a member that other readers may find elsewhere: the key stands there twice, or in
    /// two ways that readers who fold case take for one.
    #[error("the member `{member}` can be read in two ways")]
    Ambiguous {
        /// The key.
        member: Box<str>,
    },
    /// The splices of its edit overlap, or do not fit the payload.
    #[error("its splices overlap or do not fit the payload")]
    BadSplices,
}

impl Failure {
    /// A failure in the interceptor's own words.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Failed(reason.into())
    }
}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        Self::NoMessage(error.kind())
    }
}
