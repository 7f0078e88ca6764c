//! What the server has, in the words that a new user sees first.

use eyot::jsonrpc::ErrorObject;
use eyot::types::{Implementation, Method, PaginatedParams, ServerCapabilities, codes};
use serde_json::{Value, json};

use super::call::{Call, Outcome};

/// The one resource.
pub(super) const GREETING_URI: &str = "demo://greeting";

/// How to use the server.
pub(super) const INSTRUCTIONS: &str =
    "A playground. Start with the tool `echo`; `ask_name` asks back, `count` shows progress.";

/// The most that `count` counts to.
pub(super) const COUNT_MAX: u64 = 1_000;

/// The longest pause between two numbers of `count`, in milliseconds.
pub(super) const DELAY_MS_MAX: u64 = 10_000;

const PROMPT: &str = "introduce";
const TOPICS: [&str; 5] = ["eras", "eyots", "rivers", "sessions", "subscriptions"];

/// Who we are.
pub(super) fn server_info() -> Implementation {
    Implementation::new("eyot-demo", env!("CARGO_PKG_VERSION"))
}

/// What we can do.
pub(super) fn capabilities() -> ServerCapabilities {
    ["completions", "logging", "prompts", "tools"]
        .into_iter()
        .fold(ServerCapabilities::default(), ServerCapabilities::with)
        .with_flag("resources", "subscribe")
}

/// How long a modern client may keep a result, in milliseconds; `None`: results of this method
/// say nothing about it. The catalog never changes, the greeting may at any time.
pub(super) const fn ttl_ms(method: Method<'_>) -> Option<u64> {
    match method {
        Method::ServerDiscover
        | Method::ToolsList
        | Method::PromptsList
        | Method::ResourcesList
        | Method::ResourcesTemplatesList => Some(3_600_000),
        Method::ResourcesRead => Some(0),
        _ => None,
    }
}

/// One of the lists: `tools`, `resources`, `resourceTemplates` or `prompts`, on one page.
pub(super) fn list(call: &Call, name: &str) -> Outcome {
    if call.params::<PaginatedParams>()?.cursor.is_some() {
        return Err(codes::invalid_params("unknown cursor: every list has one page"));
    }
    let catalog: Value = serde_json::from_str(include_str!("catalog.json"))
        .map_err(|error| ErrorObject::new(codes::INTERNAL_ERROR, error.to_string()))?;
    Ok(json!({ name: catalog.get(name) }))
}

/// Result of `prompts/get`.
pub(super) fn prompt(call: &Call) -> Outcome {
    let params: Value = call.params()?;
    check_prompt(text_at(&params, "/name")?)?;
    let topic = text_at(&params, "/arguments/topic")?;
    let text = format!("Introduce {topic} to a newcomer, in three friendly sentences.");
    let content = json!({ "type": "text", "text": text });
    Ok(json!({ "messages": [{ "role": "user", "content": content }] }))
}

/// Result of `completion/complete`: the topics that start as the user did.
pub(super) fn completion(call: &Call) -> Outcome {
    let params: Value = call.params()?;
    check_prompt(text_at(&params, "/ref/name")?)?;
    let is_topic = text_at(&params, "/argument/name")? == "topic";
    let start = text_at(&params, "/argument/value")?;
    let fits = |topic: &&str| is_topic && topic.starts_with(start);
    let values: Vec<_> = TOPICS.into_iter().filter(fits).collect();
    Ok(json!({ "completion": { "values": values, "total": values.len(), "hasMore": false } }))
}

fn text_at<'a>(params: &'a Value, path: &str) -> Result<&'a str, ErrorObject> {
    let text = params.pointer(path).and_then(Value::as_str);
    text.ok_or_else(|| codes::invalid_params(&format!("`{path}` is not a text")))
}

fn check_prompt(name: &str) -> Result<(), ErrorObject> {
    if name == PROMPT {
        return Ok(());
    }
    Err(codes::invalid_params(&format!("unknown prompt `{name}`")))
}
