//! Every official example of every definition decodes and encodes to the same value.

use std::collections::BTreeSet;
use std::path::Path;

use eyot_jsonrpc::{ErrorObject, Message, ScanLimits};
use eyot_testkit::{read_json, shared};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    Answer, CallToolParams, CallToolResult, CancelledParams, ClientCapabilities, CompleteParams,
    CompleteResult, ContentBlock, CreateMessageParams, CreateMessageResult, DiscoverResult,
    ElicitParams, ElicitResult, EmptyParams, GetPromptParams, GetPromptResult, InputRequest,
    InputRequests, InputRequiredResult, InputResponses, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListRootsResult, ListToolsResult,
    LoggingMessageParams, Method, ModelPreferences, NumberSchema, PaginatedParams, PrimitiveSchema,
    ProgressParams, ReadResourceParams, ReadResourceResult, RequestMeta, Resource,
    ResourceContents, Root, RoundResult, SamplingContent, SamplingMessage, ServerCapabilities,
    SubscribeParams, SubscriptionsAcknowledgedParams, SubscriptionsListenParams,
    SubscriptionsListenResult, Tool,
};

/// Holds one example against a type.
type Check = fn(&Value);

/// How the examples of each definition are held against our types.
const TYPES: &[(&str, Check)] = &[
    ("AudioContent", whole::<ContentBlock>),
    ("BlobResourceContents", whole::<ResourceContents>),
    ("BooleanSchema", whole::<PrimitiveSchema>),
    ("CallToolRequest", params::<CallToolParams>),
    ("CallToolRequestParams", whole::<CallToolParams>),
    ("CallToolResult", whole::<CallToolResult>),
    ("CallToolResultResponse", result::<CallToolResult>),
    ("CancelledNotification", params::<CancelledParams>),
    ("CancelledNotificationParams", whole::<CancelledParams>),
    ("ClientCapabilities", whole::<ClientCapabilities>),
    ("CompleteRequest", params::<CompleteParams>),
    ("CompleteRequestParams", whole::<CompleteParams>),
    ("CompleteResult", whole::<CompleteResult>),
    ("CompleteResultResponse", result::<CompleteResult>),
    ("CreateMessageRequest", whole::<InputRequest>),
    ("CreateMessageRequestParams", whole::<CreateMessageParams>),
    ("CreateMessageResult", whole::<CreateMessageResult>),
    ("DiscoverRequest", params::<EmptyParams>),
    ("DiscoverResult", whole::<DiscoverResult>),
    ("DiscoverResultResponse", result::<DiscoverResult>),
    ("ElicitRequest", whole::<InputRequest>),
    ("ElicitRequestFormParams", whole::<ElicitParams>),
    ("ElicitRequestURLParams", whole::<ElicitParams>),
    ("ElicitResult", whole::<ElicitResult>),
    ("EmbeddedResource", whole::<ContentBlock>),
    ("GetPromptRequest", params::<GetPromptParams>),
    ("GetPromptRequestParams", whole::<GetPromptParams>),
    ("GetPromptResult", whole::<GetPromptResult>),
    ("GetPromptResultResponse", result::<GetPromptResult>),
    ("HeaderMismatchError", error),
    ("ImageContent", whole::<ContentBlock>),
    ("InputRequests", whole::<InputRequests>),
    ("InputRequiredResult", whole::<InputRequiredResult>),
    ("InputResponses", whole::<InputResponses>),
    ("InternalError", whole::<ErrorObject>),
    ("InvalidParamsError", whole::<ErrorObject>),
    ("ListPromptsRequest", params::<PaginatedParams>),
    ("ListPromptsResult", whole::<ListPromptsResult>),
    ("ListPromptsResultResponse", result::<ListPromptsResult>),
    ("ListResourceTemplatesRequest", params::<PaginatedParams>),
    ("ListResourceTemplatesResult", whole::<ListResourceTemplatesResult>),
    ("ListResourceTemplatesResultResponse", result::<ListResourceTemplatesResult>),
    ("ListResourcesRequest", params::<PaginatedParams>),
    ("ListResourcesResult", whole::<ListResourcesResult>),
    ("ListResourcesResultResponse", result::<ListResourcesResult>),
    ("ListRootsRequest", whole::<InputRequest>),
    ("ListRootsResult", whole::<ListRootsResult>),
    ("ListToolsRequest", params::<PaginatedParams>),
    ("ListToolsResult", whole::<ListToolsResult>),
    ("ListToolsResultResponse", result::<ListToolsResult>),
    ("LoggingMessageNotification", params::<LoggingMessageParams>),
    ("LoggingMessageNotificationParams", whole::<LoggingMessageParams>),
    ("MethodNotFoundError", whole::<ErrorObject>),
    ("MissingRequiredClientCapabilityError", error),
    ("ModelPreferences", whole::<ModelPreferences>),
    ("NumberSchema", whole::<PrimitiveSchema>),
    ("PaginatedRequestParams", whole::<PaginatedParams>),
    ("ParseError", whole::<ErrorObject>),
    ("ProgressNotification", params::<ProgressParams>),
    ("ProgressNotificationParams", whole::<ProgressParams>),
    ("PromptListChangedNotification", params::<EmptyParams>),
    ("ReadResourceRequest", params::<ReadResourceParams>),
    ("ReadResourceResult", whole::<ReadResourceResult>),
    ("ReadResourceResultResponse", result::<ReadResourceResult>),
    ("Resource", whole::<Resource>),
    ("ResourceLink", whole::<ContentBlock>),
    ("ResourceListChangedNotification", params::<EmptyParams>),
    ("ResourceUpdatedNotification", params::<SubscribeParams>),
    ("ResourceUpdatedNotificationParams", whole::<SubscribeParams>),
    ("Root", whole::<Root>),
    ("SamplingMessage", whole::<SamplingMessage>),
    ("ServerCapabilities", whole::<ServerCapabilities>),
    ("StringSchema", whole::<PrimitiveSchema>),
    ("SubscriptionsAcknowledgedNotification", params::<SubscriptionsAcknowledgedParams>),
    ("SubscriptionsListenRequest", params::<SubscriptionsListenParams>),
    ("SubscriptionsListenResult", whole::<SubscriptionsListenResult>),
    ("SubscriptionsListenResultResponse", result::<SubscriptionsListenResult>),
    ("TextContent", whole::<ContentBlock>),
    ("TextResourceContents", whole::<ResourceContents>),
    ("TitledMultiSelectEnumSchema", whole::<PrimitiveSchema>),
    ("TitledSingleSelectEnumSchema", whole::<PrimitiveSchema>),
    ("Tool", whole::<Tool>),
    ("ToolListChangedNotification", params::<EmptyParams>),
    ("ToolResultContent", whole::<SamplingContent>),
    ("ToolUseContent", whole::<SamplingContent>),
    ("UnsupportedProtocolVersionError", error),
    ("UntitledMultiSelectEnumSchema", whole::<PrimitiveSchema>),
    ("UntitledSingleSelectEnumSchema", whole::<PrimitiveSchema>),
];

