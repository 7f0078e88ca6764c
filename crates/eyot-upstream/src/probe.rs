//! Whether an upstream speaks the modern era.

use eyot_era::Evidence;
use eyot_jsonrpc::Request;
use eyot_service::{Fault, FaultKind};
use eyot_types::codes::{self, Outcome};
use eyot_types::{Method, Revision, meta};
use serde_json::json;

use crate::http_response::unexpected_status;
use crate::modern::ModernConnection;
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
    let patience = runtime.limits.connect_timeout;
    let asked = tokio::time::timeout(patience, connection.ask(discover())).await;
    let carrier = target.carrier();
    let evidence = match &asked {
        Ok(Ok((status, answer))) => eyot_era::of_answer(answer, status.as_u16()),
        Ok(Err(fault)) => eyot_era::of_fault(fault.kind == FaultKind::Refused, carrier),
        Err(_elapsed) => eyot_era::of_silence(carrier),
    };
    match evidence {
        Evidence::Modern => Ok(EraFound::Modern(connection)),
        Evidence::Legacy => Ok(EraFound::Legacy),
        Evidence::Nothing => Err(match asked {
            Ok(Ok((status, _))) => unexpected_status(status),
            Ok(Err(fault)) => fault,
            Err(_elapsed) => {
                let reason = format!("upstream did not answer `server/discover` in {patience:?}");
                Fault::upstream(codes::upstream_lost(&reason, Outcome::NotSent, true))
            }
        }),
    }
}

fn discover() -> Request {
    let params = json!({ "_meta": {
        meta::PROTOCOL_VERSION: Revision::MODERN.as_str(),
        meta::CLIENT_INFO: { "name": "eyot", "version": env!("CARGO_PKG_VERSION") },
        meta::CLIENT_CAPABILITIES: {},
    }});
    Request::unnumbered(Method::ServerDiscover.as_str(), &params)
}
