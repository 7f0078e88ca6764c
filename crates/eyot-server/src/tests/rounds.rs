//! Handlers that ask by returning: they run anew in each round, in both eras.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::peer::Peer;
use crate::{
    CallContext, Elicited, HandlerResult, InputRequired, NoArguments, Server, ServerBuilder,
    ToolReply, tool,
};

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

#[derive(Deserialize, JsonSchema)]
struct Colour {
    colour: String,
}

/// Asks for a name, then for a colour, and keeps the name in its state.
async fn paint(_: NoArguments, call: CallContext) -> HandlerResult<ToolReply> {
    let inputs = call.inputs();
    let name = match (inputs.state(), inputs.elicited("name")) {
        (Some(name), _) => name.to_owned(),
        (None, Some(Elicited::Accepted(Name { name }))) => name,
        (None, Some(_)) => return Ok("nobody paints".into()),
        (None, None) => return Ok(InputRequired::new().elicit::<Name>("name", "Who?").into()),
    };
    match inputs.elicited::<Colour>("colour").and_then(Elicited::accepted) {
        Some(Colour { colour }) => Ok(format!("{name} paints {colour}").into()),
        None => {
            let asked = InputRequired::new().elicit::<Colour>("colour", "Which?");
            Ok(asked.state(name).into())
        }
    }
}

fn painter() -> ServerBuilder {
    Server::builder("painter", "1").tool(tool("paint", paint))
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

#[tokio::test]
async fn an_answer_that_does_not_fit_the_form_is_asked_for_again() {
    let server = painter().build().unwrap();
    let mut peer = Peer::modern(&server, json!({ "elicitation": {} }));
    for wrong in [
        json!(7),
        json!({ "action": "accept" }),
        json!({ "action": "accept", "content": { "name": 7 } }),
    ] {
        let round = json!({ "name": "paint", "inputResponses": { "name": wrong } });
        let asked = peer.ask("tools/call", round).await;
        assert!(asked["result"]["inputRequests"]["name"].is_object(), "{asked}");
    }
    let declined = json!({ "name": { "action": "decline" } });
    let round = json!({ "name": "paint", "inputResponses": declined });
    assert_eq!(text(&peer.ask("tools/call", round).await), "nobody paints");
}

#[tokio::test]
async fn a_type_that_is_no_form_fails_the_call_that_asks_with_it() {
    let ask = |_: NoArguments, _: CallContext| async {
        InputRequired::new().elicit::<Vec<String>>("names", "Who?")
    };
    let server = Server::builder("lists", "1").tool(tool("ask", ask)).build().unwrap();
    let mut peer = Peer::modern(&server, json!({ "elicitation": {} }));
    let answer = peer.ask("tools/call", json!({ "name": "ask" })).await;
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert!(text(&answer).starts_with("`names` is no form"), "{answer}");
}
