//! Every official example of a typed message decodes and encodes to the same value.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{read_json, schema_folder};
use crate::{
    CallToolParams, CallToolResult, CancelledParams, ClientCapabilities, ContentBlock,
    DiscoverResult, ElicitParams, ElicitResult, ListToolsResult, LoggingMessageParams, Method,
    PaginatedParams, ProgressParams, RequestMeta, ResourceContents, ServerCapabilities,
    SubscribeParams, Tool,
};

/// The examples of one definition of the schema; none where the data is absent.
fn examples(definition: &str) -> Vec<Value> {
    let Some(folder) = schema_folder() else { return Vec::new() };
    let folder = folder.join("2026-07-28/examples").join(definition);
    let entries = std::fs::read_dir(folder).unwrap();
    let examples: Vec<_> = entries.map(|entry| read_json(&entry.unwrap().path())).collect();
    assert!(!examples.is_empty(), "{definition} has no examples");
    examples
}

#[track_caller]
fn check_value<T: Serialize + DeserializeOwned>(example: &Value) {
    let typed: T = serde_json::from_value(example.clone()).unwrap();
    assert_eq!(serde_json::to_value(typed).unwrap(), *example);
    let text = example.to_string();
    let typed: T = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_value(typed).unwrap(), *example, "decoded from text");
}

#[track_caller]
fn check<T: Serialize + DeserializeOwned>(definition: &str) {
    for example in examples(definition) {
        check_value::<T>(&example);
    }
}

/// Checks one member of whole messages: their `params` or `result`.
#[track_caller]
fn check_member<T: Serialize + DeserializeOwned>(definition: &str, member: &str) {
    for example in examples(definition) {
        check_value::<T>(&example[member]);
    }
}

#[test]
fn capabilities_survive() {
    check::<ClientCapabilities>("ClientCapabilities");
    check::<ServerCapabilities>("ServerCapabilities");
}

#[test]
fn content_survives() {
    for definition in
        ["TextContent", "ImageContent", "AudioContent", "EmbeddedResource", "ResourceLink"]
    {
        check::<ContentBlock>(definition);
    }
    check::<ContentBlock>("ToolUseContent");
    check::<ResourceContents>("TextResourceContents");
    check::<ResourceContents>("BlobResourceContents");
}

#[test]
fn tools_survive() {
    check::<Tool>("Tool");
    check::<ListToolsResult>("ListToolsResult");
    check_member::<ListToolsResult>("ListToolsResultResponse", "result");
    check::<CallToolParams>("CallToolRequestParams");
    check_member::<CallToolParams>("CallToolRequest", "params");
    check::<CallToolResult>("CallToolResult");
    check_member::<CallToolResult>("CallToolResultResponse", "result");
}

#[test]
fn lists_survive() {
    check::<PaginatedParams>("PaginatedRequestParams");
    for definition in ["ListToolsRequest", "ListPromptsRequest", "ListResourcesRequest"] {
        check_member::<PaginatedParams>(definition, "params");
    }
}

#[test]
fn notifications_survive() {
    check::<CancelledParams>("CancelledNotificationParams");
    check_member::<CancelledParams>("CancelledNotification", "params");
    check::<ProgressParams>("ProgressNotificationParams");
    check_member::<ProgressParams>("ProgressNotification", "params");
    check::<LoggingMessageParams>("LoggingMessageNotificationParams");
    check_member::<LoggingMessageParams>("LoggingMessageNotification", "params");
    check::<SubscribeParams>("ResourceUpdatedNotificationParams");
    check_member::<SubscribeParams>("ResourceUpdatedNotification", "params");
}

#[test]
fn questions_survive() {
    check::<ElicitParams>("ElicitRequestFormParams");
    check::<ElicitParams>("ElicitRequestURLParams");
    check_member::<ElicitParams>("ElicitRequest", "params");
    check::<ElicitResult>("ElicitResult");
}

#[test]
fn discovery_survives() {
    check::<DiscoverResult>("DiscoverResult");
    check_member::<DiscoverResult>("DiscoverResultResponse", "result");
}

#[test]
fn the_metadata_of_every_modern_request_is_complete() {
    for definition in ["CallToolRequest", "DiscoverRequest", "SubscriptionsListenRequest"] {
        for example in examples(definition) {
            let text = example["params"]["_meta"].to_string();
            let meta = RequestMeta::decode(&text).unwrap();
            assert_eq!(meta.required().unwrap().protocol_version, "2026-07-28");
        }
    }
}

#[test]
fn every_method_of_the_examples_is_known() {
    for definition in ["CallToolRequest", "ProgressNotification", "SubscriptionsListenRequest"] {
        for example in examples(definition) {
            let method = Method::parse(example["method"].as_str().unwrap());
            assert!(!matches!(method, Method::Other(_)), "{method}");
            assert_eq!(method.is_notification(), example.get("id").is_none(), "{method}");
        }
    }
}
