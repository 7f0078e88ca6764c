//! One request of a modern client, read as far as the bridge needs it.

use std::sync::Arc;

use eyot_jsonrpc::{ErrorObject, Id, Members, Request, Response};
use eyot_service::{Call, Fault, FaultKind, Limits, Peer, Reply, Transport};
use eyot_types::{LogLevel, Method, RequestMeta};
use eyot_upstream::Audience;
use http::HeaderMap;

use super::affinity::{HANDLE, HANDLE_CHARS};
use super::known_capabilities::{Declared, KnownCapabilities};

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
    /// What the client can do.
    pub(crate) declared: Arc<Declared>,
    pub(crate) log_level: Option<LogLevel>,
    pub(crate) progress_token: Option<Id>,
}

impl ModernRequest {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// Its `_meta` says something that cannot be understood, or too much.
    pub fn read(
        message: Request,
        call: &Call,
        (known, limits): (&KnownCapabilities, &Limits),
    ) -> Result<Self, ErrorObject> {
        let RequestMeta { client_capabilities, log_level, .. } = RequestMeta::of(&message)?;
        let bytes_max = limits.upstream.capabilities_bytes_max;
        let declared = known.read(client_capabilities, bytes_max)?;
        Ok(Self {
            id: message.id(),
            peer: call.peer.clone(),
            headers: call.extensions.get::<HeaderMap>().cloned(),
            progress_token: message.progress_token(),
            declared,
            log_level,
            message,
        })
    }

    /// The clients that the upstream tells the same as this one.
    pub(crate) fn audience(&self) -> Audience {
        let principal = self.peer.principal_name().cloned();
        Audience { principal, class: self.declared.class.0 }
    }

    /// What its client's calls share, if it names that: [`HANDLE`] in its `_meta`.
    pub(crate) fn handle(&self) -> Option<String> {
        let meta = self.message.meta().filter(|_| self.message.has_other_meta())?;
        let (_, handle) = Members::of(meta)?.find(|(name, _)| name == HANDLE)?;
        let handle: String = serde_json::from_str(handle).ok()?;
        HANDLE_CHARS.contains(&handle.len()).then_some(handle)
    }

    /// Its method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.message.method()
    }

    /// Whether the upstream may ask its client something in this call.
    pub fn may_be_asked(&self) -> bool {
        let can_wait = || {
            let method = Method::parse(self.method());
            matches!(method, Method::ToolsCall | Method::PromptsGet | Method::ResourcesRead)
        };
        !self.declared.capabilities.0.is_empty() && can_wait()
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
