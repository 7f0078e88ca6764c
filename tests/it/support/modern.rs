//! Requests of a modern client.

use serde_json::{Value, json};

use super::Ask;

/// A request of 2026-07-28 with its metadata; `params` is an object.
pub(crate) fn modern_request(id: impl Into<Value>, method: &str, mut params: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
    params["_meta"]["io.modelcontextprotocol/clientInfo"] = json!({ "name": "t", "version": "1" });
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
    json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params })
}

/// POST with the headers that mirror the body.
pub(crate) fn modern_ask(request: &Value) -> Ask {
    let method = request["method"].as_str().unwrap_or_default();
    let mut ask = Ask::post(request)
        .header("mcp-protocol-version", "2026-07-28")
        .header("mcp-method", method);
    let name = match method {
        "resources/read" => &request["params"]["uri"],
        "tasks/get" | "tasks/update" | "tasks/cancel" => &request["params"]["taskId"],
        _ => &request["params"]["name"],
    };
    if let Some(name) = name.as_str() {
        ask = ask.header("mcp-name", name);
    }
    ask
}
