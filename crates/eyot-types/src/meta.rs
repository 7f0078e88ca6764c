//! The metadata that travels in `_meta`.

mod known;

use std::borrow::Cow;

use eyot_jsonrpc::{ErrorObject, Message};

pub(crate) use self::known::of_subscription;
pub use self::known::{
    TraceContext, related_task, server_info, set_related_task, set_server_info,
    set_subscription_id, subscription_id, with_exact_subscription_id, with_subscription_id,
};
use crate::{LogLevel, codes};

/// The revision of a modern request. Required there.
pub const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// Who sent a modern request.
pub const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";

/// What the client of a modern request can do. Required there.
pub const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// The least severe log level that a modern request wants to see.
pub const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";

/// Who sent a modern result.
pub const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";

/// The id of the `subscriptions/listen` request that a notification belongs to.
pub const SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";

/// The task that a message belongs to: 2025-11-25, basic/utilities/tasks.
pub const RELATED_TASK: &str = "io.modelcontextprotocol/related-task";

/// The token under which a request wants to hear of its progress.
pub const PROGRESS_TOKEN: &str = "progressToken";

/// The trace that a request belongs to (W3C Trace Context).
pub const TRACEPARENT: &str = "traceparent";

/// What tracing systems add to the trace (W3C Trace Context).
pub const TRACESTATE: &str = "tracestate";

/// What applications add to the trace (W3C Baggage).
pub const BAGGAGE: &str = "baggage";

/// The start of the keys that the protocol itself uses.
pub const PROTOCOL_PREFIX: &str = "io.modelcontextprotocol/";

/// The metadata of a request, as far as the protocol reads it. Everything borrows from the request.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct RequestMeta<'a> {
    /// The revision that the request claims. Its presence makes the request a modern one.
    pub protocol_version: Option<Cow<'a, str>>,
    /// Who sent the request: the raw JSON of an [`Implementation`](crate::Implementation).
    pub client_info: Option<&'a str>,
    /// What the client can do: the raw JSON of [`ClientCapabilities`](crate::ClientCapabilities).
    pub client_capabilities: Option<&'a str>,
    /// The least severe log level that the request wants to see. `None`: no log messages.
    pub log_level: Option<LogLevel>,
}

/// The members that a modern request must have.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct RequiredMeta<'m> {
    /// The revision that the request claims.
    pub protocol_version: &'m str,
    /// What the client can do: the raw JSON of an object.
    pub client_capabilities: &'m str,
}

impl<'a> RequestMeta<'a> {
    /// The revision that a message claims in its `_meta`; `None` for a legacy one.
    #[must_use]
    pub fn protocol_version_of(message: &'a Message) -> Option<Cow<'a, str>> {
        text(message.protocol_version()?).ok()
    }

    /// Reads the `_meta` of a request at the places that the scan has found.
    ///
    /// Missing members are no error here, because legacy requests have `_meta` too: see
    /// [`required`](Self::required).
    ///
    /// # Errors
    /// An error with [`codes::INVALID_PARAMS`] when one of the members is of the wrong type.
    pub fn of(message: &'a Message) -> Result<Self, ErrorObject> {
        let refused = |error: serde_json::Error| codes::invalid_params(&format!("_meta: {error}"));
        let log_level = message.log_level().map(serde_json::from_str);
        Ok(Self {
            protocol_version: message.protocol_version().map(text).transpose().map_err(refused)?,
            client_info: message.client_info(),
            client_capabilities: message.client_capabilities(),
            log_level: log_level.transpose().map_err(refused)?.flatten(),
        })
    }

    /// The members without which a modern request is malformed.
    ///
    /// # Errors
    /// "A request missing any required field is malformed; the server MUST reject it with JSON-RPC
    /// error code -32602" (2026-07-28, basic/index, `_meta`): an error with
    /// [`codes::INVALID_PARAMS`] that names the missing key, with HTTP status 400.
    pub fn required(&self) -> Result<RequiredMeta<'_>, ErrorObject> {
        let protocol_version =
            self.protocol_version.as_deref().ok_or_else(|| missing(PROTOCOL_VERSION))?;
        let client_capabilities =
            self.client_capabilities.ok_or_else(|| missing(CLIENT_CAPABILITIES))?;
        if !client_capabilities.starts_with('{') {
            let detail = format!("_meta[\"{CLIENT_CAPABILITIES}\"] is not an object");
            return Err(codes::invalid_params(&detail));
        }
        Ok(RequiredMeta { protocol_version, client_capabilities })
    }
}

fn missing(key: &str) -> ErrorObject {
    codes::invalid_params(&format!("_meta lacks the required \"{key}\""))
}

/// What a JSON string says.
fn text(raw: &str) -> Result<Cow<'_, str>, serde_json::Error> {
    let inside = raw.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    match inside.filter(|it| !it.contains('\\')) {
        Some(plain) => Ok(Cow::Borrowed(plain)),
        None => serde_json::from_str(raw).map(Cow::Owned),
    }
}

#[cfg(test)]
mod tests;
