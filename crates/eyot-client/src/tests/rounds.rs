//! Calls of several rounds at a modern server.

use std::sync::Arc;
use std::time::Duration;

use eyot_testkit::LinePeer;
use eyot_types::{CreateMessageResult, ElicitResult, JsonObject, ListRootsResult, Root};
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio::time::Instant;

use super::{builder, legacy, modern};
use crate::{ClientBuilder, ClientError};

fn eliciting() -> ClientBuilder {
    builder().on_elicit(|params| async move {
        let content = json!({ "said": params.message });
        Ok(ElicitResult::accept(content.as_object().cloned().unwrap_or_default()))
    })
}

fn question(message: &str) -> Value {
    let schema = json!({ "type": "object", "properties": {} });
    json!({ "method": "elicitation/create",
        "params": { "message": message, "requestedSchema": schema } })
}

async fn done(peer: &mut LinePeer) -> Value {
    let request = peer.expect("tools/call").await;
    peer.answer(&request, json!({ "resultType": "complete", "content": [] })).await;
    request
}

#[tokio::test(start_paused = true)]
async fn what_a_round_asks_is_answered_in_the_next() {
    let (client, mut peer, _clients) = modern(eliciting(), json!({ "tools": {} })).await;
    let calling = client.call_tool("t", json!({ "a": 1 })).into_future();
    let serving = async {
        let first = peer.expect("tools/call").await;
        // Every escape of the state must come back as it was.
        let raw = format!(
            r#"{{"jsonrpc":"2.0","id":{},"result":{{"resultType":"input_required","requestState":"a\/\u0062\"","inputRequests":{{"who":{}}}}}}}"#,
            first["id"],
            question("name?"),
        );
        peer.write_text(&raw).await;
        let second = done(&mut peer).await;
        assert_ne!(first["id"], second["id"]);
        (first["params"].clone(), second["params"].clone())
    };
    let (answer, (first, second)) = tokio::join!(calling, serving);
    answer.unwrap();
    assert_eq!(second["requestState"], "a/b\"");
    let answers = json!({ "who": { "action": "accept", "content": { "said": "name?" } } });
    assert_eq!(second["inputResponses"], answers);
    assert_eq!((&first["arguments"], &first["name"]), (&second["arguments"], &second["name"]));
}

#[tokio::test(start_paused = true)]
async fn a_state_that_was_not_given_again_is_not_sent_again() {
    let (client, mut peer, _clients) = modern(eliciting(), json!({ "tools": {} })).await;
    let calling = client.call_tool("t", ()).into_future();
    let serving = async {
        let request = peer.expect("tools/call").await;
        let asked = json!({ "resultType": "input_required", "requestState": "s",
            "inputRequests": { "a": question("1") } });
        peer.answer(&request, asked).await;
        let request = peer.expect("tools/call").await;
        assert_eq!(request["params"]["requestState"], "s");
        let asked =
            json!({ "resultType": "input_required", "inputRequests": { "b": question("2") } });
        peer.answer(&request, asked).await;
        let params = done(&mut peer).await["params"].clone();
        assert_eq!(params.get("requestState"), None);
        let keys: Vec<_> = params["inputResponses"].as_object().unwrap().keys().collect();
        assert_eq!(keys, ["b"]);
    };
    let (answer, ()) = tokio::join!(calling, serving);
    answer.unwrap();
}

#[tokio::test(start_paused = true)]
async fn all_questions_of_a_round_are_asked_at_once() {
    let barrier = Arc::new(Barrier::new(2));
    let (one, other) = (Arc::clone(&barrier), barrier);
    let builder = builder()
        .on_sample(move |_| {
            let barrier = Arc::clone(&one);
            async move {
                barrier.wait().await;
                let content = json!({ "type": "text", "text": "Paris" });
                let result = json!({ "role": "assistant", "content": content, "model": "m" });
                Ok(serde_json::from_value::<CreateMessageResult>(result).unwrap())
            }
        })
        .on_roots(move || {
            let barrier = Arc::clone(&other);
            async move {
                barrier.wait().await;
                Ok(ListRootsResult::new(vec![Root::new("file:///a")]))
            }
        });
    let (client, mut peer, _clients) = modern(builder, json!({ "tools": {} })).await;
    let calling = client.call_tool("t", ()).into_future();
    let serving = async {
        let request = peer.expect("tools/call").await;
        let sample = json!({ "method": "sampling/createMessage",
            "params": { "messages": [], "maxTokens": 10 } });
        let asked = json!({ "resultType": "input_required",
            "inputRequests": { "s": sample, "r": { "method": "roots/list" } } });
        peer.answer(&request, asked).await;
        done(&mut peer).await["params"]["inputResponses"].clone()
    };
    let (answer, answers) = tokio::join!(calling, serving);
    answer.unwrap();
    assert_eq!(answers["s"]["content"]["text"], "Paris");
    assert_eq!(answers["r"], json!({ "roots": [{ "uri": "file:///a" }] }));
}

