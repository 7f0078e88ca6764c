//! Messages between a modern client and a legacy server when a call asks.

use serde_json::{Value, json};

use super::modern_request;

const META: &str = "io.modelcontextprotocol/";

/// A call of a client that can answer every question.
pub(crate) fn call(id: u64, name: &str) -> Value {
    with_capabilities(modern_request(id, "tools/call", json!({ "name": name, "arguments": {} })))
}

pub(crate) fn with_capabilities(mut request: Value) -> Value {
    request["params"]["_meta"][format!("{META}clientCapabilities")] =
        json!({ "elicitation": { "form": {}, "url": {} }, "sampling": {}, "roots": {} });
    request
}

/// The next round of this call.
pub(crate) fn again(mut request: Value, id: u64, asked: &Value, answers: Value) -> Value {
    request["id"] = json!(id);
    request["params"]["requestState"] = asked["result"]["requestState"].clone();
    request["params"]["inputResponses"] = answers;
    request
}

/// A question of a legacy server.
pub(crate) fn elicit(id: u64, message: &str) -> Value {
    let schema = json!({ "type": "object", "properties": { "name": { "type": "string" } } });
    json!({ "jsonrpc": "2.0", "id": id, "method": "elicitation/create",
        "params": { "message": message, "requestedSchema": schema } })
}

pub(crate) fn accept(name: &str) -> Value {
    json!({ "action": "accept", "content": { "name": name } })
}

/// The only key of the questions, and its message.
#[track_caller]
pub(crate) fn asked(answer: &Value) -> (String, String) {
    assert_eq!(answer["result"]["resultType"], "input_required", "{answer}");
    let requests = answer["result"]["inputRequests"].as_object().expect("it asks something");
    assert_eq!(requests.len(), 1, "{answer}");
    let (key, request) = requests.iter().next().unwrap();
    (key.clone(), request["params"]["message"].as_str().unwrap_or_default().to_owned())
}
