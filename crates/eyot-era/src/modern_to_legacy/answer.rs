//! What a legacy server's answer becomes for a modern client.

use crate::revision::{self, Losses, Stamp};
use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, Id, Json, Kind, Message, Response};
use eyot_types::{
    ClientCapabilities, ClientCapability, DiscoverResult, ElicitParams, InitializeResult,
    JsonObject, Method, Revision, TASKS_EXTENSION, codes,
};
use serde_json::{Value, json};

use super::tasks::has_tasks;

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
/// A result is of the type that its method has in the modern era and says who the server is, an
/// [`Implementation`](eyot_types::Implementation); an error has a code that the modern era has.
#[must_use]
pub fn answer(id: Id, method: Method<'_>, answer: &Response, server: &Json) -> Answered {
    if answer.is_error() {
        let (error, losses) = error(method, answer);
        return Answered { message: Response::of_error(Some(id), &error), losses };
    }
    match revision::carry(Revision::MODERN, method, answer, stamp(server)) {
        Ok((carried, losses)) => Answered { message: carried.with_client_id(id), losses },
        Err(unreadable) => {
            let error = codes::unreadable_result(method, &unreadable);
            Answered { message: Response::of_error(Some(id), &error), losses: Losses::default() }
        }
    }
}

/// The result, as text, or the error that an answer becomes.
pub(super) fn outcome(
    method: Method<'_>,
    answer: &Message,
    server: &Json,
) -> (Result<String, ErrorObject>, Losses) {
    let Some(text) = answer.result() else {
        let (error, losses) = error(method, answer);
        return (Err(error), losses);
    };
    match revision::result_with(Revision::MODERN, method, text, stamp(server)) {
        Ok((result, losses)) => (Ok(result), losses),
        Err(error) => (Err(codes::unreadable_result(method, &error)), Losses::default()),
    }
}

/// The error of an answer, in the modern era.
fn error(method: Method<'_>, answer: &Message) -> (ErrorObject, Losses) {
    let (mut error, losses) = revision::error(Revision::MODERN, method, error_of(answer));
    if losses.refused().is_some() {
        // "MUST NOT emit" it (2026-07-28, basic/index, Error Codes); what could be read of it
        // has become a round before.
        let text = format!("the upstream's error is none of this era: {}", error.message);
        error = ErrorObject::new(INTERNAL_ERROR, text);
    }
    (error, losses)
}

/// What a result says besides: who the server is, and what was lost.
const fn stamp(server: &Json) -> Stamp<'_> {
    Stamp { server: Some(server), says_losses: true }
}

/// The error of an answer that is no result.
fn error_of(answer: &Message) -> ErrorObject {
    answer.decode_error().unwrap_or_else(|_| ErrorObject::new(INTERNAL_ERROR, "no reason"))
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
    if answer.kind() != Kind::Error {
        return Ok(None);
    }
    let error = Some(error_of(answer)).filter(|it| it.code == codes::URL_ELICITATION_REQUIRED);
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
        None => serde_json::to_value(error_of(answer)).ok()?,
    };
    let is_failure = answer.kind() == Kind::Error || original.get("isError") == Some(&json!(true));
    let missing = || codes::missing_capability(unmet);
    is_failure.then(missing).map(|error| {
        error.with_data(json!({ "requiredCapabilities": unmet, "original": original }))
    })
}

#[cfg(test)]
mod tests;
