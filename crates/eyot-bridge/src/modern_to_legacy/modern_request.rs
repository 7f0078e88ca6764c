//! One request of a modern client, read as far as the bridge needs it.

use eyot_era::modern_to_legacy;
use eyot_jsonrpc::{ErrorObject, Id, Request, Response};
use eyot_service::{Call, Fault, FaultKind, Limits, Peer, Reply, Transport, too_long};
use eyot_types::{ClientCapabilities, LogLevel, Method, RequestMeta};
use eyot_upstream::Audience;
use http::HeaderMap;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

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
    /// Clients that can do the same can share a session.
    pub(crate) class: CapabilityClass,
    pub(crate) log_level: Option<LogLevel>,
    pub(crate) progress_token: Option<Id>,
    pub(crate) handle: Option<String>,
}

impl ModernRequest {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// Its `_meta` says something that cannot be understood, or too much.
    pub fn read(message: Request, call: &Call, limits: &Limits) -> Result<Self, ErrorObject> {
        let meta = message.meta().unwrap_or("{}");
        let known = RequestMeta::decode(meta)?;
        let log_level = known.log_level;
        let capabilities = modern_to_legacy::capabilities(known.client_capabilities)?;
        let class = CapabilityClass::of(&capabilities, limits.upstream.capabilities_bytes_max)?;
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
        Audience { principal, class: self.class.0 }
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

/// What a client can do, as a key of fixed size: what clients say is not kept with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CapabilityClass([u8; 32]);

impl CapabilityClass {
    fn of(capabilities: &ClientCapabilities, bytes_max: usize) -> Result<Self, ErrorObject> {
        let text = serde_json::to_vec(capabilities).unwrap_or_default();
        if text.len() > bytes_max {
            return Err(too_long("clientCapabilities", bytes_max));
        }
        Ok(Self(Sha256::digest(text).into()))
    }
}

fn handle(meta: &str) -> Option<String> {
    let members: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(meta).ok()?;
    let handle: String = serde_json::from_str(members.get(HANDLE)?.get()).ok()?;
    HANDLE_CHARS.contains(&handle.len()).then_some(handle)
}
