//! One request of a modern client, read as far as the bridge needs it.

use std::sync::Arc;

use eyot_era::modern_to_legacy;
use eyot_jsonrpc::{ErrorObject, Id, Request, Response};
use eyot_service::{Call, Fault, FaultKind, Peer, Reply, Transport};
use eyot_types::{ClientCapabilities, LogLevel, Method, RequestMeta};
use eyot_upstream::Audience;
use http::HeaderMap;
use serde_json::value::RawValue;

use super::affinity::{HANDLE, HANDLE_CHARS};

/// A request and what it says of its client.
#[derive(Clone, Debug)]
pub struct ModernRequest {
    /// The request.
    pub message: Request,
    /// Its id.
    pub id: Id,
    /// Its client.
    pub peer: Peer,
    /// Its HTTP headers: some may repeat arguments.
    pub(crate) headers: Option<HeaderMap>,
    /// What the client can do, as it says it to a legacy server.
    pub(crate) capabilities: ClientCapabilities,
    /// The capabilities as text: clients with the same text can share a session.
    pub(crate) class: Arc<str>,
    pub(crate) log_level: Option<LogLevel>,
    pub(crate) progress_token: Option<Id>,
    pub(crate) handle: Option<String>,
}

impl ModernRequest {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// Its `_meta` says something that cannot be understood.
    pub fn read(message: Request, call: &Call) -> Result<Self, ErrorObject> {
        let meta = message.meta().unwrap_or("{}");
        let known = RequestMeta::decode(meta)?;
        let log_level = known.log_level;
        let capabilities = modern_to_legacy::capabilities(known.client_capabilities)?;
        let class = serde_json::to_string(&capabilities).unwrap_or_default().into();
        let handle = if meta.contains(HANDLE) { handle(meta) } else { None };
        Ok(Self {
            id: message.id(),
            peer: call.peer.clone(),
            headers: call.extensions.get::<HeaderMap>().cloned(),
            progress_token: message.progress_token(),
            capabilities,
            class,
            log_level,
            handle,
            message,
        })
    }

    /// The clients that the upstream tells the same as this one.
    pub(crate) fn audience(&self) -> Audience {
        let principal = self.peer.principal_name().cloned();
        Audience { principal, class: Arc::clone(&self.class) }
    }

    /// Its method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.message.method()
    }

    /// Whether the upstream may ask its client something in this call.
    pub fn may_be_asked(&self) -> bool {
        let method = Method::parse(self.method());
        let can_wait =
            matches!(method, Method::ToolsCall | Method::PromptsGet | Method::ResourcesRead);
        can_wait && !self.capabilities.0.is_empty()
    }

    /// Whether its headers were to be held against its arguments.
    pub fn has_headers(&self) -> bool {
        self.peer.transport == Transport::Http
    }

    /// The reply to a request that has failed: what was refused is answered with the error.
    ///
    /// # Errors
    /// The fault, if it is another one.
    pub fn fail(&self, fault: Fault) -> Result<Reply, Fault> {
        match fault.kind {
            FaultKind::Refused => Ok(Reply::One(self.refuse(&fault.error))),
            _ => Err(fault),
        }
    }

    /// An answer that is an error.
    pub fn refuse(&self, error: &ErrorObject) -> Response {
        Response::of_error(Some(self.id.clone()), error)
    }
}

fn handle(meta: &str) -> Option<String> {
    let members: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(meta).ok()?;
    let handle: String = serde_json::from_str(members.get(HANDLE)?.get()).ok()?;
    HANDLE_CHARS.contains(&handle.len()).then_some(handle)
}
