//! The server's name on its results, and results in the form of the client's era.

use eyot_era::revision::{self, Convert, Losses};
use eyot_jsonrpc::{Id, Response};
use eyot_types::{
    CallToolResult, CompleteResult, ContentBlock, EmptyResult, Era, GetPromptResult,
    Implementation, JsonObject, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, ReadResourceResult, ResourceContents, Revision, meta,
};
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

/// The name under which a server answers.
#[derive(Debug)]
pub(crate) struct Identity {
    info: Implementation,
    /// The `_meta` of results that have none of their own.
    meta: Option<Box<RawValue>>,
}

/// A result that the server puts its name on.
pub(crate) trait Finish: Convert + Serialize {
    /// Its metadata.
    fn meta_mut(&mut self) -> &mut Option<JsonObject>;

    /// Bytes of its texts and data; in a large result they are nearly all of it.
    fn bulk_bytes(&self) -> usize;
}

macro_rules! finish {
    ($($name:ident: $bulk_bytes:expr),+ $(,)?) => {
        $(
            impl Finish for $name {
                fn meta_mut(&mut self) -> &mut Option<JsonObject> {
                    &mut self.meta
                }

                fn bulk_bytes(&self) -> usize {
                    $bulk_bytes(self)
                }
            }
        )+
    };
}

finish!(
    CallToolResult: |it: &Self| {
        let content: usize = it.content.iter().map(bulk_of_block).sum();
        // Structured content is there as text too.
        content * (1 + usize::from(it.structured_content.is_some()))
    },
    CompleteResult: |_| 0,
    EmptyResult: |_| 0,
    GetPromptResult: |it: &Self| it.messages.iter().map(|it| bulk_of_block(&it.content)).sum(),
    ListPromptsResult: |_| 0,
    ListResourceTemplatesResult: |_| 0,
    ListResourcesResult: |_| 0,
    ListToolsResult: |_| 0,
    ReadResourceResult: |it: &Self| it.contents.iter().map(bulk_of_resource).sum(),
);

fn bulk_of_block(block: &ContentBlock) -> usize {
    match block {
        ContentBlock::Text(text) => text.text.len(),
        ContentBlock::Image(media) | ContentBlock::Audio(media) => media.data.len(),
        ContentBlock::Resource(embedded) => bulk_of_resource(&embedded.resource),
        _ => 0,
    }
}

fn bulk_of_resource(contents: &ResourceContents) -> usize {
    contents.text.as_ref().map_or(0, String::len) + contents.blob.as_ref().map_or(0, String::len)
}

/// Room for a result: for its bulk, of which some is escaped, and for the rest.
fn room_for(result: &impl Finish) -> usize {
    const REST_BYTES: usize = 256;
    let bulk_bytes = result.bulk_bytes();
    bulk_bytes + bulk_bytes / 16 + REST_BYTES
}

/// A result with the server's name, written without copying either.
#[derive(Serialize)]
pub(crate) struct Stamped<'a, T> {
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<&'a RawValue>,
    #[serde(flatten)]
    result: &'a T,
}

impl Identity {
    pub(crate) fn new(info: Implementation) -> Self {
        let meta = json!({ meta::SERVER_INFO: info });
        Self { meta: serde_json::value::to_raw_value(&meta).ok(), info }
    }

    /// The name and the version of the server.
    pub(crate) fn info(&self) -> &Implementation {
        &self.info
    }

    /// Puts the server's name on a result that has no metadata of its own: "servers SHOULD identify
    /// themselves in each result's `_meta`" (2026-07-28, changelog).
    pub(crate) fn stamp<'a, T: Serialize>(&'a self, result: &'a T) -> Stamped<'a, T> {
        Stamped { meta: self.meta.as_deref(), result }
    }

    /// The answer to a request, in the form of the client's revision.
    pub(crate) fn answer<R: Finish>(&self, revision: Revision, id: Id, result: R) -> Response {
        let (mut result, losses) = revision::to(revision, result);
        note(revision, &losses);
        let len_bytes = room_for(&result);
        if revision.era() == Era::Legacy {
            return Response::of_len(id, &result, len_bytes);
        }
        match result.meta_mut() {
            None => Response::of_len(id, &self.stamp(&result), len_bytes),
            Some(own) => {
                meta::set_server_info(own, &self.info);
                Response::of_len(id, &result, len_bytes)
            }
        }
    }

    /// The answer with a result that was made by hand, such as one that asks for another round.
    pub(crate) fn answer_raw(&self, era: Era, id: Id, result: &impl Serialize) -> Response {
        match era {
            Era::Legacy => Response::new(id, result),
            Era::Modern => Response::new(id, &self.stamp(result)),
        }
    }
}

/// Logs what a client of an older revision does not get of a result.
pub(crate) fn note(revision: Revision, losses: &Losses) {
    if !losses.is_empty() {
        tracing::debug!(%revision, ?losses, "result was made to fit the client's revision");
    }
}