#[track_caller]
fn whole<T: Serialize + DeserializeOwned>(example: &Value) {
    let typed: T = serde_json::from_value(example.clone()).unwrap();
    assert_eq!(serde_json::to_value(typed).unwrap(), *example);
    let typed: T = serde_json::from_str(&example.to_string()).unwrap();
    assert_eq!(serde_json::to_value(typed).unwrap(), *example, "decoded from text");
}

/// The parameters of a request or notification, and its method.
#[track_caller]
fn params<T: Serialize + DeserializeOwned>(example: &Value) {
    let method = Method::parse(example["method"].as_str().unwrap());
    assert!(!matches!(method, Method::Other(_)), "{method}");
    assert_eq!(method.is_notification(), example.get("id").is_none(), "{method}");
    if let Some(params) = example.get("params") {
        whole::<T>(params);
    }
}

/// The result of a response, whatever its `resultType`.
#[track_caller]
fn result<T: Serialize + DeserializeOwned>(example: &Value) {
    let result = &example["result"];
    let encoded = match RoundResult::<T>::decode(&result.to_string()).unwrap() {
        RoundResult::Complete(result) => serde_json::to_value(result),
        RoundResult::InputRequired(result) => serde_json::to_value(result),
        RoundResult::Task(result) => serde_json::to_value(result),
    };
    assert_eq!(encoded.unwrap(), *result);
}

