//! What a modern client's request becomes for a legacy server.

use crate::revision::{self, Losses};
use eyot_jsonrpc::{ErrorObject, Request};
use eyot_types::{
    ClientCapabilities, Implementation, InitializeParams, Method, Revision, codes, meta,
};
use serde_json::value::RawValue;

use crate::members::{with_meta, without_members};

/// The parameters of a request as a server of `revision` gets them: without the metadata that only
/// the modern era has and without what belongs to a round. Everything else keeps its bytes, unless
/// the revision has another shape for it.
///
/// # Errors
/// An error for the client when they are not parameters of their method.
pub fn params(request: &Request, revision: Revision) -> Result<(String, Losses), ErrorObject> {
    let invalid = |error: serde_json::Error| codes::invalid_params(&error.to_string());
    let text = with_meta(request, |members| {
        members.retain(|name, _| !name.starts_with(meta::PROTOCOL_PREFIX));
    });
    // The bridge has taken what belongs to a round.
    let text = match request.has_round() {
        true => text.and_then(|it| without_members(it, &ROUND_MEMBERS)),
        false => text,
    };
    let text = text.map_err(invalid)?;
    let method = Method::parse(request.method());
    let is_older = revision < Revision::LATEST_LEGACY;
    let (text, losses) = match is_older && method == Method::CompletionComplete {
        true => revision::params(revision, method, &text).map_err(invalid)?,
        false => (text, Losses::default()),
    };
    Ok((text, losses))
}

/// Members of a request that comes back with answers.
const ROUND_MEMBERS: [&str; 2] = ["inputResponses", "requestState"];

/// The capabilities that a modern client declares in a request, as a legacy client declares them when
/// it opens a session.
///
/// Tasks and extensions are left out: a legacy server could not use them with this client.
///
/// # Errors
/// An error for the client when it cannot be read.
pub fn capabilities(declared: Option<&RawValue>) -> Result<ClientCapabilities, ErrorObject> {
    let declared = declared.map_or("{}", RawValue::get);
    let declared: ClientCapabilities = serde_json::from_str(declared)
        .map_err(|error| codes::invalid_params(&error.to_string()))?;
    let (mut declared, _implied) = revision::to(Revision::LATEST_LEGACY, declared);
    declared.0.retain(|name, _| matches!(name.as_str(), "elicitation" | "roots" | "sampling"));
    Ok(declared)
}

/// The parameters of the `initialize` that opens a session for clients of these capabilities.
#[must_use]
pub fn initialize(declared: ClientCapabilities, us: Implementation) -> InitializeParams {
    InitializeParams::new(Revision::LATEST_LEGACY, declared, us)
}

#[cfg(test)]
mod tests;
