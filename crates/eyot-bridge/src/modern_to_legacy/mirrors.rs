//! Arguments that are repeated in headers: a legacy server cannot hold them against each other.

use std::collections::HashMap;
use std::sync::Arc;

use eyot_jsonrpc::{ErrorObject, Response};
use eyot_types::{CallToolParams, JsonObject, MirroredArguments};
use http::HeaderMap;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::ask::Ask;

/// What the tools that were listed mirror.
#[derive(Debug, Default)]
pub struct Mirrors(Mutex<HashMap<ToolName, MirroredArguments>>);

/// A tool as this principal sees it.
type ToolName = (Option<Arc<str>>, String);

impl Mirrors {
    /// Takes a list of tools on its way to the client: remembers what they mirror, and leaves out
    /// those whose annotation is invalid, as clients would have to (2026-07-28,
    /// basic/transports/streamable-http, Schema Extension).
    pub fn learn(&self, ask: &Ask, answer: Response) -> Response {
        let Some(text) = answer.result().filter(|it| it.contains("x-mcp-header")) else {
            return answer;
        };
        let Ok(mut result) = serde_json::from_str::<Value>(text) else { return answer };
        if let Some(Value::Array(tools)) = result.get_mut("tools") {
            tools.retain(|tool| self.learn_tool(ask, tool));
        }
        match answer.id() {
            Some(id) => Response::new(id, &result),
            None => answer,
        }
    }

    fn learn_tool(&self, ask: &Ask, tool: &Value) -> bool {
        let name = tool.get("name").and_then(Value::as_str).unwrap_or_default();
        let schema = tool.get("inputSchema").and_then(Value::as_object);
        let empty = JsonObject::new();
        match MirroredArguments::of(schema.unwrap_or(&empty)) {
            Ok(mirrored) => {
                let mut known = self.0.lock();
                let key = (ask.peer.principal_name().cloned(), name.to_owned());
                if known.len() < KNOWN_MAX || known.contains_key(&key) {
                    known.insert(key, mirrored);
                }
                true
            }
            Err(error) => {
                tracing::warn!(name, %error, "tool is left out");
                false
            }
        }
    }

    /// Whether no tool is known, as long as none mirrors anything.
    pub fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }

    /// Whether the tool must be looked up before its headers can be held against its arguments.
    pub fn is_unknown(&self, ask: &Ask) -> bool {
        let name = ask.message.name().unwrap_or_default().into_owned();
        let has_some = ask.headers.as_ref().is_some_and(mirrors_some);
        has_some && !self.0.lock().contains_key(&(ask.peer.principal_name().cloned(), name))
    }

    /// Holds the headers of a call against its arguments.
    ///
    /// # Errors
    ///
    /// Header and argument differ.
    pub fn check(&self, ask: &Ask) -> Result<(), ErrorObject> {
        let name = ask.message.name().unwrap_or_default().into_owned();
        let known = self.0.lock().get(&(ask.peer.principal_name().cloned(), name)).cloned();
        let Some(mirrored) = known.filter(|it| !it.is_empty()) else { return Ok(()) };
        let params: CallToolParams = ask
            .message
            .decode_params()
            .map_err(|error| eyot_types::codes::invalid_params(&error.to_string()))?;
        let arguments = params.arguments.unwrap_or_default();
        let headers = ask.headers.as_ref();
        mirrored.check(&arguments, |name| headers?.get(name).map(|it| it.as_bytes()))
    }

    /// The parameters of the request that lists all tools.
    pub fn list_params() -> Value {
        json!({})
    }
}

/// Whether a client mirrored any argument.
pub fn mirrors_some(headers: &HeaderMap) -> bool {
    headers.keys().any(|it| it.as_str().starts_with(eyot_types::headers::PARAM_PREFIX))
}

/// Tools that are remembered.
const KNOWN_MAX: usize = 8_192;
