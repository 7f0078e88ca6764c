//! Questions in the middle of a call, in both eras.

use std::time::Duration;

use eyot_service::Limits;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::peer::Peer;
use crate::{
    CallContext, Elicited, HandlerResult, InputRequired, NoArguments, Server, ServerBuilder, tool,
};

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

fn greeter() -> ServerBuilder {
    let greet = tool("greet", |_: NoArguments, call: CallContext| async move {
        let said = match call.elicit::<Name>("Who are you?").await? {
            Elicited::Accepted(Name { name }) => format!("Hello, {name}!"),
            Elicited::Declined => "As you like.".to_owned(),
            Elicited::Cancelled => "Gone?".to_owned(),
        };
        HandlerResult::Ok(said)
    });
    Server::builder("greeter", "1").tool(greet)
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_legacy_client_is_asked_with_a_request_of_its_own() {
    let server = greeter().build().unwrap();
    let mut peer = Peer::legacy(&server, json!({ "elicitation": {} })).await;
    peer.start(5, "tools/call", json!({ "name": "greet" })).await;
    let question = peer.next().await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    assert_eq!(question["params"]["message"], "Who are you?");
    let form = &question["params"]["requestedSchema"];
    assert_eq!(form["properties"]["name"], json!({ "type": "string" }), "{form}");
    let result = json!({ "action": "accept", "content": { "name": "Ada" } });
    peer.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": result })).await;
    assert_eq!(text(&peer.next().await), "Hello, Ada!");
}

#[tokio::test]
async fn a_modern_client_is_asked_in_the_answer_and_goes_on_in_the_next_round() {
    let server = greeter().build().unwrap();
    let mut peer = Peer::modern(&server, json!({ "elicitation": {} }));
    let asked = peer.ask("tools/call", json!({ "name": "greet" })).await;
    let result = &asked["result"];
    assert_eq!(result["resultType"], "input_required", "{asked}");
    let (key, question) = result["inputRequests"].as_object().unwrap().iter().next().unwrap();
    assert_eq!(question["method"], "elicitation/create");
    assert_eq!(server.parts().parked.len(), 1);
    let round = json!({
        "name": "greet",
        "inputResponses": { key: { "action": "accept", "content": { "name": "Ada" } } },
        "requestState": result["requestState"],
    });
    let answer = peer.ask("tools/call", round).await;
    assert_eq!(text(&answer), "Hello, Ada!", "{answer}");
    assert_eq!(server.parts().parked.len(), 0);
}

#[tokio::test]
async fn a_round_that_does_not_bring_the_answer_is_asked_again() {
    let server = greeter().build().unwrap();
    let mut peer = Peer::modern(&server, json!({ "elicitation": {} }));
    let asked = peer.ask("tools/call", json!({ "name": "greet" })).await;
    let round = json!({
        "name": "greet",
        "inputResponses": { "other": { "action": "cancel" } },
        "requestState": asked["result"]["requestState"],
    });
    let again = peer.ask("tools/call", round).await;
    assert_eq!(again["result"]["inputRequests"], asked["result"]["inputRequests"], "{again}");
    assert_ne!(again["result"]["requestState"], asked["result"]["requestState"]);
}

#[tokio::test]
async fn a_state_is_good_for_its_own_call_only() {
    let server = greeter().build().unwrap();
    let mut peer = Peer::modern(&server, json!({ "elicitation": {} }));
    let asked = peer.ask("tools/call", json!({ "name": "greet" })).await;
    let state = asked["result"]["requestState"].as_str().unwrap().to_owned();
    let tampered = format!("{}A", &state[..state.len() - 1]);
    for (arguments, state) in
        [(json!({ "x": 1 }), state.as_str()), (json!({}), tampered.as_str()), (json!({}), "p1.x")]
    {
        let round = json!({ "name": "greet", "arguments": arguments, "requestState": state });
        let answer = peer.ask("tools/call", round).await;
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
    }
    assert_eq!(server.parts().parked.len(), 1);
}

#[tokio::test]
async fn a_client_that_cannot_be_asked_is_not_asked() {
    let server = greeter().build().unwrap();
    let mut legacy = Peer::legacy(&server, json!({})).await;
    let answer = legacy.request("tools/call", json!({ "name": "greet" })).await;
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    let mut modern = Peer::modern(&server, json!({}));
    let answer = modern.ask("tools/call", json!({ "name": "greet" })).await;
    assert_eq!(answer["error"]["code"], -32021, "{answer}");
    assert_eq!(
        answer["error"]["data"]["requiredCapabilities"],
        json!({ "elicitation": { "form": {} } })
    );
}

#[tokio::test]
async fn questions_that_are_asked_together_come_in_one_round() {
    let both = tool("both", |_: NoArguments, call: CallContext| async move {
        let (name, roots) = tokio::join!(call.elicit::<Name>("Who?"), call.list_roots());
        let (name, roots) = (name?, roots?);
        let Elicited::Accepted(Name { name }) = name else {
            return HandlerResult::Ok(String::new());
        };
        Ok(format!("{name} in {}", roots.roots[0].uri))
    });
    let server = Server::builder("s", "1").tool(both).build().unwrap();
    let mut peer = Peer::modern(&server, json!({ "elicitation": {}, "roots": {} }));
    let asked = peer.ask("tools/call", json!({ "name": "both" })).await;
    let requests = asked["result"]["inputRequests"].as_object().unwrap();
    assert_eq!(requests.len(), 2, "{asked}");
    let answer = |method: &Value| match method.as_str() {
        Some("roots/list") => json!({ "roots": [{ "uri": "file:///home" }] }),
        _ => json!({ "action": "accept", "content": { "name": "Ada" } }),
    };
    let responses: Value = requests
        .iter()
        .map(|(key, it)| (key.clone(), answer(&it["method"])))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let round = json!({
        "name": "both", "inputResponses": responses, "requestState": asked["result"]["requestState"],
    });
    assert_eq!(text(&peer.ask("tools/call", round).await), "Ada in file:///home");
}

#[tokio::test(start_paused = true)]
async fn a_parked_call_is_dropped_when_its_client_does_not_come_back() {
    let server = greeter().round_timeout(Duration::from_secs(60)).build().unwrap();
    let mut peer = Peer::modern(&server, json!({ "elicitation": {} }));
    peer.ask("tools/call", json!({ "name": "greet" })).await;
    assert_eq!(server.parts().parked.len(), 1);
    tokio::time::sleep(Duration::from_secs(70)).await;
    assert_eq!(server.parts().parked.len(), 0);
}

#[tokio::test]
async fn as_many_calls_are_parked_as_may_be_and_no_more() {
    let server = greeter().parked_max(2).principal_parts(1).build().unwrap();
    let mut peer = Peer::modern(&server, json!({ "elicitation": {} }));
    for _ in 0..2 {
        let answer = peer.ask("tools/call", json!({ "name": "greet" })).await;
        assert_eq!(answer["result"]["resultType"], "input_required");
    }
    let answer = peer.ask("tools/call", json!({ "name": "greet" })).await;
    assert_eq!(answer["error"]["code"], 1503, "{answer}");
}

#[tokio::test]
async fn limits_bound_the_parked_calls_of_a_server_and_its_setters_write_into_them() {
    let mut limits = Limits::default();
    limits.memory.parked_calls_max = 1;
    limits.principal_parts = 1;
    for (server, parked_max) in [
        (greeter().limits(limits), 1),
        (greeter().limits(limits).parked_max(2), 2),
        (greeter().parked_max(2).principal_parts(2).limits(limits), 1),
    ] {
        let server = server.build().unwrap();
        let mut peer = Peer::modern(&server, json!({ "elicitation": {} }));
        for _ in 0..=parked_max {
            peer.ask("tools/call", json!({ "name": "greet" })).await;
        }
        assert_eq!(server.parts().parked.len(), parked_max);
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_withdrawn_is_cancelled_at_the_client() {
    let hasty = tool("hasty", |_: NoArguments, call: CallContext| async move {
        let asking = call.elicit::<Name>("Quick?");
        match tokio::time::timeout(Duration::from_secs(1), asking).await {
            Ok(_) => "answered",
            Err(_) => "too late",
        }
    });
    let server = Server::builder("s", "1").tool(hasty).build().unwrap();
    let mut peer = Peer::legacy(&server, json!({ "elicitation": {} })).await;
    peer.start(1, "tools/call", json!({ "name": "hasty" })).await;
    let question = peer.next().await;
    let withdrawn = peer.next().await;
    assert_eq!(withdrawn["method"], "notifications/cancelled", "{withdrawn}");
    assert_eq!(withdrawn["params"]["requestId"], question["id"]);
    assert_eq!(text(&peer.next().await), "too late");
}

#[tokio::test]
async fn a_question_is_withdrawn_with_its_call() {
    let server = greeter().build().unwrap();
    let mut peer = Peer::legacy(&server, json!({ "elicitation": {} })).await;
    for id in [1, 2] {
        peer.start(id, "tools/call", json!({ "name": "greet" })).await;
        let question = peer.next().await;
        assert_eq!(question["method"], "elicitation/create", "{question}");
        peer.notify("notifications/cancelled", json!({ "requestId": id })).await;
        let withdrawn = peer.next().await;
        assert_eq!(withdrawn["method"], "notifications/cancelled", "{withdrawn}");
        assert_eq!(withdrawn["params"]["requestId"], question["id"]);
        // Its user may have answered meanwhile.
        let result = json!({ "action": "cancel" });
        peer.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": result })).await;
    }
    assert_eq!(peer.hang_up().await, Vec::<Value>::new(), "nothing is said twice");
}

#[tokio::test]
async fn a_cancelled_call_does_not_end_another_that_has_its_id_now() {
    let server = greeter().build().unwrap();
    let mut peer = Peer::legacy(&server, json!({ "elicitation": {} })).await;
    peer.start(1, "tools/call", json!({ "name": "greet" })).await;
    let first = peer.next().await;
    peer.notify("notifications/cancelled", json!({ "requestId": 1 })).await;
    peer.start(1, "tools/call", json!({ "name": "greet" })).await;
    let (mut withdrawn, mut second) = (peer.next().await, peer.next().await);
    if second["method"] == "notifications/cancelled" {
        std::mem::swap(&mut withdrawn, &mut second);
    }
    assert_eq!(withdrawn["params"]["requestId"], first["id"], "{withdrawn}");
    let result = json!({ "action": "accept", "content": { "name": "Ada" } });
    for question in [first, second] {
        peer.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": result })).await;
    }
    let answer = peer.next().await;
    assert_eq!((&answer["id"], text(&answer)), (&json!(1), "Hello, Ada!"));
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only the form matters")]
struct Address {
    street: String,
    city: Option<String>,
    country: String,
    box_number: Option<u32>,
}

/// Asks with the same form in the middle of the call, or by returning.
fn post_office() -> Server {
    let middle = |_: NoArguments, call: CallContext| async move {
        call.elicit::<Address>("Where to?").await.map(|_| "sent")
    };
    let end = |_: NoArguments, _: CallContext| async {
        InputRequired::new().elicit::<Address>("address", "Where to?")
    };
    Server::builder("post", "1")
        .tool(tool("middle", middle))
        .tool(tool("end", end))
        .build()
        .unwrap()
}

#[track_caller]
fn check_order(line: &str) {
    let names = ["street", "city", "country", "box_number"];
    let places = names.map(|it| line.find(&format!("\"{it}\":{{")).expect(line));
    assert!(places.is_sorted(), "{line}");
}

#[tokio::test]
async fn a_form_shows_its_questions_in_the_order_of_the_fields() {
    let server = post_office();
    for name in ["middle", "end"] {
        let mut peer = Peer::legacy(&server, json!({ "elicitation": {} })).await;
        peer.start(1, "tools/call", json!({ "name": name })).await;
        check_order(&peer.next_line().await);
        let mut peer = Peer::modern(&server, json!({ "elicitation": {} }));
        let params = peer.with_meta(json!({ "name": name }));
        peer.start(1, "tools/call", params).await;
        check_order(&peer.next_line().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_has_its_whole_time_again_after_an_answer() {
    let slow = tool("slow", |_: NoArguments, call: CallContext| async move {
        call.elicit::<Name>("Who?").await?;
        tokio::time::sleep(Duration::from_secs(9)).await;
        HandlerResult::Ok("done")
    });
    let server = Server::builder("s", "1").tool(slow.timeout(Duration::from_secs(10))).build();
    let mut peer = Peer::modern(&server.unwrap(), json!({ "elicitation": {} }));
    let asked = peer.ask("tools/call", json!({ "name": "slow" })).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let round = json!({
        "name": "slow",
        "inputResponses": { "q0": { "action": "accept", "content": { "name": "Ada" } } },
        "requestState": asked["result"]["requestState"],
    });
    let answer = peer.ask("tools/call", round).await;
    assert_eq!(text(&answer), "done", "{answer}");
}
