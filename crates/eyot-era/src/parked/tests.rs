//! The life of a parked call, step by step and in every order.

mod held;
mod life;
mod orders;
mod records;
mod table;
mod world;

use eyot_jsonrpc::{Id, Message, Request, Response, ScanLimits};
use eyot_types::{JsonObject, Revision};
use serde_json::{Value, json};

use super::ParkedConfig;

const CONFIG: ParkedConfig = ParkedConfig {
    revision: Revision::LATEST_LEGACY,
    question_timeout: std::time::Duration::from_secs(600),
    questions_max: 32,
};

/// What a server asks, whose ids are numbers.
fn question(id: u64) -> Request {
    request("elicitation/create", id, &form(id))
}

/// A question of a server that looks for a sign that it is alive.
fn patient_question(id: u64) -> Request {
    let mut params = form(id);
    params["_meta"] = json!({ "progressToken": id });
    request("elicitation/create", id, &params)
}

fn form(id: u64) -> Value {
    json!({ "message": format!("q{id}"),
        "requestedSchema": { "type": "object", "properties": { "a": { "type": "string" } } } })
}

fn request(method: &str, id: u64, params: &Value) -> Request {
    let text = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    Message::parse(text.to_string().into(), &ScanLimits::default()).unwrap().into_request().unwrap()
}

fn answer(text: &str) -> Response {
    Response::new(Id::from_number(1), &text)
}

fn json_of(message: &Message) -> Value {
    serde_json::from_slice(&message.to_bytes()).unwrap()
}

/// Answers under these keys, all of this text.
fn answers<'a>(keys: impl IntoIterator<Item = &'a str>, text: &str) -> JsonObject {
    let answer = json!({ "action": "accept", "content": { "a": text } });
    keys.into_iter().map(|key| (key.to_owned(), answer.clone())).collect()
}
