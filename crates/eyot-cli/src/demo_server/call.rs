//! One request, and what its client said about itself.

use eyot::jsonrpc::{ErrorObject, Id, Message};
use eyot::types::{ClientCapabilities, Era, LogLevel, Method, RequestMeta, Revision, codes, meta};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::catalog;

/// A result, before the members that every modern result has are added.
pub(super) type Outcome = Result<Value, ErrorObject>;

/// What holds for all calls of a legacy client.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) revision: Revision,
    pub(super) capabilities: ClientCapabilities,
    pub(super) log_level: LogLevel,
}

impl Default for Session {
    /// Before `initialize`. "If no logging/setLevel request has been sent from the client, the
    /// server MAY decide which messages to send automatically" (2025-11-25, schema): all.
    fn default() -> Self {
        let capabilities = ClientCapabilities::default();
        Self { revision: Revision::LATEST_LEGACY, capabilities, log_level: LogLevel::Debug }
    }
}

/// One request of a client of either era.
pub(super) struct Call {
    pub(super) id: Id,
    pub(super) message: Message,
    pub(super) revision: Revision,
    capabilities: ClientCapabilities,
    /// The least severe level that the client wants to see. `None`: nothing.
    log_level: Option<LogLevel>,
}

impl Call {
    /// Reads a request. It is modern when it says a revision, or when there is no session that
    /// a legacy one could belong to.
    pub(super) fn read(
        id: Id,
        message: Message,
        session: Option<Session>,
    ) -> Result<Self, ErrorObject> {
        let call = match Self::session_of(&message, session)? {
            Some(Session { revision, capabilities, log_level }) => {
                Self { id, message, revision, capabilities, log_level: Some(log_level) }
            }
            None => Self::read_modern(id, message)?,
        };
        let name = call.method_name();
        if Method::parse(&name).is_in(call.revision) {
            Ok(call)
        } else {
            Err(codes::method_not_found(&name))
        }
    }

    /// The session of a legacy request; `None` for a modern one.
    fn session_of(
        message: &Message,
        session: Option<Session>,
    ) -> Result<Option<Session>, ErrorObject> {
        if decode_meta(message)?.protocol_version.is_some() {
            return Ok(None);
        }
        let is_first = message
            .method()
            .is_some_and(|name| matches!(Method::parse(&name), Method::Initialize | Method::Ping));
        Ok(session.or_else(|| is_first.then(Session::default)))
    }

    fn read_modern(id: Id, message: Message) -> Result<Self, ErrorObject> {
        let meta = decode_meta(&message)?;
        let required = meta.required()?;
        let revision = Revision::MODERN;
        if required.protocol_version != revision.as_str() {
            return Err(codes::unsupported_version(required.protocol_version, &[revision]));
        }
        let capabilities = serde_json::from_str(required.client_capabilities.get())
            .map_err(|error| codes::invalid_params(&error.to_string()))?;
        let log_level = meta.log_level.clone();
        Ok(Self { id, message, revision, capabilities, log_level })
    }

    /// The era of the client.
    pub(super) const fn era(&self) -> Era {
        self.revision.era()
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
        self.log_level.as_ref().is_some_and(|least| level >= least)
    }

    /// Whether the client can put a form before its user.
    pub(super) fn can_be_asked(&self) -> bool {
        Method::ElicitationCreate.is_in(self.revision) && self.capabilities.has_elicitation_form()
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

fn decode_meta(message: &Message) -> Result<RequestMeta<'_>, ErrorObject> {
    message.meta().map_or_else(|| Ok(RequestMeta::default()), RequestMeta::decode)
}
