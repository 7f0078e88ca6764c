//! What we write is valid in the revision that we write it for, and the tables of this crate say
//! what the schemas say.

use std::collections::BTreeSet;
use std::path::Path;

use eyot_jsonrpc::{ErrorObject, Id};
use serde::Serialize;
use serde_json::{Value, json};

use super::{schema, schema_folder};
use crate::codes::{self, Outcome};
use crate::{
    CallToolParams, CallToolResult, CancelledParams, ClientCapabilities, ClientCapability,
    ContentBlock, DiscoverResult, ElicitAction, ElicitParams, ElicitResult, ElicitSchema, Era,
    Implementation, InitializeParams, InitializeResult, JsonObject, ListToolsResult, LogLevel,
    LoggingMessageParams, Method, PaginatedParams, ProgressParams, ResourceContents, Revision,
    Sender, ServerCapabilities, SetLevelParams, StringSchema, SubscribeParams, Tool, meta,
};

/// One revision's schema.
struct Schema {
    revision: Revision,
    root: Value,
    definitions: &'static str,
}

impl Schema {
    /// The schemas of the given revisions; none where the data is absent.
    fn of(revisions: &[Revision]) -> Vec<Self> {
        let Some(folder) = schema_folder() else { return Vec::new() };
        revisions.iter().map(|&revision| Self::read(&folder, revision)).collect()
    }

    fn read(folder: &Path, revision: Revision) -> Self {
        let (root, definitions) = schema(folder, revision);
        Self { revision, root, definitions }
    }

    /// Holds `value` against the definition at `path`, for example `CallToolRequest/properties/params`.
    #[track_caller]
    fn check(&self, path: &str, value: &impl Serialize) {
        let value = serde_json::to_value(value).unwrap();
        let schema = json!({
            "$schema": self.root["$schema"],
            "$ref": format!("#/{}/{path}", self.definitions),
            self.definitions: self.root[self.definitions],
        });
        let validator = jsonschema::validator_for(&schema).unwrap();
        let errors: Vec<_> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{} {path} {value}: {errors:?}", self.revision);
    }

    /// Holds the parameters of a request or notification against its definition.
    #[track_caller]
    fn check_params(&self, message: &str, params: &impl Serialize) {
        self.check(&format!("{message}/properties/params"), params);
    }
}

fn modern() -> Vec<Schema> {
    Schema::of(&[Revision::MODERN])
}

fn legacy() -> Vec<Schema> {
    Schema::of(Revision::LEGACY)
}

fn since(first: Revision) -> Vec<Schema> {
    let revisions: Vec<_> =
        Revision::SUPPORTED.iter().copied().filter(|&revision| revision >= first).collect();
    Schema::of(&revisions)
}

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
    let page = PaginatedParams { meta: request_meta(), ..PaginatedParams::default() };
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
    let page = ElicitParams { elicitation_id: Some("e1".to_owned()), ..page };
    for schema in Schema::of(&[Revision::LATEST_LEGACY]) {
        schema.check("ElicitRequestURLParams", &page);
    }
}

fn response(error: &ErrorObject) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "error": error })
}

#[test]
fn prescribed_errors_are_valid_in_the_modern_revision() {
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
