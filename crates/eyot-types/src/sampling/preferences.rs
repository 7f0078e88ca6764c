//! Which model a server would like. The client decides.

use serde::{Deserialize, Serialize};
use serde_json::Number;

use crate::JsonObject;
use crate::with_members::with_members;

/// Which model a server would like.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelPreferences {
    /// Models that would do, the best first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hints: Option<Vec<ModelHint>>,
    /// How much a low price counts, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_priority: Option<Number>,
    /// How much speed counts, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed_priority: Option<Number>,
    /// How much ability counts, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intelligence_priority: Option<Number>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl ModelPreferences {
    /// No preferences yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    with_members! {
        /// Names models that would do, the best first.
        with_hints(hints: impl Into<Vec<ModelHint>>),
    }

    /// Says how much a low price counts, from 0 to 1; nothing when it is not finite.
    #[must_use]
    pub fn with_cost_priority(mut self, priority: f64) -> Self {
        self.cost_priority = Number::from_f64(priority);
        self
    }

    /// Says how much speed counts, from 0 to 1; nothing when it is not finite.
    #[must_use]
    pub fn with_speed_priority(mut self, priority: f64) -> Self {
        self.speed_priority = Number::from_f64(priority);
        self
    }

    /// Says how much ability counts, from 0 to 1; nothing when it is not finite.
    #[must_use]
    pub fn with_intelligence_priority(mut self, priority: f64) -> Self {
        self.intelligence_priority = Number::from_f64(priority);
        self
    }
}

/// A model that would do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ModelHint {
    /// A part of its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Members that this type does not name.
    #[serde(flatten)]
    pub other: JsonObject,
}

impl ModelHint {
    /// A model with `name` in its name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), other: JsonObject::new() }
    }
}
