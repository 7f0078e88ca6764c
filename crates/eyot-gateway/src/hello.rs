//! What a gateway says of itself.
//!
//! It offers what its servers may offer, before it has asked any of them: no server is started for a
//! handshake, and none that is slow holds it up.

use eyot_jsonrpc::{Request, Response};
use eyot_types::{
    DiscoverResult, Implementation, InitializeResult, JsonObject, Revision, ServerCapabilities,
    TASKS_EXTENSION, meta,
};
use serde_json::{Value, json};

/// The answer to `initialize`. `instructions`: how to use the servers, as far as it is known.
pub(crate) fn initialized(request: &Request, instructions: Option<String>) -> Response {
    let params: JsonObject = request.decode_params().unwrap_or_default();
    let requested = params.get("protocolVersion").and_then(Value::as_str).unwrap_or_default();
    let revision = Revision::negotiate(requested);
    let mut capabilities = capabilities();
    // Only what a server offers as a task becomes one.
    let tasks = json!({ "cancel": {}, "requests": { "tools": { "call": {} } } });
    capabilities.0.insert("tasks".to_owned(), tasks);
    let mut result = InitializeResult::new(revision, capabilities, identity());
    result.instructions = instructions;
    request.answer(&result)
}

/// The answer to `server/discover`.
pub(crate) fn discovered(request: &Request, instructions: Option<String>) -> Response {
    let capabilities = capabilities().with_extension(TASKS_EXTENSION, JsonObject::new());
    let mut result = DiscoverResult::new(&[Revision::MODERN], capabilities);
    let mut metadata = JsonObject::new();
    meta::set_server_info(&mut metadata, &identity());
    result.meta = Some(metadata);
    result.instructions = instructions;
    request.answer(&result)
}

fn capabilities() -> ServerCapabilities {
    ServerCapabilities::default()
        .with_flag("tools", "listChanged")
        .with_flag("prompts", "listChanged")
        .with_flag("resources", "listChanged")
        .with_flag("resources", "subscribe")
        .with("completions")
        .with("logging")
}

fn identity() -> Implementation {
    Implementation::new("eyot", env!("CARGO_PKG_VERSION")).with_title("Eyot gateway")
}