/// The error of a response.
#[track_caller]
fn error(example: &Value) {
    whole::<ErrorObject>(&example["error"]);
}

/// The folders of examples of all revisions, one for each definition.
fn folders() -> Vec<std::path::PathBuf> {
    let Some(schemas) = shared("schema") else { return Vec::new() };
    let revisions = children(&schemas).into_iter().map(|it| it.join("examples"));
    revisions.filter(|it| it.is_dir()).flat_map(|it| children(&it)).collect()
}

fn children(folder: &Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn name(folder: &Path) -> &str {
    folder.file_name().unwrap().to_str().unwrap()
}

#[test]
fn every_example_survives() {
    for folder in folders() {
        let row = TYPES.iter().find(|(definition, _)| *definition == name(&folder));
        let (_, check) = row.unwrap_or_else(|| panic!("no type for {}", folder.display()));
        let examples = children(&folder);
        assert!(!examples.is_empty(), "{} is empty", folder.display());
        examples.iter().for_each(|example| check(&read_json(example)));
    }
}

#[test]
fn every_row_has_examples() {
    let folders = folders();
    let names: BTreeSet<_> = folders.iter().map(|folder| name(folder)).collect();
    let stale: Vec<_> = TYPES.iter().filter(|(name, _)| !names.contains(name)).collect();
    assert!(stale.is_empty() || folders.is_empty(), "{stale:?}");
}

/// The examples of one definition of the modern revision; none where the data is absent.
fn examples(definition: &str) -> Vec<Value> {
    let folders = folders().into_iter().filter(|folder| name(folder) == definition);
    folders.flat_map(|folder| children(&folder)).map(|example| read_json(&example)).collect()
}

#[test]
fn no_example_is_unknown_to_its_type() {
    let content = ["AudioContent", "EmbeddedResource", "ImageContent", "ResourceLink"];
    for example in content.into_iter().flat_map(examples) {
        let block: ContentBlock = serde_json::from_value(example).unwrap();
        assert!(!matches!(block, ContentBlock::Other(_)), "{block:?}");
    }
    for example in ["ToolResultContent", "ToolUseContent"].into_iter().flat_map(examples) {
        let block: SamplingContent = serde_json::from_value(example).unwrap();
        assert!(!matches!(block, SamplingContent::Other(_)), "{block:?}");
    }
    let select = ["TitledMultiSelectEnumSchema", "UntitledMultiSelectEnumSchema"];
    for example in select.into_iter().flat_map(examples) {
        let schema: PrimitiveSchema = serde_json::from_value(example).unwrap();
        let PrimitiveSchema::MultiSelect(schema) = schema else { panic!("{schema:?}") };
        assert_eq!(schema.options().len(), 3);
    }
    for example in examples("NumberSchema") {
        let schema: PrimitiveSchema = serde_json::from_value(example).unwrap();
        assert!(matches!(schema, PrimitiveSchema::Number(NumberSchema { .. })), "{schema:?}");
    }
}

#[test]
fn every_answer_of_the_examples_answers_its_question() {
    for (requests, responses) in examples("InputRequests").iter().zip(examples("InputResponses")) {
        let requests: InputRequests = serde_json::from_value(requests.clone()).unwrap();
        let responses: InputResponses = serde_json::from_value(responses).unwrap();
        for (name, request) in &requests {
            let answer = request.question.decode_answer(responses.0[name].clone()).unwrap();
            assert!(!matches!(answer, Answer::Other(_)), "{name}");
            assert_eq!(answer.into_value(), responses.0[name]);
        }
    }
}

#[test]
fn the_metadata_of_every_modern_request_is_complete() {
    let requests = ["CallToolRequest", "DiscoverRequest", "SubscriptionsListenRequest"];
    for example in requests.into_iter().flat_map(examples) {
        let text = example.to_string();
        let request = Message::parse(text.into(), &ScanLimits::default()).unwrap();
        let meta = RequestMeta::of(&request).unwrap();
        assert_eq!(meta.required().unwrap().protocol_version, "2026-07-28");
    }
}
