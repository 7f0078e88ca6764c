//! What a validator says of a payload.

use std::borrow::Cow;

use eyot_jsonrpc::ErrorObject;
use serde::{Deserialize, Serialize};

/// The judgement of a validator.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Validation {
    /// What it found. Nothing: the payload is valid.
    pub findings: Vec<Finding>,
    /// The error that the sender gets in place of the one that SEP-2624 prescribes, if this
    /// judgement blocks. `None`: that one.
    pub error: Option<Box<ErrorObject>>,
}

impl Validation {
    /// The payload is valid.
    pub const PASS: Self = Self { findings: Vec::new(), error: None };

    /// The payload may not pass.
    pub fn deny(message: impl Into<Cow<'static, str>>) -> Self {
        Self::PASS.with(Finding::new(Severity::Error, message))
    }

    /// The payload may pass, with a warning.
    pub fn warn(message: impl Into<Cow<'static, str>>) -> Self {
        Self::PASS.with(Finding::new(Severity::Warn, message))
    }

    /// The judgement with one more finding.
    #[must_use]
    pub fn with(mut self, finding: Finding) -> Self {
        self.findings.push(finding);
        self
    }

    /// The judgement with the error that the sender gets if it blocks.
    #[must_use]
    pub fn with_error(mut self, error: ErrorObject) -> Self {
        self.error = Some(Box::new(error));
        self
    }

    /// The gravest of its findings; `None`: there are none.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        self.findings.iter().map(|it| it.severity).max()
    }

    /// Whether the payload may not pass: "warn" and "info" MUST NOT block.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.severity() == Some(Severity::Error)
    }
}

/// One thing that a validator has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Finding {
    /// Where, as a JSON pointer or in the words of the validator. `None`: in the whole payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What it is. The sender of the payload gets this text.
    pub message: Cow<'static, str>,
    /// How grave it is.
    pub severity: Severity,
}

impl Finding {
    /// A finding in the whole payload.
    pub fn new(severity: Severity, message: impl Into<Cow<'static, str>>) -> Self {
        Self { path: None, message: message.into(), severity }
    }

    /// The finding at this place.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "SEP-2624 has these three")]
pub enum Severity {
    /// For the record.
    Info,
    /// The operator should look at it.
    Warn,
    /// The payload may not pass.
    Error,
}

impl Severity {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}
