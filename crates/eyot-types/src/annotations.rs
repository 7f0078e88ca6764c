//! Hints on how to show content and resources.

use serde::{Deserialize, Serialize};
use serde_json::Number;

use crate::JsonObject;
use crate::open_enum::open_enum;
use crate::with_members::with_members;

open_enum! {
    /// Who speaks in a conversation, or whom something is for.
    pub enum Role {
        /// The person.
        User = "user",
        /// The model.
        Assistant = "assistant",
    }
}

/// Hints about content or a resource.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Annotations {
    /// Whom it is for. `None`: nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Vec<Role>>,
    /// How important it is, from 0 to 1: 1 "indicates that the data is effectively required".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Number>,
    /// When it was last modified, in ISO 8601. From 2025-06-18 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl Annotations {
    /// Says nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    with_members! {
        /// Says whom it is for.
        with_audience(audience: impl Into<Vec<Role>>),
        /// Says when it was last modified, in ISO 8601.
        with_last_modified(last_modified: impl Into<String>),
    }

    /// Says how important it is, from 0 to 1. JSON has no number for what is not finite: nothing
    /// is said then.
    #[must_use]
    pub fn with_priority(mut self, priority: f64) -> Self {
        self.priority = Number::from_f64(priority);
        self
    }
}
