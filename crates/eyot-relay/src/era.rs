//! When client and upstream speak different eras: an error that names both.

use eyot_client::{EraFound, Opened, Runtime, Target, probe_modern};
use eyot_jsonrpc::{METHOD_NOT_FOUND, Message};
use eyot_transport::{Fault, FaultKind};
use eyot_types::{Era, codes};

/// The revision that `initialize` asks for.
pub(crate) fn requested_revision(request: &Message) -> String {
    let params: serde_json::Value = request.decode_params().unwrap_or_default();
    let revision = params.get("protocolVersion").and_then(serde_json::Value::as_str);
    revision.unwrap_or_default().to_owned()
}

/// The revision that the answer to `initialize` agrees to.
pub(crate) fn agreed_revision(answer: &Message) -> Option<String> {
    let result: serde_json::Value = answer.decode_result().ok()?;
    result.get("protocolVersion")?.as_str().map(str::to_owned)
}

/// Looks behind a failed `initialize`: an upstream that speaks the modern era alone is
/// named as what it is. A probe is made only when something failed.
pub(crate) async fn explain_legacy(
    opened: Result<Opened, Fault>,
    target: &Target,
    runtime: &Runtime,
    requested: &str,
) -> Result<Opened, Fault> {
    let is_suspect = match &opened {
        Ok(opened) => opened.answer.decode_error().is_ok_and(|error| {
            error.code == METHOD_NOT_FOUND || codes::is_modern_evidence(error.code)
        }),
        Err(fault) => fault.kind == FaultKind::Refused,
    };
    if !is_suspect {
        return opened;
    }
    match probe_modern(target, runtime).await {
        Ok(EraFound::Modern(_)) => Err(Fault::refused(codes::era_mismatch(requested, Era::Modern))),
        Ok(EraFound::Legacy) | Err(_) => opened,
    }
}
