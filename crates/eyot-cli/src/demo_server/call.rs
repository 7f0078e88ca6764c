//! One request, and what its client said about itself.

use eyot::jsonrpc::{ErrorObject, Id, Message};
use eyot::types::{ClientCapabilities, Era, LogLevel, Method, RequestMeta, Revision, codes, meta};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::catalog;

/// A result, before the members that every modern result has are added.
pub(super) type Outcome = Result<Value, ErrorObject>;

/// What a client says of itself: a legacy one in `initialize`, a modern one in every request.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) revision: Revision,
    pub(super) capabilities: ClientCapabilities,
    /// The least severe level that it wants to see. `None`: no log messages.
    pub(super) log_level: Option<LogLevel>,
}

impl Default for Client {
    /// A legacy client before it has said anything. "If no logging/setLevel request has been sent
    /// from the client, the server MAY decide which messages to send automatically" (2025-11-25,
    /// schema): all.
    fn default() -> Self {
        let (revision, log_level) = (Revision::LATEST_LEGACY, Some(LogLevel::Debug));
        Self { revision, capabilities: ClientCapabilities::default(), log_level }
    }
}

impl Client {
    /// The client of a request; `session` is the one that has initialized. The request is modern
    /// if it says a revision, and must be if there is no session that it could belong to.
    fn of(message: &Message, session: Option<&Self>) -> Result<Self, ErrorObject> {
        let meta =
            message.meta().map_or_else(|| Ok(RequestMeta::default()), RequestMeta::decode)?;
        let name = message.method().unwrap_or_default();
        let method = Method::parse(&name);
        let client = match session {
            Some(session) if meta.protocol_version.is_none() => session.clone(),
            None if meta.protocol_version.is_none() && is_first(method) => Self::default(),
            _ => Self::modern(&meta)?,
        };
        if method.is_in(client.revision) { Ok(client) } else { Err(codes::method_not_found(&name)) }
    }

    fn modern(meta: &RequestMeta<'_>) -> Result<Self, ErrorObject> {
        let (required, revision) = (meta.required()?, Revision::MODERN);
        if required.protocol_version != revision.as_str() {
            return Err(codes::unsupported_version(required.protocol_version, &[revision]));
        }
        let capabilities = serde_json::from_str(required.client_capabilities.get())
            .map_err(|error| codes::invalid_params(&error.to_string()))?;
        Ok(Self { revision, capabilities, log_level: meta.log_level.clone() })
    }
}

/// Whether a legacy client may ask this before it has initialized.
const fn is_first(method: Method<'_>) -> bool {
    matches!(method, Method::Initialize | Method::Ping)
}

/// One request of a client of either era.
pub(super) struct Call {
    pub(super) id: Id,
    pub(super) message: Message,
    client: Client,
}

impl Call {
    /// Reads a request; `session` is the legacy client that has initialized.
    pub(super) fn read(
        id: Id,
        message: Message,
        session: Option<&Client>,
    ) -> Result<Self, ErrorObject> {
        let client = Client::of(&message, session)?;
        Ok(Self { id, message, client })
    }

    /// The era of the client.
    pub(super) const fn era(&self) -> Era {
        self.client.revision.era()
    }

    /// The name of the method.
    pub(super) fn method_name(&self) -> String {
        self.message.method().unwrap_or_default().into_owned()
    }

    /// Decodes the parameters.
    pub(super) fn params<T: DeserializeOwned>(&self) -> Result<T, ErrorObject> {
        self.message.decode_params().map_err(|error| codes::invalid_params(&error.to_string()))
    }

    /// Whether the client wants to see a log message of this level.
    pub(super) fn wants_log(&self, level: &LogLevel) -> bool {
        self.client.log_level.as_ref().is_some_and(|least| level >= least)
    }

    /// Whether the client can put a form before its user.
    pub(super) fn can_be_asked(&self) -> bool {
        Method::ElicitationCreate.is_in(self.client.revision)
            && self.client.capabilities.has_elicitation_form()
    }

    /// The answer as the client's era wants it.
    pub(super) fn answer(&self, outcome: Outcome) -> Message {
        match outcome {
            Ok(result) => Message::response(self.id.clone(), &self.finish(result)),
            Err(error) => Message::error_response(Some(self.id.clone()), &error),
        }
    }

    fn finish(&self, mut result: Value) -> Value {
        if let (Era::Modern, Value::Object(members)) = (self.era(), &mut result) {
            members.entry("resultType").or_insert_with(|| json!("complete"));
            members
                .insert("_meta".to_owned(), json!({ meta::SERVER_INFO: catalog::server_info() }));
            if let Some(ttl_ms) = catalog::ttl_ms(Method::parse(&self.method_name())) {
                members.insert("ttlMs".to_owned(), json!(ttl_ms));
                members.insert("cacheScope".to_owned(), json!("public"));
            }
        }
        result
    }
}
