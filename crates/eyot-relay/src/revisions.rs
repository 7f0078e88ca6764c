//! A client and a server of two revisions of the legacy era.
//!
//! A client need not know the revision that its server speaks: clients of Streamable HTTP never
//! knew 2024-11-05. Each is spoken to in its own. What an older server says, a newer client
//! understands; what a newer one says becomes what the older client's revision has.

use eyot_bridge::count_losses;
use eyot_era::revision::{self, Losses};
use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, Id, Kind, Message, Request, Response};
use eyot_types::{Era, InitializeResult, Method, Revision, codes};
use serde_json::value::RawValue;

/// Carries messages between a legacy client and a server of another legacy revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LegacyRevisions {
    client: Revision,
    server: Revision,
}

impl LegacyRevisions {
    /// `None`: they speak the same revision, or one that is not known here, so that nothing can be
    /// carried.
    pub(crate) fn between(client: &str, server: &str) -> Option<Self> {
        let legacy = |text| Revision::parse(text).filter(|it| it.era() == Era::Legacy);
        let (client, server) = (legacy(client)?, legacy(server)?);
        (client != server).then_some(Self { client, server })
    }

    /// The server's answer to `initialize` as one of the client's revision. "If the server supports
    /// the requested protocol version, it MUST respond with the same version" (2025-11-25,
    /// basic/lifecycle). What an older server cannot do, it does not declare.
    pub(crate) fn initialized(self, answer: Response) -> Response {
        let read = answer.result().map(eyot_types::read::<InitializeResult>);
        let (Some(Ok(mut result)), Some(id)) = (read, answer.id()) else { return answer };
        self.client.as_str().clone_into(&mut result.protocol_version);
        let (result, losses) = revision::to(self.client, result);
        count_losses(&losses, Era::Legacy);
        Response::new(id, &result)
    }

    /// A message of the server as the client's revision has it; `method` is that of the request
    /// which an answer answers.
    pub(crate) fn to_client(self, method: Option<&str>, message: Message) -> Message {
        if self.server < self.client {
            return message;
        }
        match message.kind() {
            Kind::Response | Kind::Error => match method {
                Some(method) => answer(self.client, Method::parse(method), message),
                None => message,
            },
            Kind::Request | Kind::Notification => with_params(self.client, message),
        }
    }

    /// A request of the client as the server's revision has it. Only completion has more in newer
    /// revisions than an older server passes over.
    pub(crate) fn request(self, request: Request) -> Request {
        let is_more = request.is_method(Method::CompletionComplete.as_str());
        if self.client < self.server || !is_more {
            return request;
        }
        let (id, method) = (request.id(), request.method().to_owned());
        let text = request.params().unwrap_or("{}");
        match revision::params(self.server, Method::parse(&method), text) {
            Ok((params, losses)) => {
                count_losses(&losses, Era::Legacy);
                Request::of_text(id, &method, &params)
            }
            Err(_) => request,
        }
    }

    /// The client's answer to a question as the server's revision has it: only the answer of a model
    /// has more in a newer one.
    pub(crate) fn answer(self, response: Response) -> Response {
        let is_sample = |text: &str| text.contains("\"role\"") && text.contains("\"content\"");
        match response.result() {
            Some(text) if self.server < self.client && is_sample(text) => {
                let message = response.clone().into_message();
                let sampled = answer(self.server, Method::SamplingCreateMessage, message);
                sampled.into_response().unwrap_or(response)
            }
            _ => response,
        }
    }
}

/// An answer to a request of this method, as `revision` has it.
fn answer(revision: Revision, method: Method<'_>, message: Message) -> Message {
    let id = message.id();
    let converted = match message.result() {
        Some(text) => revision::result(revision, method, text)
            .map_err(|error| codes::unreadable_result(method, &error)),
        None => match message.decode_error() {
            Ok(error) => {
                let (error, losses) = revision::error(revision, method, error);
                count_losses(&losses, Era::Legacy);
                return Message::error_response(id, &error);
            }
            Err(_) => return message,
        },
    };
    finished(id, converted)
}

fn finished(id: Option<Id>, converted: Result<(String, Losses), ErrorObject>) -> Message {
    match (id, converted) {
        (Some(id), Ok((text, losses))) => {
            count_losses(&losses, Era::Legacy);
            match losses.refused() {
                None => Message::response_of_text(id, &text),
                Some(feature) => {
                    let reason = format!("the session's revision has no {feature}");
                    Message::error_response(Some(id), &ErrorObject::new(INTERNAL_ERROR, reason))
                }
            }
        }
        (id, Err(error)) => Message::error_response(id, &error),
        (None, Ok(_)) => {
            Message::error_response(None, &ErrorObject::new(INTERNAL_ERROR, "it has no id"))
        }
    }
}

/// A question or a notification, as `revision` has it. One that it cannot have stays as it is: its
/// receiver says so.
fn with_params(revision: Revision, message: Message) -> Message {
    let Some((method, text)) = message.method().zip(message.params()) else { return message };
    let converted = revision::params(revision, Method::parse(&method), text);
    let Ok((params, losses)) = converted else { return message };
    let params = RawValue::from_string(params).ok().filter(|_| losses.refused().is_none());
    let Some(params) = params else { return message };
    count_losses(&losses, Era::Legacy);
    match message.id().filter(|_| message.kind() == Kind::Request) {
        Some(id) => Message::request(id, &method, &params),
        None => Message::notification(&method, &params),
    }
}

#[cfg(test)]
mod tests;
