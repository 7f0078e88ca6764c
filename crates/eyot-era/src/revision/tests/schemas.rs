//! What we write is valid in the revision that we write it for, and the tables of this crate say
//! what the schemas say.

use std::collections::BTreeSet;

use eyot_jsonrpc::{ErrorObject, Id};
use eyot_types::codes::{self, Outcome};
use eyot_types::{
    Annotations, BooleanSchema, CacheScope, CallToolParams, CallToolResult, CancelledParams,
    ClientCapabilities, ClientCapability, CompleteArgument, CompleteContext, CompleteParams,
    CompleteResult, Completion, CompletionReference, ContentBlock, CreateMessageParams,
    CreateMessageResult, DiscoverResult, ElicitAction, ElicitParams, ElicitResult, ElicitSchema,
    ElicitationCompleteParams, Era, GetPromptParams, GetPromptResult, Icon, IconTheme,
    Implementation, InitializeParams, InitializeResult, InputRequiredResult, InputResponses,
    JsonObject, LegacyCreateTaskResult, LegacyListTasksResult, LegacyTask, LegacyTaskState,
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListRootsResult,
    ListToolsResult, LogLevel, LoggingMessageParams, Method, ModelHint, ModelPreferences,
    MultiSelectSchema, NumberSchema, OneOrMany, PaginatedParams, ProgressParams, Prompt,
    PromptArgument, PromptMessage, Question, ReadResourceParams, ReadResourceResult, Resource,
    ResourceContents, ResourceTemplate, Revision, Role, Root, SamplingContent, SamplingMessage,
    SelectOption, Sender, ServerCapabilities, SetLevelParams, SingleSelectSchema, StopReason,
    StringFormat, StringSchema, SubscribeParams, SubscriptionFilter,
    SubscriptionsAcknowledgedParams, SubscriptionsListenParams, SubscriptionsListenResult,
    TaskMetadata, TaskParams, TaskSupport, Tool, ToolAnnotations, ToolChoice, ToolChoiceMode,
    ToolExecution, ToolResultContent, ToolUseContent, meta,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::schema::{Schema, legacy, modern, since};
use crate::revision::{self, Convert};

fn object(value: Value) -> JsonObject {
    serde_json::from_value(value).unwrap()
}

fn id(raw: &str) -> Id {
    serde_json::from_str(raw).unwrap()
}

fn us() -> Implementation {
    Implementation::new("eyot", "0.1.0")
}

fn server_capabilities() -> ServerCapabilities {
    ServerCapabilities::default()
        .with("logging")
        .with_flag("tools", "listChanged")
        .with_flag("resources", "subscribe")
}

fn client_capabilities() -> ClientCapabilities {
    ClientCapabilities::default()
        .with(ClientCapability::Elicitation)
        .with(ClientCapability::Roots)
        .with(ClientCapability::Sampling)
}

fn request_meta() -> Option<JsonObject> {
    Some(object(json!({
        meta::PROTOCOL_VERSION: Revision::MODERN,
        meta::CLIENT_INFO: us(),
        meta::CLIENT_CAPABILITIES: client_capabilities(),
        meta::LOG_LEVEL: LogLevel::Info,
    })))
}

fn tool() -> Tool {
    let mut tool = Tool::new("echo", object(json!({ "type": "object" })));
    tool.description = Some("Says it again.".to_owned());
    tool.output_schema = Some(object(json!({ "type": "object" })));
    tool
}

fn call_result() -> CallToolResult {
    let mut result = CallToolResult::new(vec![ContentBlock::text("again")]);
    result.structured_content = Some(json!({ "said": "again" }));
    result.is_error = Some(false);
    result
}

#[test]
fn the_handshake_is_valid_in_every_legacy_revision() {
    for schema in legacy() {
        let asked = InitializeParams::new(schema.revision, client_capabilities(), us());
        schema.check_params("InitializeRequest", &asked);
        let mut answer = InitializeResult::new(schema.revision, server_capabilities(), us());
        answer.instructions = Some("Ask.".to_owned());
        schema.check("InitializeResult", &answer);
        schema.check_params("SetLevelRequest", &SetLevelParams::new(LogLevel::Alert));
        schema.check_params("SubscribeRequest", &SubscribeParams::new("file:///a"));
        schema.check_params("UnsubscribeRequest", &SubscribeParams::new("file:///a"));
    }
}

#[test]
fn discovery_is_valid_in_the_modern_revision() {
    for schema in modern() {
        let mut result = DiscoverResult::new(Revision::SUPPORTED, server_capabilities());
        result.meta = Some(object(json!({ meta::SERVER_INFO: us() })));
        schema.check("DiscoverResult", &result);
        assert!(result.supports(Revision::MODERN));
    }
}

#[test]
fn a_tool_call_is_valid_in_every_revision() {
    let mut call = CallToolParams::new("echo");
    call.arguments = Some(object(json!({ "say": "again" })));
    for schema in legacy() {
        schema.check_params("CallToolRequest", &call);
        schema.check("CallToolResult", &call_result());
        schema.check("CallToolResult", &CallToolResult::error("no"));
        schema.check("ListToolsResult", &ListToolsResult::new(vec![tool()]));
        schema.check_params("ListToolsRequest", &PaginatedParams::default());
    }
    call.meta = request_meta();
    let mut page = PaginatedParams::default();
    page.meta = request_meta();
    for schema in modern() {
        schema.check_params("CallToolRequest", &call);
        schema.check("CallToolResult", &call_result().into_modern());
        schema.check("CallToolResult", &CallToolResult::error("no").into_modern());
        schema.check("ListToolsResult", &ListToolsResult::new(vec![tool()]).into_modern());
        schema.check_params("ListToolsRequest", &page);
    }
}

#[test]
fn every_kind_of_content_is_valid_since_it_exists() {
    let embedded = json!({ "type": "resource", "resource": ResourceContents::text("a:b", "c") });
    let media = |kind: &str| json!({ "type": kind, "data": "", "mimeType": "a/b" });
    let link = json!({ "type": "resource_link", "uri": "a:b", "name": "b" });
    for (first, block) in [
        (Revision::V2024_11_05, json!(ContentBlock::text("a"))),
        (Revision::V2024_11_05, media("image")),
        (Revision::V2024_11_05, embedded),
        (Revision::V2025_03_26, media("audio")),
        (Revision::V2025_06_18, link),
    ] {
        let block: ContentBlock = serde_json::from_value(block).unwrap();
        for schema in since(first) {
            schema.check("CallToolResult/properties/content/items", &block);
        }
    }
}

#[test]
fn notifications_are_valid_in_every_revision() {
    let mut cancelled = CancelledParams::new(id("7"));
    cancelled.reason = Some("enough".to_owned());
    let mut progress = ProgressParams::new(id("\"a\""), 1);
    progress.total = Some(2.into());
    progress.message = Some("half".to_owned());
    let message = LoggingMessageParams::new(LogLevel::Warning, "careful");
    for schema in since(Revision::V2024_11_05) {
        schema.check_params("CancelledNotification", &cancelled);
        schema.check_params("ProgressNotification", &progress);
        schema.check_params("LoggingMessageNotification", &message);
        schema.check_params("ResourceUpdatedNotification", &SubscribeParams::new("file:///a"));
    }
}

#[test]
fn a_question_is_valid_since_questions_exist() {
    let form = ElicitSchema::new().with_required("name", StringSchema::new());
    let form = ElicitParams::form("Who?", form);
    let answers = [
        ElicitResult::accept(object(json!({ "name": "me" }))),
        ElicitResult::new(ElicitAction::Decline),
        ElicitResult::new(ElicitAction::Cancel),
    ];
    for schema in since(Revision::V2025_06_18) {
        schema.check_params("ElicitRequest", &form);
        for answer in &answers {
            schema.check("ElicitResult", answer);
        }
    }
    let page = ElicitParams::url("Where?", "https://example.com/");
    for schema in modern() {
        schema.check("ElicitRequestURLParams", &page);
    }
    let mut page = page;
    page.elicitation_id = Some("e1".to_owned());
    for schema in Schema::of(&[Revision::LATEST_LEGACY]) {
        schema.check("ElicitRequestURLParams", &page);
    }
}

/// Holds what our constructors make against the revisions that have it.
#[track_caller]
fn check_built<T: Convert + Serialize + Clone>(first: Revision, definition: &str, value: &T) {
    for schema in since(first) {
        let (value, losses) = revision::to(schema.revision, value.clone());
        assert_eq!(losses.refused(), None, "{} {definition}", schema.revision);
        let mut value = serde_json::to_value(value).unwrap();
        if schema.revision == Revision::MODERN && definition.contains("Request/") {
            value["_meta"] = json!(request_meta());
        }
        schema.check(definition, &value);
    }
}

const ALWAYS: Revision = Revision::V2024_11_05;

#[test]
fn prompts_are_valid_in_every_revision() {
    let arguments = vec![PromptArgument::required("a").with_title("A"), PromptArgument::new("b")];
    let prompt = Prompt::new("n").with_description("d").with_arguments(arguments);
    let list = ListPromptsResult::new(vec![prompt]).with_next_cursor("c");
    check_built(ALWAYS, "ListPromptsResult", &list);
    let get = GetPromptParams::new("n").with_argument("a", "b");
    check_built(ALWAYS, "GetPromptRequest/properties/params", &get);
    let messages = vec![PromptMessage::user("a"), PromptMessage::assistant("b")];
    let result = GetPromptResult::new(messages).with_description("d");
    check_built(ALWAYS, "GetPromptResult", &result);
}

#[test]
fn resources_are_valid_in_every_revision() {
    let resource = Resource::new("a:b", "n").with_mime_type("a/b").with_size(7);
    check_built(ALWAYS, "ListResourcesResult", &ListResourcesResult::new(vec![resource]));
    let template = ResourceTemplate::new("a:{b}", "n").with_title("N");
    let list = ListResourceTemplatesResult::new(vec![template]);
    check_built(ALWAYS, "ListResourceTemplatesResult", &list);
    let read = ReadResourceParams::new("a:b");
    check_built(ALWAYS, "ReadResourceRequest/properties/params", &read);
    let contents = vec![ResourceContents::text("a:b", "t"), ResourceContents::blob("a:c", b"t")];
    let result = ReadResourceResult::new(contents).with_cache(5, CacheScope::Public);
    check_built(ALWAYS, "ReadResourceResult", &result);
}

#[test]
fn completion_is_valid_in_every_revision() {
    let argument = CompleteArgument::new("a", "b");
    let prompt = CompleteParams::new(CompletionReference::prompt("n"), argument.clone())
        .with_context(CompleteContext::new([("c".to_owned(), "d".to_owned())].into()));
    let resource = CompleteParams::new(CompletionReference::resource("a:{b}"), argument);
    for params in [prompt, resource] {
        check_built(ALWAYS, "CompleteRequest/properties/params", &params);
    }
    let values = (0..101).map(|it| it.to_string()).collect();
    check_built(ALWAYS, "CompleteResult", &CompleteResult::new(Completion::new(values)));
}

#[test]
fn sampling_is_valid_in_every_revision() {
    let messages = vec![SamplingMessage::user("a"), SamplingMessage::assistant("b")];
    let hints = vec![ModelHint::new("m")];
    let preferences = ModelPreferences::new().with_hints(hints).with_speed_priority(0.5);
    let params = CreateMessageParams::new(messages, 7)
        .with_model_preferences(preferences)
        .with_temperature(0.5);
    check_built(ALWAYS, "CreateMessageRequest/properties/params", &params);
    let image = SamplingContent::image(b"a", "image/png");
    let result = CreateMessageResult::new("m", image).with_stop_reason(StopReason::EndTurn);
    check_built(ALWAYS, "CreateMessageResult", &result);
}

#[test]
fn sampling_with_tools_is_valid_since_it_exists() {
    let call = ToolUseContent::new("i", "echo", JsonObject::new());
    let answer = ToolResultContent::new("i", vec![ContentBlock::text("a")]);
    let messages = vec![
        SamplingMessage::new(Role::Assistant, OneOrMany::Many(vec![call.into()])),
        SamplingMessage::new(Role::User, SamplingContent::from(answer)),
    ];
    let params = CreateMessageParams::new(messages, 7)
        .with_tools([tool()])
        .with_tool_choice(ToolChoice::new(ToolChoiceMode::Required));
    check_built(Revision::V2025_11_25, "CreateMessageRequest/properties/params", &params);
}

#[test]
fn roots_are_valid_in_every_revision() {
    let roots = ListRootsResult::new(vec![Root::new("file:///a").with_name("a")]);
    check_built(ALWAYS, "ListRootsResult", &roots);
}

#[test]
fn forms_are_valid_since_they_exist() {
    let options = vec![SelectOption::new("r", "Red")];
    let form = ElicitSchema::new()
        .with_required("a", StringSchema::new().with_format(StringFormat::Date))
        .with_optional("b", NumberSchema::integer().with_minimum(1))
        .with_optional("c", BooleanSchema::new().with_default(true))
        .with_optional("d", SingleSelectSchema::titled(options.clone()))
        .with_optional("e", SingleSelectSchema::legacy_titled(options.clone()))
        .with_optional("f", SingleSelectSchema::untitled(["r"]));
    let params = ElicitParams::form("m", form.clone());
    check_built(Revision::V2025_06_18, "ElicitRequest/properties/params", &params);
    let form = form.with_optional("g", MultiSelectSchema::titled(options).with_max_items(1));
    let params =
        ElicitParams::form("m", form.with_optional("h", MultiSelectSchema::untitled(["r"])));
    check_built(Revision::V2025_11_25, "ElicitRequest/properties/params", &params);
    for schema in Schema::of(&[Revision::LATEST_LEGACY]) {
        schema
            .check_params("ElicitationCompleteNotification", &ElicitationCompleteParams::new("e"));
    }
}

#[test]
fn rounds_and_subscriptions_are_valid_in_the_modern_revision() {
    let form = ElicitParams::form("m", ElicitSchema::new());
    let requests = [("a".to_owned(), form.into()), ("b".to_owned(), Question::roots().into())];
    let asked = InputRequiredResult::new(requests.into()).with_request_state("s");
    let mut call = CallToolParams::new("echo");
    call.input_responses = Some(InputResponses::new().with("b", ListRootsResult::new(Vec::new())));
    call.request_state = Some("s".to_owned());
    call.meta = request_meta();
    let filter = SubscriptionFilter::new().with_tools_list_changed(true);
    let mut listen = SubscriptionsListenParams::new(filter.clone());
    listen.meta = request_meta();
    let acknowledged = SubscriptionsAcknowledgedParams::new(&id("7"), filter);
    for schema in modern() {
        schema.check("InputRequiredResult", &asked);
        schema.check("InputRequiredResult", &InputRequiredResult::again("s"));
        schema.check_params("CallToolRequest", &call);
        schema.check_params("SubscriptionsListenRequest", &listen);
        schema.check_params("SubscriptionsAcknowledgedNotification", &acknowledged);
        let ended = SubscriptionsListenResult::new(&id("\"a\""));
        schema.check("SubscriptionsListenResult", &ended);
    }
}

#[test]
fn tasks_are_valid_in_the_revision_that_has_them() {
    let task = LegacyTask::new("t", "2025-11-25T10:30:00Z");
    let mut call = CallToolParams::new("echo");
    call.task = Some(TaskMetadata::new().with_ttl(5));
    for schema in Schema::of(&[Revision::V2025_11_25]) {
        schema.check("Task", &task);
        schema.check("CreateTaskResult", &LegacyCreateTaskResult::new(task.clone()));
        schema.check("GetTaskResult", &LegacyTaskState::new(task.clone()));
        schema.check("ListTasksResult", &LegacyListTasksResult::new(vec![task.clone()]));
        schema.check_params("GetTaskRequest", &TaskParams::new("t"));
        schema.check_params("CallToolRequest", &call);
    }
}

#[test]
fn definitions_of_programs_and_tools_are_valid_in_every_revision() {
    let icon = Icon::new("https://a.example/i").with_theme(IconTheme::Dark);
    let program = us().with_title("Eyot").with_website_url("https://a.example/").with_icons([icon]);
    check_built(ALWAYS, "Implementation", &program);
    let annotations = ToolAnnotations::new().with_read_only_hint(true);
    let execution = ToolExecution::new(TaskSupport::Optional);
    check_built(ALWAYS, "Tool", &tool().with_annotations(annotations).with_execution(execution));
    let embedded = ContentBlock::resource(ResourceContents::blob("a:b", b"t"));
    let annotations = Annotations::new().with_audience([Role::User]).with_priority(1.0);
    let content = vec![
        ContentBlock::audio(b"a", "audio/wav"),
        ContentBlock::resource_link("a:b", "n"),
        embedded.with_annotations(annotations),
    ];
    check_built(ALWAYS, "CallToolResult", &CallToolResult::new(content));
    check_built(ALWAYS, "CallToolResult", &CallToolResult::structured(json!([1])));
}

fn response(error: &ErrorObject) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "error": error })
}

