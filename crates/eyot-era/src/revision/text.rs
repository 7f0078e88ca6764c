//! Parameters and results as text: decoded as what their method says, carried, and encoded.

use std::collections::BTreeMap;

use eyot_types::{
    CallToolParams, CallToolResult, CancelledParams, CompleteParams, CompleteResult,
    CreateMessageParams, CreateMessageResult, DiscoverResult, ElicitParams, ElicitResult,
    EmptyParams, EmptyResult, GetPromptParams, GetPromptResult, InitializeParams, InitializeResult,
    JsonObject, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListRootsResult, ListToolsResult, LoggingMessageParams, Method, PaginatedParams,
    ProgressParams, ReadResourceParams, ReadResourceResult, Revision, RoundResult, SubscribeParams,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use super::{Carry, Losses, to};

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
        Method::Initialize => carry::<InitializeParams>(revision, text),
        Method::ToolsCall => carry::<CallToolParams>(revision, text),
        Method::PromptsGet => carry::<GetPromptParams>(revision, text),
        Method::ResourcesRead => carry::<ReadResourceParams>(revision, text),
        Method::CompletionComplete => carry::<CompleteParams>(revision, text),
        Method::SamplingCreateMessage => carry::<CreateMessageParams>(revision, text),
        Method::ElicitationCreate => carry::<ElicitParams>(revision, text),
        Method::Progress => carry::<ProgressParams>(revision, text),
        Method::Cancelled => carry::<CancelledParams>(revision, text),
        Method::LoggingMessage => carry::<LoggingMessageParams>(revision, text),
        Method::ResourcesUpdated | Method::ResourcesSubscribe | Method::ResourcesUnsubscribe => {
            carry::<SubscribeParams>(revision, text)
        }
        Method::ToolsList
        | Method::PromptsList
        | Method::ResourcesList
        | Method::ResourcesTemplatesList => carry::<PaginatedParams>(revision, text),
        _ => carry::<EmptyParams>(revision, text),
    }
}

/// The raw result of a request, as `revision` has it. Content that needs no other shape keeps its
/// bytes, and is not looked at.
///
/// # Errors
/// An error when it is not a result of the method. That of an unknown method gains or loses only
/// what all results have.
pub fn result(
    revision: Revision,
    method: Method<'_>,
    text: &str,
) -> Result<(String, Losses), serde_json::Error> {
    result_with(revision, method, text, |_, _| {})
}

/// The same; `add` puts more into its metadata, and is told what was lost.
///
/// # Errors
/// As [`result`].
pub fn result_with(
    revision: Revision,
    method: Method<'_>,
    text: &str,
    mut add: impl FnMut(&mut JsonObject, &Losses),
) -> Result<(String, Losses), serde_json::Error> {
    if let Some(whole) = super::whole::result(revision, method, text, &mut add)? {
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
        Method::Initialize => carry::<InitializeResult>(revision, text),
        Method::ServerDiscover => carry::<DiscoverResult>(revision, text),
        Method::ToolsList => carry::<ListToolsResult>(revision, text),
        Method::ToolsCall => round::<CallToolResult>(revision, text),
        Method::PromptsList => carry::<ListPromptsResult>(revision, text),
        Method::PromptsGet => round::<GetPromptResult>(revision, text),
        Method::ResourcesList => carry::<ListResourcesResult>(revision, text),
        Method::ResourcesTemplatesList => carry::<ListResourceTemplatesResult>(revision, text),
        Method::ResourcesRead => round::<ReadResourceResult>(revision, text),
        Method::CompletionComplete => carry::<CompleteResult>(revision, text),
        Method::SamplingCreateMessage => carry::<CreateMessageResult>(revision, text),
        Method::ElicitationCreate => carry::<ElicitResult>(revision, text),
        Method::RootsList => carry::<ListRootsResult>(revision, text),
        _ => carry::<EmptyResult>(revision, text),
    }
}

fn carry<T: Carry + Serialize + DeserializeOwned>(
    revision: Revision,
    text: &str,
) -> Result<(String, Losses), serde_json::Error> {
    encode(to(revision, serde_json::from_str::<T>(text)?))
}

fn round<T: Carry + Serialize + DeserializeOwned>(
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
