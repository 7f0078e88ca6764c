//! Answers as the client's era wants them.

use eyot_jsonrpc::{ErrorObject, Id, Message};
use eyot_types::{
    CallToolResult, CompleteResult, EmptyResult, Era, GetPromptResult, JsonObject,
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    ReadResourceResult, meta,
};
use serde::Serialize;
use serde_json::value::RawValue;

use super::App;

/// A result of a method.
pub(crate) trait Finish: Serialize + Sized {
    /// The same result as a modern server sends it.
    fn modern(self) -> Self;

    /// Its metadata.
    fn meta_mut(&mut self) -> &mut Option<JsonObject>;
}

macro_rules! finish {
    ($($name:ident),+ $(,)?) => {
        $(
            impl Finish for $name {
                fn modern(self) -> Self {
                    self.into_modern()
                }

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

    /// The answer to a request.
    pub(crate) fn answer<R: Finish>(&self, era: Era, id: Option<Id>, mut result: R) -> Message {
        let Some(id) = id else { return unanswerable() };
        if era == Era::Legacy {
            return Message::response(id, &result);
        }
        match result.meta_mut() {
            None => Message::response(id, &self.stamp(&result.modern())),
            Some(own) => {
                meta::set_server_info(own, &self.info);
                Message::response(id, &result.modern())
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

/// A call without an id has no answer; nobody makes one.
fn unanswerable() -> Message {
    let error = ErrorObject::new(eyot_jsonrpc::INVALID_REQUEST, "the request has no id");
    Message::error_response(None, &error)
}
