//! Answers of a modern server as its legacy client knows them.

use crate::revision::{self, Losses, Stamp};
use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, INVALID_REQUEST, Id, Kind, Message, Response};
use eyot_types::{
    CallToolResult, JsonObject, ListToolsResult, Method, Revision, Unreadable, codes,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::losses::say_losses;

/// A message for the client, and what was lost on the way.
#[derive(Debug)]
#[non_exhaustive]
pub struct Converted {
    /// The message.
    pub message: Message,
    /// What it could not keep.
    pub losses: Losses,
}

/// The answer to a request of `method` as `revision` has it. `output_schema` is that of the tool
/// that was called, if it is known.
#[must_use]
pub fn convert_answer(
    revision: Revision,
    method: Method<'_>,
    answer: &Response,
    output_schema: Option<&JsonObject>,
) -> Converted {
    let id = answer.id();
    if answer.kind() == Kind::Error {
        let error = answer.decode_error();
        let error = error.unwrap_or_else(|_| ErrorObject::new(INTERNAL_ERROR, "no reason"));
        let (error, losses) = revision::error(revision, method, named(error));
        return Converted { message: Message::error_response(id, &error), losses };
    }
    let converted = match (method, output_schema) {
        (Method::ToolsCall, Some(schema)) => {
            let text = answer.result().unwrap_or("null");
            eyot_types::read::<CallToolResult>(text).map(|mut result| {
                let odd = Losses::of_oddities(std::mem::take(&mut result.oddities));
                let (result, mut losses) = revision::call_tool_result(revision, result, schema);
                losses.extend(odd);
                finished(id.clone(), (result, losses))
            })
        }
        _ => {
            let stamp = Stamp { server: None, says_losses: true };
            revision::carry(revision, method, answer, stamp)
                .map(|(carried, losses)| ready(id.clone(), |_| carried.into(), losses))
        }
    };
    converted.unwrap_or_else(|error| unreadable(id, method, &error))
}

/// Like [`convert_answer`], for a list of tools that was decoded already.
#[must_use]
pub fn convert_tools(revision: Revision, id: Option<Id>, mut tools: ListToolsResult) -> Converted {
    let odd = Losses::of_oddities(std::mem::take(&mut tools.oddities));
    let (tools, mut losses) = revision::to(revision, tools);
    losses.extend(odd);
    finished(id, (tools, losses))
}

/// The message with its losses in the metadata: what the bridge cannot keep is said, never hidden.
fn finished<T: Serialize>(id: Option<Id>, (result, losses): (T, Losses)) -> Converted {
    if losses.is_empty() {
        return ready(id, |id| Message::response(id, &result), losses);
    }
    let mut value = serde_json::to_value(&result).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        let meta = members.entry("_meta").or_insert_with(|| json!({}));
        if let Some(meta) = meta.as_object_mut() {
            say_losses(meta, &losses);
        }
    }
    ready(id, |id| Message::response(id, &value), losses)
}

/// The message, or an error where it would make no sense without what was lost.
fn ready(id: Option<Id>, message: impl FnOnce(Id) -> Message, losses: Losses) -> Converted {
    if let Some(feature) = losses.refused() {
        let reason = format!("the session's revision has no {}", feature.as_str());
        return Converted { losses, ..invalid(id, &reason) };
    }
    match id {
        Some(id) => Converted { message: message(id), losses },
        None => invalid(None, "it has no id"),
    }
}

/// The client cannot help a missing capability, but its user should read which it is.
fn named(error: ErrorObject) -> ErrorObject {
    if error.code != codes::MISSING_CAPABILITY {
        return error;
    }
    let required = error.data.as_ref().and_then(|data| data.get("requiredCapabilities"));
    let names: Vec<_> =
        required.and_then(Value::as_object).into_iter().flat_map(|it| it.keys().cloned()).collect();
    let message = match names.is_empty() {
        true => error.message,
        false => format!("The server needs what the client has not declared: {}", names.join(", ")),
    };
    let named = ErrorObject::new(INVALID_REQUEST, message);
    match error.data {
        Some(data) => named.with_data(data),
        None => named,
    }
}

/// The request has run, and its answer makes no sense.
fn unreadable(id: Option<Id>, method: Method<'_>, error: &Unreadable) -> Converted {
    let error = codes::unreadable_result(method, error);
    Converted { message: Message::error_response(id, &error), losses: Losses::default() }
}

fn invalid(id: Option<Id>, reason: &str) -> Converted {
    let text = format!("the server's answer is invalid: {reason}");
    let error = ErrorObject::new(INTERNAL_ERROR, text);
    Converted { message: Message::error_response(id, &error), losses: Losses::default() }
}

#[cfg(test)]
mod tests;
