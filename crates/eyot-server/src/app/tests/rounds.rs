//! Handlers that ask by returning: they run anew in each round, in both eras.

use eyot_types::{ElicitParams, ElicitResult, ElicitSchema, StringSchema};
use serde_json::{Value, json};

use super::peer::Peer;
use crate::{CallContext, InputRequired, NoArguments, Server, ToolReply, tool};
use crate::{IntoToolResult as _, ServerBuilder};

fn form(message: &str, field: &str) -> ElicitParams {
    let schema = ElicitSchema::new().with_required(field, StringSchema::new());
    ElicitParams::form(message, schema)
}

fn field(call: &CallContext, key: &str) -> Option<String> {
    let answer: ElicitResult = call.inputs().get(key)?;
    Some(answer.content?.get(key)?.as_str()?.to_owned())
}

/// Asks for a name, then for a colour, and keeps the name in its state.
fn painter() -> ServerBuilder {
    let paint = tool("paint", |_: NoArguments, call: CallContext| async move {
        let name = call.inputs().state().map(str::to_owned).or_else(|| field(&call, "name"));
        let Some(name) = name else {
            return ToolReply::InputRequired(
                InputRequired::new().elicit("name", form("Who?", "name")),
            );
        };
        let Some(colour) = field(&call, "colour") else {
            let asked = InputRequired::new().elicit("colour", form("Which?", "colour"));
            return ToolReply::InputRequired(asked.state(name));
        };
        format!("{name} paints {colour}").into_tool_result().unwrap()
    });
    Server::builder("painter", "1").tool(paint)
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_handler_goes_on_with_its_state_and_any_server_with_the_keys_can_do_it() {
    let keys = || eyot_stdx::SealKeys::new(&eyot_stdx::Secret::new([7; 32]), &[]);
    let capabilities = json!({ "elicitation": {} });
    let mut round = json!({ "name": "paint" });
    for (key, value) in [("name", "Ada"), ("colour", "blue")] {
        // Every round meets another server: nothing is kept between them.
        let server = painter().keys(keys()).build().unwrap();
        let mut peer = Peer::modern(&server, capabilities.clone());
        let asked = peer.ask("tools/call", round).await;
        assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
        assert!(asked["result"]["inputRequests"][key].is_object(), "{asked}");
        assert!(!asked["result"]["requestState"].as_str().unwrap().contains("Ada"));
        round = json!({
            "name": "paint",
            "inputResponses": { key: { "action": "accept", "content": { key: value } } },
            "requestState": asked["result"]["requestState"],
        });
    }
    let server = painter().keys(keys()).build().unwrap();
    let answer = Peer::modern(&server, capabilities).ask("tools/call", round).await;
    assert_eq!(text(&answer), "Ada paints blue", "{answer}");
}

#[tokio::test]
async fn the_same_handler_asks_a_legacy_client_with_requests() {
    let server = painter().build().unwrap();
    let mut peer = Peer::legacy(&server, json!({ "elicitation": {} })).await;
    peer.start(1, "tools/call", json!({ "name": "paint" })).await;
    for (key, value) in [("name", "Ada"), ("colour", "blue")] {
        let question = peer.next().await;
        assert_eq!(question["method"], "elicitation/create", "{question}");
        let result = json!({ "action": "accept", "content": { key: value } });
        peer.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": result })).await;
    }
    assert_eq!(text(&peer.next().await), "Ada paints blue");
}

#[tokio::test]
async fn a_state_of_other_keys_is_refused() {
    let capabilities = json!({ "elicitation": {} });
    let (one, other) = (painter().build().unwrap(), painter().build().unwrap());
    let asked = Peer::modern(&one, capabilities.clone())
        .ask("tools/call", json!({ "name": "paint" }))
        .await;
    let round = json!({ "name": "paint", "requestState": asked["result"]["requestState"] });
    let answer = Peer::modern(&other, capabilities).ask("tools/call", round).await;
    assert_eq!(answer["error"]["message"], "Invalid or expired requestState", "{answer}");
}
