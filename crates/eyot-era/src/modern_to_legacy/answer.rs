//! What a legacy server's answer becomes for a modern client.

use crate::revision::{self, Losses};
use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, Id, Kind, Message, Response};
use eyot_types::{
    ClientCapabilities, ClientCapability, DiscoverResult, ElicitParams, Implementation,
    InitializeResult, JsonObject, Method, Revision, TASKS_EXTENSION, codes, meta,
};
use serde_json::{Value, json};

use super::tasks::has_tasks;
use crate::losses::say_losses;

/// An answer on its way to the client.
#[derive(Debug)]
#[non_exhaustive]
pub struct Answered {
    /// The message, under the client's id.
    pub message: Response,
    /// What the answer could not keep.
    pub losses: Losses,
}

/// The answer to a request of this method, under the client's `id`.
///
/// A result is of the type that its method has in the modern era and says who the server is; an
/// error has a code that the modern era has.
#[must_use]
pub fn answer(id: Id, method: Method<'_>, answer: &Message, server: &Implementation) -> Answered {
    let (outcome, losses) = outcome(method, answer, server);
    let message = match outcome {
        Ok(result) => Response::of_text(id, &result),
        Err(error) => Response::of_error(Some(id), &error),
    };
    Answered { message, losses }
}

/// The result, as text, or the error that an answer becomes.
pub(super) fn outcome(
    method: Method<'_>,
    answer: &Message,
    server: &Implementation,
) -> (Result<String, ErrorObject>, Losses) {
    if let Ok(error) = answer.decode_error() {
        let (mut error, losses) = revision::error(Revision::MODERN, method, error);
        if losses.refused().is_some() {
            // "MUST NOT emit" it (2026-07-28, basic/index, Error Codes); what could be read of it
            // has become a round before.
            let text = format!("the upstream's error is none of this era: {}", error.message);
            error = ErrorObject::new(INTERNAL_ERROR, text);
        }
        return (Err(error), losses);
    }
    let stamp = |meta: &mut JsonObject, losses: &Losses| stamp(meta, server, losses);
    let text = answer.result().unwrap_or("null");
    match revision::result_with(Revision::MODERN, method, text, stamp) {
        Ok((result, losses)) => (Ok(result), losses),
        Err(error) => (Err(codes::unreadable_result(method, &error)), Losses::default()),
    }
}

/// Puts the server's name, and what was lost, into the metadata of a result.
fn stamp(meta: &mut JsonObject, server: &Implementation, losses: &Losses) {
    let server = serde_json::to_value(server).unwrap_or_default();
    meta.insert(meta::SERVER_INFO.to_owned(), server);
    say_losses(meta, losses);
}

/// What a legacy server says of itself, as the answer to `server/discover`, under the client's `id`.
#[must_use]
pub fn discover(id: Id, initialized: InitializeResult) -> Answered {
    let (result, losses) = discovered(initialized);
    Answered { message: Response::new(id, &result), losses }
}

/// What a legacy server says of itself, as a modern one says it.
///
/// Tasks of calls are the extension's here; other experimental tasks have no equivalent.
#[must_use]
pub fn discovered(mut initialized: InitializeResult) -> (DiscoverResult, Losses) {
    let revision = Revision::parse(&initialized.protocol_version);
    if revision.is_some_and(|it| has_tasks(it, &initialized.capabilities)) {
        let mut capabilities = initialized.capabilities;
        capabilities.0.remove("tasks");
        initialized.capabilities = capabilities.with_extension(TASKS_EXTENSION, JsonObject::new());
    }
    revision::to_discover_result(&[Revision::MODERN], initialized)
}

/// The pages that the user must visit before the request can succeed; `None` for any other answer.
///
/// Only 2025-11-25 has this error, after which a client asks again; in the modern era it is a round.
///
/// # Errors
/// The error for a client that cannot visit pages.
pub fn url_elicitations(
    answer: &Message,
    client: &ClientCapabilities,
) -> Result<Option<Vec<ElicitParams>>, ErrorObject> {
    #[derive(serde::Deserialize)]
    struct Data {
        elicitations: Vec<ElicitParams>,
    }
    let error = answer.decode_error().ok();
    let error = error.filter(|it| it.code == codes::URL_ELICITATION_REQUIRED);
    let Some(data) = error.and_then(|it| it.data) else { return Ok(None) };
    let Ok(Data { elicitations }) = serde_json::from_value(data) else { return Ok(None) };
    if !client.has_elicitation_url() {
        let elicitation = ClientCapability::Elicitation;
        let required = ClientCapabilities::default().with_setting(elicitation, "url");
        return Err(codes::missing_capability(&required));
    }
    Ok(Some(elicitations.into_iter().map(|it| revision::to(Revision::MODERN, it).0).collect()))
}

/// The error for a client whose call has failed because the server needs the capabilities `unmet`,
/// which the client has not declared; `None` if there are none, or the call has not failed.
///
/// "If processing a request requires a capability the client did not include [...], the server MUST
/// return a `MissingRequiredClientCapabilityError`" (2026-07-28, basic/versioning). What the server
/// said is in the error's data, under `original`.
#[must_use]
pub fn missing_capability_error(
    answer: &Message,
    unmet: &ClientCapabilities,
) -> Option<ErrorObject> {
    if unmet.0.is_empty() {
        return None;
    }
    let original: Value = match answer.result() {
        Some(text) => serde_json::from_str(text).ok()?,
        None => serde_json::to_value(answer.decode_error().ok()?).ok()?,
    };
    let is_failure = answer.kind() == Kind::Error || original.get("isError") == Some(&json!(true));
    let missing = || codes::missing_capability(unmet);
    is_failure.then(missing).map(|error| {
        error.with_data(json!({ "requiredCapabilities": unmet, "original": original }))
    })
}

#[cfg(test)]
mod tests;
