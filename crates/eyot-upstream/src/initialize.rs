//! What `initialize` and its answer say about revisions and eras.

use eyot_era::detect;
use eyot_jsonrpc::{Message, Response};
use eyot_service::{Fault, FaultKind};
use eyot_types::InitializeResult;

use crate::{Opened, SharedEraCache};

/// The revision that `initialize` asks for.
pub fn requested_revision(request: &Message) -> String {
    let params: serde_json::Value = request.decode_params().unwrap_or_default();
    let revision = params.get("protocolVersion").and_then(serde_json::Value::as_str);
    revision.unwrap_or_default().to_owned()
}

/// The revision that the answer to `initialize` agrees to.
pub fn agreed_revision(answer: &Message) -> Option<Box<str>> {
    InitializeResult::agreed_version(answer.result()?).map(Into::into)
}

/// Whether an answer to `initialize` may be that of an upstream that speaks the modern era alone: a
/// probe is made only then.
pub fn may_be_modern(opened: &Result<Opened, Fault>) -> bool {
    match opened {
        Ok(opened) => {
            opened.answer.error_object().is_some_and(|error| detect::may_be_modern(error.code))
        }
        Err(fault) => fault.kind == FaultKind::Refused,
    }
}

/// The answer of an upstream that is pinned to the legacy era and refuses it, which says so.
///
/// # Errors
///
/// The fault that came, with the pin named in it.
pub fn name_pin(era: &SharedEraCache, opened: Result<Opened, Fault>) -> Result<Opened, Fault> {
    let mut opened = opened.map_err(|fault| era.name_pin(fault))?;
    if let Some(mut error) = opened.answer.error_object() {
        era.name_pin_in(&mut error);
        opened.answer = Response::of_error(opened.answer.id(), &error);
    }
    Ok(opened)
}
