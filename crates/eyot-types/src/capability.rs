//! What a client and a server say they can do.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::JsonObject;

/// A capability that lets a server ask the client something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ClientCapability {
    /// The client can ask its user: `elicitation/create`.
    Elicitation,
    /// The client can list its root directories: `roots/list`.
    Roots,
    /// The client can ask its model: `sampling/createMessage`.
    Sampling,
}

impl ClientCapability {
    /// The member of [`ClientCapabilities`] that declares it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Elicitation => "elicitation",
            Self::Roots => "roots",
            Self::Sampling => "sampling",
        }
    }
}

/// What a client declares: in `initialize` when it is legacy, in every request when it is modern.
///
/// The map is open: it keeps all that a client declares.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientCapabilities(pub JsonObject);

impl ClientCapabilities {
    /// Adds a capability with empty settings.
    #[must_use]
    pub fn with(mut self, capability: ClientCapability) -> Self {
        declare(&mut self.0, capability.as_str());
        self
    }

    /// Adds a capability with one of its settings, for example elicitation with `url`.
    #[must_use]
    pub fn with_setting(mut self, capability: ClientCapability, setting: &str) -> Self {
        if let Value::Object(settings) = declare(&mut self.0, capability.as_str()) {
            settings.insert(setting.to_owned(), Value::Object(JsonObject::new()));
        }
        self
    }

    /// Adds an extension with its settings.
    #[must_use]
    pub fn with_extension(mut self, name: &str, settings: JsonObject) -> Self {
        declare_extension(&mut self.0, name, settings);
        self
    }

    /// Adds what the other declares: its capabilities, and their settings to those that are here.
    pub fn merge(&mut self, other: &Self) {
        for (name, settings) in &other.0 {
            let known = declare(&mut self.0, name);
            match (known.as_object_mut(), settings) {
                (Some(known), Value::Object(settings)) => known.extend(settings.clone()),
                _ => *known = settings.clone(),
            }
        }
    }

    /// Whether the client declares the capability; its settings do not matter.
    #[must_use]
    pub fn has(&self, capability: ClientCapability) -> bool {
        self.settings(capability).is_some()
    }

    /// Whether the client can show a form. Elicitation without settings means form mode
    /// (2025-11-25, client/elicitation, Capabilities).
    #[must_use]
    pub fn has_elicitation_form(&self) -> bool {
        self.settings(ClientCapability::Elicitation)
            .is_some_and(|modes| modes.contains_key("form") || !modes.contains_key("url"))
    }

    /// Whether the client can send its user to a URL.
    #[must_use]
    pub fn has_elicitation_url(&self) -> bool {
        self.settings(ClientCapability::Elicitation).is_some_and(|modes| modes.contains_key("url"))
    }

    /// Whether the client's model can be offered tools.
    #[must_use]
    pub fn has_sampling_tools(&self) -> bool {
        self.settings(ClientCapability::Sampling).is_some_and(|modes| modes.contains_key("tools"))
    }

    /// The settings of a declared capability. `None`: not declared.
    #[must_use]
    pub fn settings(&self, capability: ClientCapability) -> Option<&JsonObject> {
        self.0.get(capability.as_str())?.as_object()
    }

    /// The settings of a declared extension. `None`: not declared.
    #[must_use]
    pub fn extension(&self, name: &str) -> Option<&JsonObject> {
        extension(&self.0, name)
    }
}

/// What a server declares. The map is open: it keeps all that a server declares.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerCapabilities(pub JsonObject);

impl ServerCapabilities {
    /// Adds a capability with empty settings, for example `tools`.
    #[must_use]
    pub fn with(mut self, name: &str) -> Self {
        declare(&mut self.0, name);
        self
    }

    /// Adds a capability with one of its flags, for example `tools` with `listChanged`.
    #[must_use]
    pub fn with_flag(mut self, name: &str, flag: &str) -> Self {
        if let Value::Object(settings) = declare(&mut self.0, name) {
            settings.insert(flag.to_owned(), Value::Bool(true));
        }
        self
    }

    /// Adds an extension with its settings.
    #[must_use]
    pub fn with_extension(mut self, name: &str, settings: JsonObject) -> Self {
        declare_extension(&mut self.0, name, settings);
        self
    }

    /// Whether the server declares the capability; its settings do not matter.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(Value::is_object)
    }

    /// Whether the server announces changes of its lists of `name`: `tools`, `prompts` or
    /// `resources`.
    #[must_use]
    pub fn has_list_changed(&self, name: &str) -> bool {
        self.flag(name, "listChanged")
    }

    /// Whether the server announces changes of single resources.
    #[must_use]
    pub fn has_resources_subscribe(&self) -> bool {
        self.flag("resources", "subscribe")
    }

    /// The settings of a declared extension. `None`: not declared.
    #[must_use]
    pub fn extension(&self, name: &str) -> Option<&JsonObject> {
        extension(&self.0, name)
    }

    fn flag(&self, name: &str, flag: &str) -> bool {
        let settings = self.0.get(name).and_then(Value::as_object);
        settings.and_then(|settings| settings.get(flag)).and_then(Value::as_bool).unwrap_or(false)
    }
}

fn declare<'a>(declared: &'a mut JsonObject, name: &str) -> &'a mut Value {
    declared.entry(name).or_insert_with(|| Value::Object(JsonObject::new()))
}

fn declare_extension(declared: &mut JsonObject, name: &str, settings: JsonObject) {
    if let Value::Object(extensions) = declare(declared, "extensions") {
        extensions.insert(name.to_owned(), Value::Object(settings));
    }
}

fn extension<'a>(declared: &'a JsonObject, name: &str) -> Option<&'a JsonObject> {
    declared.get("extensions")?.as_object()?.get(name)?.as_object()
}

#[cfg(test)]
mod tests;
