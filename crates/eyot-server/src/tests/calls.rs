//! Calls, their arguments, progress, logs, cancellation, panics.

use std::time::Duration;

use eyot_types::LogLevel;
use serde_json::{Value, json};

use super::{Add, calculator, peer::Peer};
use crate::{BuildError, CallContext, HandlerError, NoArguments, Progress, Server, tool};

#[tokio::test]
async fn the_same_tool_serves_clients_of_both_eras() {
    let server = calculator().build().unwrap();
    let call = json!({ "name": "add", "arguments": { "a": 1, "b": 2 } });
    let mut legacy = Peer::legacy(&server, json!({})).await;
    let answer = legacy.request("tools/call", call.clone()).await;
    assert_eq!(answer["result"]["structuredContent"], json!({ "sum": 3 }), "{answer}");
    assert_eq!(answer["result"].get("resultType"), None);
    let mut modern = Peer::modern(&server, json!({}));
    let answer = modern.ask("tools/call", call).await;
    assert_eq!(answer["result"]["structuredContent"], json!({ "sum": 3 }), "{answer}");
    assert_eq!(answer["result"]["resultType"], "complete");
    let identity = &answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"];
    assert_eq!(identity["name"], "calc");
}

#[tokio::test]
async fn a_definition_has_the_schemas_of_its_types() {
    let server = calculator().build().unwrap();
    let mut peer = Peer::modern(&server, json!({}));
    let answer = peer.ask("tools/list", json!({})).await;
    let tool = &answer["result"]["tools"][0];
    assert_eq!(tool["inputSchema"]["properties"]["a"], json!({ "type": "integer" }), "{tool}");
    assert_eq!(tool["inputSchema"]["required"], json!(["a", "b"]));
    assert_eq!(tool["outputSchema"]["properties"]["sum"], json!({ "type": "integer" }));
    assert_eq!(answer["result"]["ttlMs"], 0);
    assert_eq!(answer["result"]["cacheScope"], "private");
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_an_error_that_names_the_place() {
    let server = calculator().build().unwrap();
    let mut peer = Peer::modern(&server, json!({}));
    for (arguments, said) in [
        (json!({ "a": "one", "b": 2 }), "/a"),
        (json!({ "a": 1 }), "\"b\" is a required property"),
        (json!({ "a": 1, "b": 9_223_372_036_854_775_808_u64 }), "b"),
    ] {
        let call = json!({ "name": "add", "arguments": arguments });
        let answer = peer.ask("tools/call", call).await;
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        let text = answer["result"]["content"][0]["text"].as_str().unwrap();
        assert!(text.contains(said), "{text}");
    }
}

#[tokio::test]
async fn an_unknown_tool_is_an_error_of_the_protocol() {
    let server = calculator().build().unwrap();
    let mut peer = Peer::modern(&server, json!({}));
    let answer = peer.ask("tools/call", json!({ "name": "sub" })).await;
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
}

#[tokio::test]
async fn methods_of_the_other_era_do_not_exist() {
    let server = calculator().build().unwrap();
    let mut modern = Peer::modern(&server, json!({}));
    for method in ["ping", "initialize", "logging/setLevel", "resources/subscribe", "no/such"] {
        let answer = modern.ask(method, json!({})).await;
        assert_eq!(answer["error"]["code"], -32601, "{method}: {answer}");
    }
    let mut legacy = Peer::legacy(&server, json!({})).await;
    for method in ["server/discover", "subscriptions/listen", "no/such"] {
        let answer = legacy.request(method, json!({})).await;
        assert_eq!(answer["error"]["code"], -32601, "{method}: {answer}");
    }
}

fn reporter() -> Server {
    let report = tool("report", |_: NoArguments, call: CallContext| async move {
        call.progress(Progress::new(1.0).of(2.0).message("half")).await;
        call.progress(Progress::new(1.0)).await;
        call.log(LogLevel::Debug, "detail").await;
        call.log(LogLevel::Warning, json!({ "careful": true })).await;
        call.progress(Progress::new(2.0).of(2.0)).await;
        "done"
    });
    Server::builder("reporter", "1").tool(report).logging().build().unwrap()
}

#[tokio::test]
async fn progress_and_logs_come_before_the_answer_as_the_client_wants_them() {
    let server = reporter();
    let mut peer = Peer::modern(&server, json!({}));
    let call = json!({ "name": "report", "_meta": {
        "progressToken": "t", "io.modelcontextprotocol/logLevel": "warning",
    }});
    let params = peer.with_meta(call);
    peer.start(7, "tools/call", params).await;
    let progress = peer.next().await;
    assert_eq!(
        progress["params"],
        json!({ "progressToken": "t", "progress": 1.0, "total": 2.0, "message": "half" })
    );
    let log = peer.next().await;
    assert_eq!(log["params"], json!({ "level": "warning", "data": { "careful": true } }));
    assert_eq!(peer.next().await["params"]["progress"], 2.0);
    assert_eq!(peer.next().await["result"]["content"][0]["text"], "done");
}

#[tokio::test]
async fn a_modern_client_that_asks_for_no_logs_gets_none() {
    let server = reporter();
    let mut peer = Peer::modern(&server, json!({}));
    let answer = peer.ask("tools/call", json!({ "name": "report" })).await;
    assert_eq!(answer["result"]["content"][0]["text"], "done");
}

#[tokio::test]
async fn a_legacy_client_sets_its_level_for_the_session() {
    let server = reporter();
    let mut peer = Peer::legacy(&server, json!({})).await;
    let answer = peer.request("logging/setLevel", json!({ "level": "error" })).await;
    assert_eq!(answer["result"], json!({}));
    let answer = peer.request("tools/call", json!({ "name": "report" })).await;
    assert_eq!(answer["result"]["content"][0]["text"], "done");
    let answer = peer.request("logging/setLevel", json!({ "level": "loud" })).await;
    assert_eq!(answer["error"]["code"], -32602);
}

#[tokio::test]
async fn a_panic_ends_its_own_call_and_nothing_else() {
    let fail = tool("fail", |_: NoArguments, _| async move {
        assert!(std::hint::black_box(false), "on purpose");
    });
    let server = calculator().tool(fail).build().unwrap();
    let mut peer = Peer::modern(&server, json!({}));
    let answer = peer.ask("tools/call", json!({ "name": "fail" })).await;
    assert_eq!(answer["error"]["code"], -32603, "{answer}");
    let call = json!({ "name": "add", "arguments": { "a": 1, "b": 2 } });
    assert_eq!(peer.ask("tools/call", call).await["result"]["structuredContent"]["sum"], 3);
}

#[tokio::test]
async fn an_error_of_a_handler_is_a_text_for_the_model() {
    let parse = tool("parse", |_: NoArguments, _| async move {
        let number: i64 = "x".parse()?;
        Ok::<_, HandlerError>(number.to_string())
    });
    let server = Server::builder("s", "1").tool(parse).build().unwrap();
    let mut peer = Peer::modern(&server, json!({}));
    let answer = peer.ask("tools/call", json!({ "name": "parse" })).await;
    assert_eq!(answer["result"]["isError"], true);
    let text = answer["result"]["content"][0]["text"].as_str().unwrap();
    assert_eq!(text, "invalid digit found in string");
}

/// A tool that waits for ever and tells when it is dropped.
fn waiter(dropped: tokio::sync::mpsc::Sender<()>) -> Server {
    struct OnDrop(tokio::sync::mpsc::Sender<()>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.try_send(()).unwrap();
        }
    }
    let wait = tool("wait", move |_: NoArguments, call: CallContext| {
        let dropped = OnDrop(dropped.clone());
        async move {
            call.progress(Progress::new(1.0)).await;
            std::future::pending::<()>().await;
            drop(dropped);
        }
    });
    Server::builder("waiter", "1").tool(wait).build().unwrap()
}