#[tokio::test(start_paused = true)]
async fn rounds_that_ask_nothing_are_paced() {
    let (client, mut peer, _clients) = modern(builder(), json!({ "tools": {} })).await;
    let began = Instant::now();
    let calling = client.call_tool("t", ()).into_future();
    let serving = async {
        let mut waits = Vec::new();
        for state in ["1", "2", "3"] {
            let request = peer.expect("tools/call").await;
            waits.push(began.elapsed());
            let asked = json!({ "resultType": "input_required", "requestState": state });
            peer.answer(&request, asked).await;
        }
        done(&mut peer).await;
        waits.push(began.elapsed());
        waits
    };
    let (answer, waits) = tokio::join!(calling, serving);
    answer.unwrap();
    let whole = waits.iter().map(|it| it.as_millis() / 10 * 10).collect::<Vec<_>>();
    assert_eq!(whole, [0, 250, 750, 1750]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_without_end_is_given_up() {
    let builder = eliciting().rounds_max(3);
    let (client, mut peer, _clients) = modern(builder, json!({ "tools": {} })).await;
    let calling = client.call_tool("t", ()).into_future();
    let serving = async {
        for _ in 0..3 {
            let request = peer.expect("tools/call").await;
            let asked =
                json!({ "resultType": "input_required", "inputRequests": { "a": question("?") } });
            peer.answer(&request, asked).await;
        }
    };
    let (answer, ()) = tokio::join!(calling, serving);
    assert!(matches!(answer, Err(ClientError::TooManyRounds { rounds: 3 })), "{answer:?}");
}

#[track_caller]
fn check_protocol(answer: &Result<impl std::fmt::Debug, ClientError>) {
    assert!(matches!(answer, Err(ClientError::Protocol { .. })), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn a_question_where_none_may_be_is_an_error() {
    let (client, mut peer, _clients) = modern(eliciting(), json!({ "tools": {} })).await;
    let asked = json!({ "resultType": "input_required", "inputRequests": { "a": question("?") } });
    let serving = async {
        let request = peer.expect("tools/list").await;
        peer.answer(&request, asked).await;
        // Nothing is asked, and nothing said.
        let request = peer.expect("tools/call").await;
        peer.answer(&request, json!({ "resultType": "input_required" })).await;
    };
    let calling = async {
        check_protocol(&client.list_tools().await);
        check_protocol(&client.call_tool("t", ()).await);
    };
    tokio::join!(calling, serving);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_nobody_answers_ends_the_call() {
    let (client, mut peer, _clients) = modern(builder(), json!({ "tools": {} })).await;
    let calling = client.call_tool("t", ()).into_future();
    let serving = async {
        let request = peer.expect("tools/call").await;
        let asked =
            json!({ "resultType": "input_required", "inputRequests": { "a": question("?") } });
        peer.answer(&request, asked).await;
    };
    let (answer, ()) = tokio::join!(calling, serving);
    let Err(ClientError::Unanswered { method, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!(method, "elicitation/create");
}

#[tokio::test(start_paused = true)]
async fn people_may_take_longer_than_servers() {
    let builder = builder().timeout(Duration::from_secs(5)).on_elicit(|_| async {
        tokio::time::sleep(Duration::from_secs(60)).await;
        Ok(ElicitResult::accept(JsonObject::new()))
    });
    let (client, mut peer, _clients) = modern(builder, json!({ "tools": {} })).await;
    let calling = client.call_tool("t", ()).into_future();
    let serving = async {
        let request = peer.expect("tools/call").await;
        let asked =
            json!({ "resultType": "input_required", "inputRequests": { "a": question("?") } });
        peer.answer(&request, asked).await;
        loop {
            let message = peer.read().await;
            if message["method"] == "tools/call" {
                peer.answer(&message, json!({ "resultType": "complete", "content": [] })).await;
                return;
            }
            // A heartbeat.
            peer.answer(&message, json!({})).await;
        }
    };
    let (answer, ()) = tokio::join!(calling, serving);
    answer.unwrap();
}

/// Says which questions a form has, in their order.
fn reading() -> ClientBuilder {
    builder().on_elicit(|params| async move {
        let form = params.requested_schema.unwrap_or_default();
        let names: Vec<_> = form.properties.iter().map(|(name, _)| name).collect();
        let content = json!({ "names": names });
        Ok(ElicitResult::accept(content.as_object().cloned().unwrap_or_default()))
    })
}

const FORM: &str = r#"{"message":"m","requestedSchema":{"type":"object","properties":{"street":{"type":"string"},"city":{"type":"string"}}}}"#;

#[tokio::test(start_paused = true)]
async fn the_handler_sees_a_form_in_its_order_in_both_eras() {
    let wanted = json!({ "action": "accept", "content": { "names": ["street", "city"] } });
    let (client, mut peer, _clients) = modern(reading(), json!({ "tools": {} })).await;
    let serving = async {
        let first = peer.expect("tools/call").await;
        let asked = format!(r#"{{"who":{{"method":"elicitation/create","params":{FORM}}}}}"#);
        let result = format!(r#"{{"resultType":"input_required","inputRequests":{asked}}}"#);
        let raw = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, first["id"]);
        peer.write_text(&raw).await;
        done(&mut peer).await
    };
    let (answer, second) = tokio::join!(client.call_tool("t", ()).into_future(), serving);
    answer.unwrap();
    assert_eq!(second["params"]["inputResponses"]["who"], wanted);
    let (_client, mut peer, _clients) = legacy(reading(), json!({})).await;
    let raw =
        format!(r#"{{"jsonrpc":"2.0","id":"q","method":"elicitation/create","params":{FORM}}}"#);
    peer.write_text(&raw).await;
    assert_eq!(peer.read().await["result"], wanted);
}
