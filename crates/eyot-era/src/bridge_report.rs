//! What the bridge makes of a server for clients of the other era, told before any call.
//!
//! Nothing is decided here: the report comes from the functions that convert the messages.

use eyot_types::{
    ClientCapabilities, DiscoverResult, Era, Implementation, InitializeParams, InitializeResult,
    MirroredArguments, Revision, ServerCapabilities, TASKS_EXTENSION, Tool,
};
use serde_json::{Value, json};

use crate::legacy_to_modern::{self, ClientMeta};
use crate::modern_to_legacy;
use crate::revision::{self, Convert, Effect, FEATURES, Feature, Losses};

/// A server of one era before clients of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BridgeReport {
    server: Revision,
    client: Revision,
}

impl BridgeReport {
    /// A server that speaks this revision before clients of the other era, of its latest revision.
    #[must_use]
    pub fn of(server: Revision) -> Self {
        let client = match server.era() {
            Era::Legacy => Revision::MODERN,
            Era::Modern => Revision::LATEST_LEGACY,
        };
        Self { server, client }
    }

    /// The revision of the clients.
    #[must_use]
    pub const fn client(&self) -> Revision {
        self.client
    }

    /// The capabilities of the server as its clients are told them, and what is lost.
    #[must_use]
    pub fn server_capabilities(
        &self,
        declared: ServerCapabilities,
    ) -> (ServerCapabilities, Losses) {
        match self.client.era() {
            Era::Modern => {
                let unnamed = Implementation::new("", "");
                let initialized = InitializeResult::new(self.server, declared, unnamed);
                let (result, losses) = modern_to_legacy::discovered(initialized);
                (result.capabilities, losses)
            }
            Era::Legacy => {
                let discovered = DiscoverResult::new(&[self.server], declared);
                let unnamed = Implementation::new("", "");
                let (result, losses) =
                    legacy_to_modern::initialize(self.client, discovered, unnamed, false);
                (result.capabilities, losses)
            }
        }
    }

    /// The capabilities of a client that declares all that its revision has: as the server is told
    /// them, and as declared.
    #[must_use]
    pub fn client_capabilities(&self) -> (ClientCapabilities, ClientCapabilities) {
        let declared = everything(self.client.era());
        let told = match self.client.era() {
            Era::Modern => {
                let raw = serde_json::to_string(&declared).ok();
                modern_to_legacy::capabilities(raw.as_deref()).ok()
            }
            Era::Legacy => {
                let us = Implementation::new("", "");
                let params = InitializeParams::new(self.client, declared.clone(), us);
                let params = serde_json::to_string(&params).unwrap_or_default();
                let read = ClientMeta::of_initialize(self.client, &params).ok();
                read.map(|(client, _)| client.capabilities().clone())
            }
        };
        (told.unwrap_or_default(), declared)
    }

    /// What is lost of a value that the server says, such as a list of tools.
    #[must_use]
    pub fn losses<T: Convert>(&self, said: T) -> Losses {
        revision::to(self.client, said).1
    }

    /// Why clients do not see the tool at all; `None`: they do. `is_http`: the server is at a URL.
    #[must_use]
    pub fn leaves_out(&self, tool: &Tool, is_http: bool) -> Option<String> {
        // On another transport a modern server's headers are never sent.
        let needs_headers = self.client.era() == Era::Modern || is_http;
        let invalid = MirroredArguments::of(&tool.input_schema).err();
        invalid.filter(|_| needs_headers).map(|error| error.to_string())
    }

    /// What a call may bring that clients cannot be told, and where: as far as the server's
    /// capabilities allow it.
    ///
    /// What the bridge does in another way is not part of it: a question in a call becomes a round, and
    /// a round becomes questions.
    pub fn in_calls(
        &self,
        declared: &ServerCapabilities,
    ) -> impl Iterator<Item = (Feature, &'static str)> {
        let Self { server, client } = *self;
        FEATURES.iter().filter_map(move |row| {
            let is_lost = row.feature.is_in(server) && !row.feature.is_in(client);
            let is_felt = !matches!(row.effect, Effect::Implied | Effect::Ignored);
            let place = place(row.feature, declared).filter(|_| is_lost && is_felt);
            place.map(|place| (row.feature, place))
        })
    }
}

/// Whether these capabilities declare tasks, those of 2025-11-25 or those of the extension.
#[must_use]
pub fn has_tasks(declared: &ServerCapabilities) -> bool {
    declared.has("tasks") || declared.extension(TASKS_EXTENSION).is_some()
}

/// Where a server with these capabilities uses a feature that no list shows; `None`: nowhere.
fn place(feature: Feature, declared: &ServerCapabilities) -> Option<&'static str> {
    let (is_said, place) = match feature {
        Feature::StructuredContent | Feature::AnyStructuredContent => {
            (declared.has("tools"), "results of tools")
        }
        Feature::AudioContent | Feature::ResourceLink => {
            (declared.has("tools") || declared.has("prompts"), "results of tools and prompts")
        }
        Feature::CacheHints => (declared.has("resources"), "results of resources/read"),
        Feature::ElicitationId => (true, "questions on a web page"),
        Feature::RelatedTask | Feature::TaskResult => (has_tasks(declared), "calls as tasks"),
        Feature::ResourceNotFoundCode => (declared.has("resources"), "errors of resources/read"),
        Feature::ModernCodes | Feature::SdkCodes => (true, "errors"),
        _ => (false, ""),
    };
    is_said.then_some(place)
}

/// All that a client of an era can declare.
fn everything(era: Era) -> ClientCapabilities {
    let declared = match era {
        Era::Legacy => json!({
            "elicitation": { "form": {}, "url": {} },
            "roots": { "listChanged": true },
            "sampling": { "context": {}, "tools": {} },
            "tasks": {
                "cancel": {},
                "list": {},
                "requests": {
                    "elicitation": { "create": {} },
                    "sampling": { "createMessage": {} },
                },
            },
        }),
        Era::Modern => json!({
            "elicitation": { "form": {}, "url": {} },
            "extensions": { TASKS_EXTENSION: {} },
            "roots": {},
            "sampling": { "context": {}, "tools": {} },
        }),
    };
    match declared {
        Value::Object(declared) => ClientCapabilities(declared),
        _ => ClientCapabilities::default(),
    }
}

#[cfg(test)]
mod tests;