#[test]
fn prescribed_errors_are_valid_in_their_revision() {
    let missing = ClientCapabilities::default().with(ClientCapability::Elicitation);
    for schema in modern() {
        for (definition, error) in [
            ("UnsupportedProtocolVersionError", codes::era_mismatch("2025-11-25", Era::Modern)),
            ("UnsupportedProtocolVersionError", codes::unsupported_version("x", Revision::LEGACY)),
            ("HeaderMismatchError", codes::header_mismatch("Mcp-Name", "is missing")),
            ("MissingRequiredClientCapabilityError", codes::missing_capability(&missing)),
        ] {
            schema.check(definition, &response(&error));
        }
        for (definition, error) in [
            ("MethodNotFoundError", codes::method_not_found("x")),
            ("InvalidParamsError", codes::invalid_params("x")),
            ("InternalError", codes::upstream_lost("closed", Outcome::Unknown, false)),
        ] {
            schema.check(definition, &error);
        }
    }
    let page = ElicitParams::url("m", "https://a.example/");
    let mut page = page;
    page.elicitation_id = Some("e".to_owned());
    for schema in Schema::of(&[Revision::V2025_11_25]) {
        let error = response(&codes::url_elicitation_required(std::slice::from_ref(&page)));
        schema.check("URLElicitationRequiredError", &error);
    }
}

