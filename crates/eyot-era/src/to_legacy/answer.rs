//! What a legacy server's answer becomes for a modern client.

use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, Id, Message};
use eyot_types::carry::{self, Losses};
use eyot_types::{
    ClientCapabilities, ClientCapability, ElicitParams, Implementation, InitializeResult, Method,
    Revision, codes, meta,
};
use serde::Serialize;
use serde_json::value::to_raw_value;

use crate::members::Members;

/// The key of `_meta` under which a result names what it could not carry.
pub const BRIDGE_LOSSES: &str = "io.eyot/bridge-losses";

/// An answer on its way to the client.
#[derive(Debug)]
#[non_exhaustive]
pub struct Answered {
    /// The message, under the client's id.
    pub message: Message,
    /// What the answer could not carry.
    pub losses: Losses,
}

/// The answer to a request of this method, under the client's `id`.
///
/// A result is of the type that its method has in the modern era and says who the server is; an
/// error has a code that the modern era has.
#[must_use]
pub fn answer(id: Id, method: Method<'_>, answer: &Message, server: &Implementation) -> Answered {
    if let Ok(error) = answer.decode_error() {
        let (mut error, losses) = carry::error(Revision::MODERN, method, error);
        if losses.refused().is_some() {
            // "MUST NOT emit" it (2026-07-28, basic/index, Error Codes); what could be read of it
            // has become a round before.
            let text = format!("the upstream's error is none of this era: {}", error.message);
            error = ErrorObject::new(INTERNAL_ERROR, text);
        }
        return Answered { message: Message::error_response(Some(id), &error), losses };
    }
    let carried = answer.result().ok_or_else(|| "it has no result".to_owned());
    let carried = carried.and_then(|text| {
        let carried = carry::result(Revision::MODERN, method, text);
        let stamped =
            carried.and_then(|(text, losses)| Ok((stamp(&text, server, &losses)?, losses)));
        stamped.map_err(|error| error.to_string())
    });
    match carried {
        Ok((result, losses)) => Answered { message: Message::response(id, &result), losses },
        Err(reason) => {
            let text = format!("the upstream's answer is no result of {method}: {reason}");
            let error = ErrorObject::new(INTERNAL_ERROR, text);
            let message = Message::error_response(Some(id), &error);
            Answered { message, losses: Losses::default() }
        }
    }
}

/// Puts the server's name, and what was lost, into the metadata of a result.
fn stamp(
    result: &str,
    server: &Implementation,
    losses: &Losses,
) -> Result<Members, serde_json::Error> {
    let mut members: Members = serde_json::from_str(result)?;
    let known = members.get("_meta").map(|it| serde_json::from_str::<Members>(it.get()));
    let mut metadata = known.transpose()?.unwrap_or_default();
    put(&mut metadata, meta::SERVER_INFO, server)?;
    let names: Vec<_> = losses.iter().map(|it| it.feature.as_str()).collect();
    if !names.is_empty() {
        put(&mut metadata, BRIDGE_LOSSES, &names)?;
    }
    put(&mut members, "_meta", &metadata)?;
    Ok(members)
}

fn put(members: &mut Members, name: &str, value: &impl Serialize) -> Result<(), serde_json::Error> {
    members.insert(name.to_owned(), to_raw_value(value)?);
    Ok(())
}

/// What a legacy server says of itself, as the answer to `server/discover`.
#[must_use]
pub fn discover(id: Id, initialized: InitializeResult) -> Answered {
    let (result, losses) = carry::to_discover_result(&[Revision::MODERN], initialized);
    Answered { message: Message::response(id, &result), losses }
}

/// The pages that the user must visit before the request can succeed; `None` for any other answer.
///
/// Only 2025-11-25 has this error, after which a client asks again; in the modern era the same is
/// a round.
///
/// # Errors
/// The error for a client that cannot visit pages.
pub fn visits(
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
    Ok(Some(elicitations.into_iter().map(|it| carry::to(Revision::MODERN, it).0).collect()))
}

#[cfg(test)]
mod tests;
