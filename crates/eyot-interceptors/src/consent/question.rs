//! What a person has to consent to.

use std::time::Duration;

use eyot_types::{ElicitParams, ElicitSchema};
use serde::{Deserialize, Serialize};

use super::approvers::Approvers;

/// What a person has to consent to before a request goes on: a question, which an interceptor asks with
/// [`Edit::Ask`](crate::Edit::Ask).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    #[serde(rename = "n")]
    name: Box<str>,
    #[serde(rename = "m")]
    message: Box<str>,
    /// How long the answer may take. Of no concern once it is given.
    #[serde(skip)]
    timeout: Duration,
    /// Whose consent it is. `None`: that of the user of the client.
    #[serde(skip)]
    approvers: Option<Approvers>,
}

impl Consent {
    /// The question `message`, to which the answer may take ten minutes. Interceptors that ask under one
    /// `name`, and in equal words, share the answer; no peer sees the name.
    #[must_use]
    pub fn new(name: impl Into<Box<str>>, message: impl Into<Box<str>>) -> Self {
        Self { name: name.into(), message: message.into(), timeout: TIMEOUT, approvers: None }
    }

    /// The answer may take this long.
    #[must_use]
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// One of these principals has to consent, and not the user of the client. It is asked where it has a
    /// session in this process, and the call waits. What is shown is the message with all of the call.
    #[must_use]
    pub fn of(mut self, approvers: Approvers) -> Self {
        self.approvers = Some(approvers);
        self
    }

    pub(crate) const fn approvers(&self) -> Option<&Approvers> {
        self.approvers.as_ref()
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Whether who has consented to one has consented to the other.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.name == other.name
            && self.message == other.message
            && self.approvers == other.approvers
    }

    /// What the client shows: a form without fields, which is sent or not.
    pub(crate) fn form(&self) -> ElicitParams {
        Self::form_in(&self.message)
    }

    /// The same, in these words.
    pub(crate) fn form_in(words: &str) -> ElicitParams {
        ElicitParams::form(words, ElicitSchema::new())
    }
}

/// A person may take so long, unless something else is said.
const TIMEOUT: Duration = Duration::from_secs(600);
