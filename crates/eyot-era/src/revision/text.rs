//! Parameters and results as text: decoded as what their method says, converted, and encoded.

use std::collections::BTreeMap;

use eyot_jsonrpc::{Id, Json, Response, keeping_lone_surrogates};
use eyot_types::{
    CallToolParams, CallToolResult, CancelledParams, CompleteParams, CompleteResult,
    CreateMessageParams, CreateMessageResult, DiscoverResult, ElicitParams, ElicitResult,
    EmptyParams, EmptyResult, GetPromptParams, GetPromptResult, InitializeParams, InitializeResult,
    JsonObject, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListRootsResult, ListToolsResult, LoggingMessageParams, Mended, Method, PaginatedParams,
    ProgressParams, ReadResourceParams, ReadResourceResult, Revision, RoundResult, SubscribeParams,
    Unreadable, mend, meta,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use super::whole::whole;
use super::{Convert, Losses, to};
use crate::losses::say_losses;

/// The raw parameters of a request or notification, as `revision` has them.
///
/// # Errors
/// An error when they are not parameters of the method. Those of an unknown method, and of the
/// methods of tasks and subscriptions, which need more than another shape, only lose the metadata
/// that the revision does not have.
pub fn params(
    revision: Revision,
    method: Method<'_>,
    text: &str,
) -> Result<(String, Losses), serde_json::Error> {
    match method {
        Method::Initialize => convert::<InitializeParams>(revision, text),
        Method::ToolsCall => convert::<CallToolParams>(revision, text),
        Method::PromptsGet => convert::<GetPromptParams>(revision, text),
        Method::ResourcesRead => convert::<ReadResourceParams>(revision, text),
        Method::CompletionComplete => convert::<CompleteParams>(revision, text),
        Method::SamplingCreateMessage => convert::<CreateMessageParams>(revision, text),
        Method::ElicitationCreate => convert::<ElicitParams>(revision, text),
        Method::Progress => convert::<ProgressParams>(revision, text),
        Method::Cancelled => convert::<CancelledParams>(revision, text),
        Method::LoggingMessage => convert::<LoggingMessageParams>(revision, text),
        Method::ResourcesUpdated | Method::ResourcesSubscribe | Method::ResourcesUnsubscribe => {
            convert::<SubscribeParams>(revision, text)
        }
        Method::ToolsList
        | Method::PromptsList
        | Method::ResourcesList
        | Method::ResourcesTemplatesList => convert::<PaginatedParams>(revision, text),
        _ => convert::<EmptyParams>(revision, text),
    }
}

/// What is put into the metadata of a result.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "made by its users")]
pub struct Stamp<'a> {
    /// The name of the server, an [`Implementation`](eyot_types::Implementation).
    pub server: Option<&'a Json>,
    /// Whether the result says what it could not keep.
    pub says_losses: bool,
}

/// The result of a request as `revision` has it. Content that needs no other shape keeps its bytes,
/// without a copy; what is odd in a result is lost, and nothing beside it.
///
/// # Errors
/// [`Unreadable`] when nothing can be made of it. That of an unknown method gains or loses only
/// what all results have.
pub fn carry(
    revision: Revision,
    method: Method<'_>,
    answer: &Response,
    stamp: Stamp<'_>,
) -> Result<(Response, Losses), Unreadable> {
    if let Some(whole) = whole(revision, method, answer, (stamp, &Losses::default())) {
        return Ok(whole);
    }
    let (text, losses) = result_with(revision, method, answer.result().unwrap_or("null"), stamp)?;
    let id = answer.id().unwrap_or_else(|| Id::from_number(0));
    Ok((Response::of_text(id, &text), losses))
}

/// Like [`carry`], for a raw result that belongs to no answer.
///
/// # Errors
/// As [`carry`].
pub fn result(
    revision: Revision,
    method: Method<'_>,
    text: &str,
) -> Result<(String, Losses), Unreadable> {
    result_with(revision, method, text, Stamp::default())
}

