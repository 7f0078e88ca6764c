//! What a person has to consent to.

use std::time::Duration;

use eyot_types::{ElicitParams, ElicitSchema};
use serde::{Deserialize, Serialize};

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
}

impl Consent {
    /// The question `message`, to which the answer may take ten minutes. Interceptors that ask under one
    /// `name`, and in equal words, share the answer; no peer sees the name.
    #[must_use]
    pub fn new(name: impl Into<Box<str>>, message: impl Into<Box<str>>) -> Self {
        Self { name: name.into(), message: message.into(), timeout: TIMEOUT }
    }

    /// The answer may take this long.
    #[must_use]
    pub const fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Whether who has consented to one has consented to the other.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.name == other.name && self.message == other.message
    }

    /// What the client shows: a form without fields, which is sent or not.
    pub(crate) fn form(&self) -> ElicitParams {
        ElicitParams::form(&*self.message, ElicitSchema::new())
    }
}

/// A person may take so long, unless something else is said.
const TIMEOUT: Duration = Duration::from_secs(600);
