//! Requests: the metadata that every modern one must have.

use crate::revision::{self, Losses};
use eyot_jsonrpc::Message;
use eyot_types::{
    ClientCapabilities, Implementation, InitializeParams, JsonObject, Revision, TASKS_EXTENSION,
    meta,
};
use serde_json::value::{RawValue, to_raw_value};

use crate::members::{may_have, with_meta, without_members};

/// What a legacy client has said of itself, in the form that modern requests have.
#[derive(Clone, Debug)]
pub struct ClientMeta {
    client_info: Box<RawValue>,
    declared: Box<RawValue>,
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
        let client_info = to_raw_value(&client_info)?;
        let declared = to_raw_value(&capabilities)?;
        Ok((Self { client_info, declared, capabilities }, losses))
    }

    /// The client in a request that may become a task: the extension is declared in no other.
    ///
    /// # Errors
    /// When its capabilities cannot be written.
    pub fn with_tasks(&self) -> Result<Self, serde_json::Error> {
        let capabilities =
            self.capabilities.clone().with_extension(TASKS_EXTENSION, JsonObject::new());
        Ok(Self { declared: to_raw_value(&capabilities)?, ..self.clone() })
    }

    /// What the client can be asked.
    #[must_use]
    pub fn capabilities(&self) -> &ClientCapabilities {
        &self.capabilities
    }

    /// The raw `params` of a request of the client, as a modern server wants them. Everything but
    /// `_meta`, and members that mean something else in the modern era, keeps its bytes.
    ///
    /// # Errors
    /// When the `_meta` of the request cannot be read.
    pub fn params(
        &self,
        request: &Message,
        log_level: Option<&str>,
    ) -> Result<String, serde_json::Error> {
        let level = log_level.map(to_raw_value).transpose()?;
        let revision = to_raw_value(Revision::MODERN.as_str())?;
        let params = with_meta(request, |members| {
            // "If absent, the server MUST NOT send any" log messages (2026-07-28, schema,
            // RequestMetaObject): what the client has not set in its session, no request says.
            members.remove(meta::LOG_LEVEL);
            members.remove(meta::RELATED_TASK);
            members.insert(meta::PROTOCOL_VERSION.to_owned(), revision);
            members.insert(meta::CLIENT_INFO.to_owned(), self.client_info.clone());
            members.insert(meta::CLIENT_CAPABILITIES.to_owned(), self.declared.clone());
            members.extend(level.map(|it| (meta::LOG_LEVEL.to_owned(), it)));
        })?;
        let is_foreign = request.has_round() || may_have(request, "task");
        if is_foreign { without_members(params, &FOREIGN) } else { Ok(params) }
    }
}

/// Members that a legacy request has for another meaning, or for none.
const FOREIGN: [&str; 3] = ["task", "inputResponses", "requestState"];

#[cfg(test)]
mod tests;