/// Like [`result`], with something in the metadata.
///
/// # Errors
/// As [`carry`].
pub fn result_with(
    revision: Revision,
    method: Method<'_>,
    text: &str,
    stamp: Stamp<'_>,
) -> Result<(String, Losses), Unreadable> {
    let none = Losses::default();
    if let Ok(carried) = carried(revision, method, text, (stamp, &none)) {
        return Ok(carried);
    }
    let Mended { text, oddities, .. } = mend(method, text)?;
    let odd = Losses::of_oddities(oddities);
    Ok(keeping_lone_surrogates(&text, |text| carried(revision, method, text, (stamp, &odd)))?)
}

/// A result whose parts are as the protocol says, without what was odd in it.
fn carried(
    revision: Revision,
    method: Method<'_>,
    text: &str,
    (stamp, odd): (Stamp<'_>, &Losses),
) -> Result<(String, Losses), serde_json::Error> {
    let answer = Response::of_text(Id::from_number(0), text);
    if let Some((whole, losses)) = whole(revision, method, &answer, (stamp, odd)) {
        return Ok((whole.result().unwrap_or_default().to_owned(), losses));
    }
    let (text, mut losses) = decoded(revision, method, text)?;
    losses.extend(odd.clone());
    let mut added = JsonObject::new();
    if let Some(server) = stamp.server {
        added.insert(meta::SERVER_INFO.to_owned(), serde_json::from_str(server.as_str())?);
    }
    if stamp.says_losses {
        say_losses(&mut added, &losses);
    }
    if added.is_empty() {
        return Ok((text, losses));
    }
    let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&text)?;
    let meta = members.get("_meta").map(|it| serde_json::from_str::<JsonObject>(it.get()));
    let mut meta = meta.transpose()?.unwrap_or_default();
    meta.append(&mut added);
    members.insert("_meta".to_owned(), to_raw_value(&meta)?);
    Ok((serde_json::to_string(&members)?, losses))
}

/// The result, decoded as what its method says.
pub(super) fn decoded(
    revision: Revision,
    method: Method<'_>,
    text: &str,
) -> Result<(String, Losses), serde_json::Error> {
    match method {
        Method::Initialize => convert::<InitializeResult>(revision, text),
        Method::ServerDiscover => convert::<DiscoverResult>(revision, text),
        Method::ToolsList => convert::<ListToolsResult>(revision, text),
        Method::ToolsCall => round::<CallToolResult>(revision, text),
        Method::PromptsList => convert::<ListPromptsResult>(revision, text),
        Method::PromptsGet => round::<GetPromptResult>(revision, text),
        Method::ResourcesList => convert::<ListResourcesResult>(revision, text),
        Method::ResourcesTemplatesList => convert::<ListResourceTemplatesResult>(revision, text),
        Method::ResourcesRead => round::<ReadResourceResult>(revision, text),
        Method::CompletionComplete => convert::<CompleteResult>(revision, text),
        Method::SamplingCreateMessage => convert::<CreateMessageResult>(revision, text),
        Method::ElicitationCreate => convert::<ElicitResult>(revision, text),
        Method::RootsList => convert::<ListRootsResult>(revision, text),
        _ => convert::<EmptyResult>(revision, text),
    }
}

fn convert<T: Convert + Serialize + DeserializeOwned>(
    revision: Revision,
    text: &str,
) -> Result<(String, Losses), serde_json::Error> {
    encode(to(revision, serde_json::from_str::<T>(text)?))
}

fn round<T: Convert + Serialize + DeserializeOwned>(
    revision: Revision,
    text: &str,
) -> Result<(String, Losses), serde_json::Error> {
    encode(to(revision, RoundResult::<T>::decode(text)?))
}

fn encode<T: Serialize>(
    (value, losses): (T, Losses),
) -> Result<(String, Losses), serde_json::Error> {
    Ok((serde_json::to_string(&value)?, losses))
}
