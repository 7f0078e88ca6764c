//! Answers as the client's era wants them.

use eyot_jsonrpc::{ErrorObject, Id, Message};
use eyot_types::carry::{self, Carry, Losses};
use eyot_types::{
    CallToolResult, CompleteResult, EmptyResult, Era, GetPromptResult, JsonObject,
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    ReadResourceResult, Revision, meta,
};
use serde::Serialize;
use serde_json::value::RawValue;

use super::App;

/// A result of a method.
pub(crate) trait Finish: Carry + Serialize {
    /// Its metadata.
    fn meta_mut(&mut self) -> &mut Option<JsonObject>;
}

macro_rules! finish {
    ($($name:ident),+ $(,)?) => {
        $(
            impl Finish for $name {
                fn meta_mut(&mut self) -> &mut Option<JsonObject> {
                    &mut self.meta
                }
            }
        )+
    };
}

finish!(
    CallToolResult,
    CompleteResult,
    EmptyResult,
    GetPromptResult,
    ListPromptsResult,
    ListResourceTemplatesResult,
    ListResourcesResult,
    ListToolsResult,
    ReadResourceResult,
);

/// A result with who answers, written without copying either.
#[derive(Serialize)]
pub(crate) struct Stamped<'a, T> {
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<&'a RawValue>,
    #[serde(flatten)]
    result: &'a T,
}

impl App {
    /// Says who answers: "servers SHOULD identify themselves in each result's `_meta`"
    /// (2026-07-28, changelog). The result has no metadata of its own.
    pub(crate) fn stamp<'a, T: Serialize>(&'a self, result: &'a T) -> Stamped<'a, T> {
        Stamped { meta: self.identity.as_deref(), result }
    }

    /// The answer to a request, as the client's revision has it.
    pub(crate) fn answer<R: Finish>(
        &self,
        revision: Revision,
        id: Option<Id>,
        result: R,
    ) -> Message {
        let Some(id) = id else { return unanswerable() };
        let (mut result, losses) = carry::to(revision, result);
        note(revision, &losses);
        if revision.era() == Era::Legacy {
            return Message::response(id, &result);
        }
        match result.meta_mut() {
            None => Message::response(id, &self.stamp(&result)),
            Some(own) => {
                meta::set_server_info(own, &self.info);
                Message::response(id, &result)
            }
        }
    }

    /// The answer that asks for another round, or any other that is made by hand.
    pub(crate) fn answer_raw(&self, era: Era, id: Option<Id>, result: &impl Serialize) -> Message {
        match (id, era) {
            (None, _) => unanswerable(),
            (Some(id), Era::Legacy) => Message::response(id, result),
            (Some(id), Era::Modern) => Message::response(id, &self.stamp(result)),
        }
    }
}

/// What a client of an older revision does not get is worth a line to whoever wonders.
pub(crate) fn note(revision: Revision, losses: &Losses) {
    if !losses.is_empty() {
        tracing::debug!(%revision, ?losses, "result was made to fit the client's revision");
    }
}

/// A call without an id has no answer; nobody makes one.
fn unanswerable() -> Message {
    let error = ErrorObject::new(eyot_jsonrpc::INVALID_REQUEST, "the request has no id");
    Message::error_response(None, &error)
}
