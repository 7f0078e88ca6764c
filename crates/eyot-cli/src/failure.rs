//! Why a command failed, for programs that read it: an exit code and a line of JSON.

use std::fmt;

use eyot::{ClientError, ErrorObject};
use eyot_stdx::shown_url;
use serde_json::{Value, json};

/// The exit code of a failed command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Code {
    /// Anything else.
    Failure = 1,
    /// The command was called wrongly; flags that do not exist have this code too.
    Usage = 2,
    /// The server wants authorization.
    Unauthorized = 3,
    /// The server was not reached.
    Unreachable = 4,
    /// The tool failed, or there is none of that name.
    Tool = 5,
    /// SIGHUP: 128 and the signal's number.
    HungUp = 129,
    /// Ctrl-C: 128 and the signal's number.
    Interrupted = 130,
    /// SIGQUIT: 128 and the signal's number.
    Quit = 131,
    /// SIGTERM: 128 and the signal's number.
    Terminated = 143,
}

/// A failure of a command that is a client.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    message: String,
    /// The HTTP status, if the request failed with one.
    status: Option<u16>,
    /// The error that the server answered.
    rpc: Option<Box<ErrorObject>>,
    url: Option<String>,
    /// The facts that were found before the failure.
    found: Vec<Value>,
}

impl Failure {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            status: None,
            rpc: None,
            url: None,
            found: Vec::new(),
        }
    }

    /// The failure of a command that was called wrongly.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(Code::Usage, message)
    }

    /// Adds the URL of the server, without what may be a secret.
    pub(crate) fn at(self, url: Option<&str>) -> Self {
        Self { url: url.map(shown_url), ..self }
    }

    /// The text of the failure, without the URL.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Replaces the message, and adds the facts that were found before the failure.
    pub(crate) fn found(self, message: String, found: Vec<Value>) -> Self {
        Self { message, found, ..self }
    }

    fn document(&self) -> Value {
        let mut error = json!({ "code": self.code as u8, "message": self.message });
        if let Some(members) = error.as_object_mut() {
            let status = self.status.map(Value::from);
            let url = self.url.as_deref().map(Value::from);
            let rpc = self.rpc.as_ref().map(|it| json!(it));
            let found = (!self.found.is_empty()).then(|| json!(self.found));
            for (name, value) in [("status", status), ("url", url), ("rpc", rpc), ("found", found)]
            {
                members.extend(value.map(|it| (name.to_owned(), it)));
            }
        }
        json!({ "error": error })
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let code = match &error {
            ClientError::Target { .. } => Code::Usage,
            ClientError::Unauthorized { .. } => Code::Unauthorized,
            ClientError::Unreachable { .. } => Code::Unreachable,
            _ => Code::Failure,
        };
        let mut failure = Self::new(code, error.to_string());
        match error {
            ClientError::Unauthorized { status, challenge } => {
                failure.status = Some(status);
                if let Some(challenge) = challenge {
                    failure.message = format!("{} ({challenge})", failure.message);
                }
            }
            ClientError::Rpc(error) => failure.rpc = Some(Box::new(error)),
            _ => {}
        }
        failure
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.url {
            Some(url) => write!(f, " (at {url})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failure {}

/// The exit code for an error.
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
    error.downcast_ref().map_or(Code::Failure, |it: &Failure| it.code) as u8
}

/// An error as a JSON document.
pub(crate) fn document(error: &anyhow::Error) -> Value {
    match error.downcast_ref::<Failure>() {
        Some(failure) => failure.document(),
        None => Failure::new(Code::Failure, format!("{error:#}")).document(),
    }
}
