//! Messages against the official schemas.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use eyot::types::{Era, Revision};
use eyot_testkit::shared;
use jsonschema::Validator;
use serde_json::{Value, json};

/// Checks a message against its definition; `asked` is the method of the request that it answers.
#[track_caller]
pub(super) fn check(revision: Revision, message: &Value, asked: Option<&str>) {
    let definition = definition(revision, message, asked);
    let result = message.get("result").unwrap_or(message);
    let Some(validator) = validator(revision, definition) else { return };
    let errors: Vec<_> = validator.iter_errors(result).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{revision} {definition} {result}: {errors:?}");
}

fn definition(revision: Revision, message: &Value, asked: Option<&str>) -> &'static str {
    if let Some(error) = message.get("error") {
        return match (revision, error["code"].as_i64()) {
            (Revision::V2026_07_28, Some(-32021)) => "MissingRequiredClientCapabilityError",
            (Revision::V2026_07_28, Some(-32022)) => "UnsupportedProtocolVersionError",
            (Revision::V2026_07_28 | Revision::V2025_11_25, _) => "JSONRPCErrorResponse",
            _ => "JSONRPCError",
        };
    }
    if message["result"]["resultType"] == "input_required" {
        return "InputRequiredResult";
    }
    let method = message["method"].as_str().or(asked).expect("an answer to a request");
    match method {
        "initialize" => "InitializeResult",
        "server/discover" => "DiscoverResult",
        "tools/list" => "ListToolsResult",
        "tools/call" => "CallToolResult",
        "resources/list" => "ListResourcesResult",
        "resources/templates/list" => "ListResourceTemplatesResult",
        "resources/read" => "ReadResourceResult",
        "prompts/list" => "ListPromptsResult",
        "prompts/get" => "GetPromptResult",
        "completion/complete" => "CompleteResult",
        "elicitation/create" => "ElicitRequest",
        "notifications/cancelled" => "CancelledNotification",
        "notifications/progress" => "ProgressNotification",
        "notifications/message" => "LoggingMessageNotification",
        "notifications/resources/updated" => "ResourceUpdatedNotification",
        "notifications/subscriptions/acknowledged" => "SubscriptionsAcknowledgedNotification",
        _ if revision.era() == Era::Legacy => "EmptyResult",
        _ => panic!("no definition for {message}"),
    }
}

type Validators = HashMap<(Revision, &'static str), Option<Arc<Validator>>>;

/// The validator of a definition, built once. `None` if the schemas are absent.
fn validator(revision: Revision, definition: &'static str) -> Option<Arc<Validator>> {
    static BUILT: LazyLock<Mutex<Validators>> = LazyLock::new(Mutex::default);
    let mut built = BUILT.lock().unwrap();
    built.entry((revision, definition)).or_insert_with(|| build(revision, definition)).clone()
}

fn build(revision: Revision, definition: &str) -> Option<Arc<Validator>> {
    let path = shared("schema")?.join(revision.as_str()).join("schema.json");
    let root: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let definitions = if root.get("$defs").is_some() { "$defs" } else { "definitions" };
    let schema = json!({
        "$schema": root["$schema"],
        "$ref": format!("#/{definitions}/{definition}"),
        definitions: root[definitions],
    });
    Some(Arc::new(jsonschema::validator_for(&schema).unwrap()))
}
