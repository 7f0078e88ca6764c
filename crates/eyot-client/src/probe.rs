//! Whether an upstream speaks the modern era.

use eyot_jsonrpc::{Id, Message};
use eyot_transport::{Fault, FaultKind, Reply};
use eyot_types::{Method, Revision, codes, meta};
use serde_json::json;

use crate::legacy::final_message;
use crate::modern::{ForwardedHeaders, ModernConnection};
use crate::target::{Runtime, Target};

/// What a probe found.
#[derive(Debug)]
pub enum EraFound {
    /// The upstream speaks 2026-07-28; the connection that found it can be used.
    Modern(ModernConnection),
    /// It does not.
    Legacy,
}

/// Asks an upstream with `server/discover`.
///
/// A child is started for the question alone: some legacy servers exit when anything comes
/// before `initialize`. "The server returns any other error, or does not respond within a
/// reasonable timeout: the server is legacy" (2026-07-28, basic/transports/stdio); over
/// HTTP a status that says nothing about eras (401, 403, 5xx) is no evidence.
///
/// # Errors
///
/// A [`Fault`] when nothing was learnt.
///
/// # Cancel safety
///
/// Dropping the future ends the probing child.
pub async fn probe_modern(target: &Target, runtime: &Runtime) -> Result<EraFound, Fault> {
    let connection = ModernConnection::open(target, runtime)?;
    let asking = async {
        match connection.request(discover(), &ForwardedHeaders::default()).await? {
            Reply::One(answer) => Ok(Some(answer)),
            Reply::Stream(parts) => final_message(parts).await.map(Some),
            Reply::None => Ok(None),
        }
    };
    let answer = tokio::time::timeout(runtime.limits.connect_timeout, asking).await;
    let is_child = !matches!(target, Target::Url(_));
    match answer {
        Ok(Ok(Some(answer))) if is_modern(&answer) => Ok(EraFound::Modern(connection)),
        Ok(Ok(_)) => Ok(EraFound::Legacy),
        Ok(Err(fault)) if is_child || is_evidence(&fault) => Ok(EraFound::Legacy),
        Ok(Err(fault)) => Err(fault),
        Err(_elapsed) if is_child => Ok(EraFound::Legacy),
        Err(_elapsed) => Err(Fault::internal("upstream did not answer `server/discover` in time")),
    }
}

fn discover() -> Message {
    let params = json!({ "_meta": {
        meta::PROTOCOL_VERSION: Revision::MODERN.as_str(),
        meta::CLIENT_INFO: { "name": "eyot", "version": env!("CARGO_PKG_VERSION") },
        meta::CLIENT_CAPABILITIES: {},
    }});
    Message::request(Id::from_number(0), Method::ServerDiscover.as_str(), &params)
}

/// A result of `server/discover`, or an error that only modern servers know.
fn is_modern(answer: &Message) -> bool {
    if let Ok(error) = answer.decode_error() {
        return codes::is_modern_evidence(error.code);
    }
    let result = answer.decode_result::<serde_json::Value>().unwrap_or_default();
    result.get("supportedVersions").is_some_and(serde_json::Value::is_array)
}

/// "`400 Bad Request`, `404 Not Found` or `405`" without a modern error (2026-07-28,
/// streamable-http, Backward Compatibility).
fn is_evidence(fault: &Fault) -> bool {
    fault.kind == FaultKind::Refused
}
