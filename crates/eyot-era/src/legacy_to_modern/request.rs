//! Requests: the metadata that every modern one must have.

use crate::revision::{self, Losses};
use eyot_jsonrpc::{Changes, Json, Keeps, Request};
use eyot_types::{
    ClientCapabilities, Implementation, InitializeParams, JsonObject, Revision, TASKS_EXTENSION,
    meta,
};
use serde::Serialize;
use serde::ser::Error as _;

/// What a legacy client has said of itself, in the form that modern requests have.
#[derive(Clone, Debug)]
pub struct ClientMeta {
    client_info: Json,
    declared: Json,
    capabilities: ClientCapabilities,
}

impl ClientMeta {
    /// Reads the raw `params` of the `initialize` that opened a session of `revision`; also says
    /// what of the capabilities is lost.
    ///
    /// What the session's own revision does not have, its client has not declared, whatever it
    /// says: a server that believed it would ask what the client cannot be asked.
    ///
    /// # Errors
    /// When they are no parameters of `initialize`.
    pub fn of_initialize(
        revision: Revision,
        params: &str,
    ) -> Result<(Self, Losses), serde_json::Error> {
        let InitializeParams { capabilities, client_info, .. } = serde_json::from_str(params)?;
        let (capabilities, _) = revision::to(revision, capabilities);
        let (capabilities, losses) = revision::to(Revision::MODERN, capabilities);
        let (client_info, _) = revision::to::<Implementation>(Revision::MODERN, client_info);
        let (client_info, declared) = (json(&client_info)?, json(&capabilities)?);
        Ok((Self { client_info, declared, capabilities }, losses))
    }

    /// The client in a request that may become a task: the extension is declared in no other.
    ///
    /// # Errors
    /// When its capabilities cannot be written.
    pub fn with_tasks(&self) -> Result<Self, serde_json::Error> {
        let capabilities =
            self.capabilities.clone().with_extension(TASKS_EXTENSION, JsonObject::new());
        Ok(Self { declared: json(&capabilities)?, ..self.clone() })
    }

    /// What the client can be asked.
    #[must_use]
    pub fn capabilities(&self) -> &ClientCapabilities {
        &self.capabilities
    }

    /// A request of the client as a modern server wants it. Everything but `_meta`, and members that
    /// mean something else in the modern era, keeps its bytes.
    #[must_use]
    pub fn request(&self, request: &Request, log_level: Option<&str>) -> Request {
        // "If absent, the server MUST NOT send any" log messages (2026-07-28, schema,
        // RequestMetaObject): what the client has not set in its session, no request says.
        let in_meta = |name: &str| name != meta::LOG_LEVEL && name != meta::RELATED_TASK;
        let revision = Json::constant(MODERN);
        let level = log_level.and_then(|it| Json::of(&it));
        let said = [
            Some((meta::PROTOCOL_VERSION, &revision)),
            Some((meta::CLIENT_INFO, &self.client_info)),
            Some((meta::CLIENT_CAPABILITIES, &self.declared)),
            level.as_ref().map(|it| (meta::LOG_LEVEL, it)),
        ];
        let is_kept = |name: &str| !FOREIGN.contains(&name);
        let is_plain = !request.has_round() && !request.has_task();
        let keeps = if is_plain { Keeps::All } else { Keeps::If(&is_kept) };
        let rewritten = request.rewritten(
            &Changes { keeps, adds: &[] },
            &Changes { keeps: Keeps::If(&in_meta), adds: &said },
        );
        rewritten.unwrap_or_else(|| request.clone())
    }
}

fn json(value: &impl Serialize) -> Result<Json, serde_json::Error> {
    Json::of(value).ok_or_else(|| serde_json::Error::custom("nested too deep"))
}

/// The revision of every request.
const MODERN: &str = r#""2026-07-28""#;

/// Members that a legacy request has for another meaning, or for none.
const FOREIGN: [&str; 3] = ["task", "inputResponses", "requestState"];

#[cfg(test)]
mod tests;
