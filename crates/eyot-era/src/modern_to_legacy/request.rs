//! What a modern client's request becomes for a legacy server.

use crate::revision::{self, Losses};
use eyot_jsonrpc::{Changes, ErrorObject, Keeps, Request};
use eyot_types::{
    ClientCapabilities, Implementation, InitializeParams, Method, Revision, codes, meta,
};

/// The request as a server of `revision` gets it: without the metadata that only the modern era has
/// and without what belongs to a round. Everything else keeps its bytes, unless the revision has
/// another shape for it.
///
/// # Errors
/// An error for the client when the parameters are not those of their method.
pub fn request(request: &Request, revision: Revision) -> Result<(Request, Losses), ErrorObject> {
    // The bridge has taken what belongs to a round.
    let is_kept = |name: &str| !ROUND_MEMBERS.contains(&name);
    let keeps = if request.has_round() { Keeps::If(&is_kept) } else { Keeps::All };
    let is_general = |name: &str| !name.starts_with(meta::PROTOCOL_PREFIX);
    let stays = if request.has_other_meta() { Keeps::If(&is_general) } else { Keeps::None };
    let (changes, in_meta) = (Changes { keeps, adds: &[] }, Changes { keeps: stays, adds: &[] });
    let rewritten = request.rewritten(&changes, &in_meta).unwrap_or_else(|| request.clone());
    if revision == Revision::LATEST_LEGACY || !request.is_method("completion/complete") {
        return Ok((rewritten, Losses::default()));
    }
    let text = rewritten.params().unwrap_or("{}");
    let (text, losses) = revision::params(revision, Method::CompletionComplete, text)
        .map_err(|error| codes::invalid_params(&error.to_string()))?;
    Ok((Request::of_text(rewritten.id(), rewritten.method(), &text), losses))
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
pub fn capabilities(declared: Option<&str>) -> Result<ClientCapabilities, ErrorObject> {
    let declared: ClientCapabilities = serde_json::from_str(declared.unwrap_or("{}"))
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