/// The methods that the definitions of a schema name.
fn methods(schema: &Schema) -> BTreeSet<String> {
    let definitions = schema.root[schema.definitions].as_object().unwrap();
    let named = |definition: &Value| {
        definition["properties"]["method"]["const"].as_str().map(str::to_owned)
    };
    definitions.values().filter_map(named).collect()
}

#[test]
fn each_revision_has_the_methods_of_its_schema() {
    for schema in since(Revision::V2024_11_05) {
        let known = Method::KNOWN.iter().filter(|method| method.is_in(schema.revision));
        let known: BTreeSet<_> = known.map(|method| method.as_str().to_owned()).collect();
        assert_eq!(known, methods(&schema), "{}", schema.revision);
    }
}

/// The methods that the definition `union`, for example `ClientRequest`, names.
fn union_methods(schema: &Schema, union: &str) -> BTreeSet<String> {
    let definitions = &schema.root[schema.definitions];
    let union = &definitions[union];
    let members = union["anyOf"].as_array().cloned().unwrap_or_else(|| vec![union.clone()]);
    let method = |member: &Value| {
        let name = member["$ref"].as_str()?.rsplit('/').next()?;
        definitions[name]["properties"]["method"]["const"].as_str().map(str::to_owned)
    };
    members.iter().filter_map(method).collect()
}

#[test]
fn each_method_is_sent_by_whom_the_schemas_say() {
    let (mut client, mut server) = (BTreeSet::new(), BTreeSet::new());
    for schema in since(Revision::V2024_11_05) {
        for kind in ["Request", "Notification"] {
            client.extend(union_methods(&schema, &format!("Client{kind}")));
            server.extend(union_methods(&schema, &format!("Server{kind}")));
        }
    }
    // Their unions leave out the questions that a modern result carries.
    for name in client.union(&server) {
        let expected = match (client.contains(name), server.contains(name)) {
            (true, true) => Sender::Both,
            (true, false) => Sender::Client,
            _ => Sender::Server,
        };
        assert_eq!(Method::parse(name).sender(), expected, "{name}");
    }
}