async fn check_cancelled(
    mut peer: Peer,
    params: Value,
    dropped: &mut tokio::sync::mpsc::Receiver<()>,
) {
    peer.start("slow", "tools/call", params).await;
    assert_eq!(peer.next().await["method"], "notifications/progress");
    peer.notify("notifications/cancelled", json!({ "requestId": "slow" })).await;
    dropped.recv().await.unwrap();
    // The cancelled call has no answer.
    assert_eq!(peer.hang_up().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_call_that_is_cancelled_drops_its_handler_in_both_eras() {
    let (sender, mut dropped) = tokio::sync::mpsc::channel(1);
    let server = waiter(sender);
    let params = json!({ "name": "wait", "_meta": { "progressToken": 1 } });
    let legacy = Peer::legacy(&server, json!({})).await;
    check_cancelled(legacy, params.clone(), &mut dropped).await;
    let modern = Peer::modern(&server, json!({}));
    let params = modern.with_meta(params);
    check_cancelled(modern, params, &mut dropped).await;
}

#[tokio::test]
async fn what_was_asked_before_the_end_of_the_input_is_answered() {
    let server = calculator().build().unwrap();
    let mut peer = Peer::modern(&server, json!({}));
    for id in 0..100 {
        let call = json!({ "name": "add", "arguments": { "a": id, "b": 0 } });
        let params = peer.with_meta(call);
        peer.start(id, "tools/call", params).await;
    }
    let mut answers = peer.hang_up().await;
    answers.sort_by_key(|it| it["id"].as_u64());
    assert_eq!(answers.len(), 100);
    for (id, answer) in answers.iter().enumerate() {
        assert_eq!(answer["result"]["structuredContent"]["sum"], id);
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_works_too_long_is_ended() {
    let slow = tool("slow", |_: NoArguments, _| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
    })
    .timeout(Duration::from_secs(5));
    let server = Server::builder("s", "1").tool(slow).build().unwrap();
    let mut peer = Peer::modern(&server, json!({}));
    let answer = peer.ask("tools/call", json!({ "name": "slow" })).await;
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert_eq!(answer["result"]["content"][0]["text"], "the handler took longer than 5s");
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let bad = |name: &str| tool(name, |_: Add, _| async move { "" });
    let error = Server::builder("s", "1")
        .tool(bad("with space"))
        .tool(bad("a"))
        .tool(bad("a"))
        .tool(bad("b").input_schema(json!({ "type": 7 }).as_object().unwrap().clone()))
        .build()
        .unwrap_err();
    let BuildError { problems } = error;
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(problems[0].contains("`with space`"));
    assert_eq!(problems[1], "tool `a` is there twice");
    assert!(problems[2].contains("`object`"));
}
