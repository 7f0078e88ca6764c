//! Parameters and results as text: decoded as what their method says, converted, and encoded.

use std::collections::BTreeMap;

use eyot_jsonrpc::keeping_lone_surrogates;
use eyot_types::{
    CallToolParams, CallToolResult, CancelledParams, CompleteParams, CompleteResult,
    CreateMessageParams, CreateMessageResult, DiscoverResult, ElicitParams, ElicitResult,
    EmptyParams, EmptyResult, GetPromptParams, GetPromptResult, InitializeParams, InitializeResult,
    JsonObject, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListRootsResult, ListToolsResult, LoggingMessageParams, Mended, Method, PaginatedParams,
    ProgressParams, ReadResourceParams, ReadResourceResult, Revision, RoundResult, SubscribeParams,
    Unreadable, mend,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use super::{Convert, Losses, to};

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

/// The raw result of a request, as `revision` has it. Content that needs no other shape keeps its
/// bytes; what is odd in a result is lost, and nothing beside it.
///
/// # Errors
/// [`Unreadable`] when nothing can be made of it. That of an unknown method gains or loses only
/// what all results have.
pub fn result(
    revision: Revision,
    method: Method<'_>,
    text: &str,
) -> Result<(String, Losses), Unreadable> {
    result_with(revision, method, text, |_, _| {})
}

/// Like [`result`]; `add` puts more into the metadata, and is told what was lost.
///
/// # Errors
/// As [`result`].
pub fn result_with(
    revision: Revision,
    method: Method<'_>,
    text: &str,
    mut add: impl FnMut(&mut JsonObject, &Losses),
) -> Result<(String, Losses), Unreadable> {
    if let Ok(carried) = carried(revision, method, text, &mut add) {
        return Ok(carried);
    }
    let Mended { text, oddities, .. } = mend(method, text)?;
    let odd = Losses::of_oddities(oddities);
    let mut add = |meta: &mut JsonObject, losses: &Losses| {
        let mut all = odd.clone();
        all.extend(losses.clone());
        add(meta, &all);
    };
    let (text, mut losses) =
        keeping_lone_surrogates(&text, |text| carried(revision, method, text, &mut add))?;
    losses.extend(odd);
    Ok((text, losses))
}

/// A result whose parts are as the protocol says.
fn carried(
    revision: Revision,
    method: Method<'_>,
    text: &str,
    add: &mut dyn FnMut(&mut JsonObject, &Losses),
) -> Result<(String, Losses), serde_json::Error> {
    if let Some(whole) = super::whole::result(revision, method, text, add)? {
        return Ok(whole);
    }
    let (text, losses) = decoded(revision, method, text)?;
    let mut added = JsonObject::new();
    add(&mut added, &losses);
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
