//! Upstreams that fail: the call learns what happened, and everything else goes on.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Ask, Exchange, Habits, Proxy, Response, Session, Stage, Upstream, call, check_healthy,
    check_healthy_child, initialize, patient_limits, send,
};

/// Makes a call for which the upstream does what `fail` says; returns the answer, after a healthy
/// call.
async fn failed_by<F: Future<Output = ()>>(fail: impl FnOnce(Exchange) -> F) -> Response {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let asking = call(1, "fail", json!({}));
    let failing = async { fail(upstream.expect("tools/call").await).await };
    let (answer, ()) = tokio::join!(session.send(&asking), failing);
    check_healthy(&session, &mut upstream).await;
    answer
}

/// The error says that the call may have run.
#[track_caller]
fn check_unknown(answer: &Response) {
    let message = answer.json();
    assert_eq!(answer.status, 200, "{message}");
    assert_eq!(message["id"], 1);
    assert_eq!(message["error"]["code"], -32603);
    assert_eq!(message["error"]["data"]["outcome"], "unknown", "{message}");
}

fn reason(message: &Value) -> &str {
    message["error"]["data"]["reason"].as_str().expect("the error has a reason")
}

#[tokio::test]
async fn upstream_that_hangs_up_without_an_answer_leaves_the_outcome_unknown() {
    check_unknown(&failed_by(|exchange| async { drop(exchange) }).await);
}

#[tokio::test]
async fn upstream_that_dies_within_its_answer_leaves_the_outcome_unknown() {
    let half =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 999\r\n\r\n{\"json";
    check_unknown(&failed_by(|exchange| exchange.raw(half)).await);
    check_unknown(&failed_by(|exchange| exchange.raw(b"HTTP/1.1 200 OK\r\nconte")).await);
}

#[tokio::test]
async fn upstream_that_speaks_no_http_leaves_the_outcome_unknown() {
    check_unknown(&failed_by(|exchange| exchange.raw(b"SSH-2.0-OpenSSH_9.9\r\n")).await);
}

#[tokio::test]
async fn upstream_that_answers_no_json_leaves_the_outcome_unknown() {
    let headers = "content-type: application/json\r\n";
    for body in ["this is no JSON", "{\"jsonrpc\":\"2.0\",\"id\":1", "[]"] {
        let fail = |exchange: Exchange| exchange.respond(200, headers, body.as_bytes());
        check_unknown(&failed_by(fail).await);
    }
}

#[tokio::test]
async fn upstream_that_answers_another_request_leaves_the_outcome_unknown() {
    let wrong = json!({ "jsonrpc": "2.0", "id": "somebody-else", "result": { "secret": 1 } });
    let answer = failed_by(|exchange| async move { exchange.json(&wrong).await }).await;
    check_unknown(&answer);
    assert!(!answer.text().contains("secret"));
}

#[tokio::test]
async fn upstream_that_answers_with_a_failing_status_leaves_the_outcome_unknown() {
    for status in [500, 502, 503] {
        let answer = failed_by(|exchange| exchange.status(status)).await;
        check_unknown(&answer);
        assert!(reason(&answer.json()).contains(&status.to_string()));
    }
}

#[tokio::test]
async fn upstream_that_redirects_is_not_followed() {
    let location = "location: http://127.0.0.1:1/elsewhere\r\n";
    let answer = failed_by(|exchange| exchange.respond(307, location, b"")).await;
    assert!(reason(&answer.json()).contains("307"), "{}", answer.text());
}

#[tokio::test]
async fn upstream_whose_events_end_before_the_answer_leaves_the_outcome_unknown() {
    let fail = |exchange: Exchange| async {
        let mut events = exchange.events().await;
        events.text(": nothing\n\n").await;
        events.end().await;
    };
    check_unknown(&failed_by(fail).await);
}

#[tokio::test]
async fn upstream_whose_events_are_garbage_is_read_on() {
    let fail = |exchange: Exchange| async {
        let right = exchange.result_message(json!({ "right": true }));
        let mut events = exchange.events().await;
        events.text("data: this is no JSON\n\n").await;
        events.text("data: {\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{}}\n\n").await;
        events.message(&right).await;
        events.end().await;
    };
    let answer = failed_by(fail).await;
    assert_eq!(answer.json()["result"]["right"], true);
}

#[tokio::test]
async fn upstream_that_answers_twice_is_heard_once() {
    let fail = |exchange: Exchange| async {
        let first = exchange.result_message(json!({ "answer": "first" }));
        let second = exchange.result_message(json!({ "answer": "second" }));
        let mut events = exchange.events().await;
        events.text(&format!("data: {first}\n\ndata: {second}\n\n")).await;
        events.end().await;
    };
    let answer = failed_by(fail).await;
    assert_eq!(answer.json()["result"]["answer"], "first");
    assert!(!answer.text().contains("second"));
}

#[tokio::test]
async fn answer_that_is_too_long_fails_its_call_alone() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let mut limits = patient_limits();
    limits.messages.bytes_max = 64 << 10;
    let proxy = Proxy::before_url(&upstream, limits, |_| {}).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let asking = call(1, "huge", json!({}));
    let huge = "x".repeat(65 << 10);
    let answering = async { upstream.next().await.tool_text(&huge).await };
    let (answer, ()) = tokio::join!(session.send(&asking), answering);
    check_unknown(&answer);
    assert!(reason(&answer.json()).contains("65536"));
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn upstream_that_is_not_there_is_told_as_not_sent() {
    let upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let url = upstream.url();
    drop(upstream);
    let answer = session.send(&call(1, "echo", json!({}))).await;
    let message = answer.json();
    assert_eq!(message["error"]["data"]["outcome"], "not_sent", "{url}: {message}");
    let answer = send(proxy.address, &Ask::post(&initialize("2025-11-25"))).await;
    assert_eq!(answer.json()["error"]["data"]["outcome"], "not_sent");
}

#[tokio::test]
async fn http_upstream_that_hangs_fails_the_call_and_is_told_to_cancel_it() {
    let mut upstream = Upstream::with(&Habits::new().with_notes()).await;
    let mut limits = patient_limits();
    limits.calls.timeout = Duration::from_millis(400);
    let proxy = Proxy::before_url(&upstream, limits, |_| {}).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let mut calling = session.start(&call(1, "hang", json!({}))).await;
    let hanging = upstream.expect("tools/call").await;
    let cancelling = upstream.expect("notifications/cancelled").await;
    assert_eq!(cancelling.message()["params"]["requestId"], hanging.id());
    cancelling.accept().await;
    check_unknown(&calling.response().await);
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn http_upstream_that_hangs_within_its_events_is_told_to_cancel() {
    let mut upstream = Upstream::with(&Habits::new().with_notes()).await;
    let mut limits = patient_limits();
    limits.calls.timeout = Duration::from_millis(400);
    let proxy = Proxy::before_url(&upstream, limits, |_| {}).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let mut calling = session.start(&call(1, "hang", json!({}))).await;
    let hanging = upstream.expect("tools/call").await;
    let id = hanging.id();
    let _events = hanging.events().await;
    let cancelling = upstream.expect("notifications/cancelled").await;
    assert_eq!(cancelling.message()["params"]["requestId"], id);
    cancelling.accept().await;
    check_unknown(&calling.response().await);
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn child_that_dies_is_reported_with_its_exit_code_and_without_its_last_words() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let (other, mut others) = stage.session(proxy.address, "2025-11-25").await;
    let mut calling = session.start(&call(1, "die", json!({}))).await;
    puppet.expect("tools/call").await;
    puppet.exit(41, "out of cheese").await;
    let answer = calling.response().await;
    check_unknown(&answer);
    let message = answer.json();
    assert!(reason(&message).contains("exit code 41"), "{message}");
    assert!(!answer.text().contains("out of cheese"), "{message}");
    check_healthy_child(&other, &mut others).await;
}

#[tokio::test]
async fn child_that_died_is_started_again_for_the_next_call() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    puppet.exit(1, "").await;
    while puppet.line().await.is_some() {}
    // The proxy may learn of the death only from the call that it loses.
    let mut calling = session.start(&call(1, "echo", json!({}))).await;
    let again = async {
        let mut puppet = stage.enter().await;
        puppet.handshake().await;
        let request = puppet.expect("tools/call").await;
        puppet.tool_text(&request, "risen").await;
        puppet
    };
    tokio::select! {
        mut puppet = again => {
            assert_eq!(calling.response().await.json()["id"], 1);
            check_healthy_child(&session, &mut puppet).await;
        }
        answer = calling.response() => panic!("{}", answer.text()),
    }
}

#[tokio::test]
async fn child_that_dies_before_its_first_answer_fails_initialize() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let ask = Ask::post(&initialize("2025-11-25"));
    let dying = async {
        let mut puppet = stage.enter().await;
        puppet.expect("initialize").await;
        puppet.exit(2, "no licence").await;
    };
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), dying);
    let message = answer.json();
    assert!(reason(&message).contains("exit code 2"), "{message}");
    assert!(!answer.text().contains("no licence"), "{message}");
    assert_eq!(answer.head.header("mcp-session-id"), None);
}

#[tokio::test]
async fn child_that_cannot_be_started_fails_initialize() {
    let command = eyot::Command {
        program: "/nonexistent/program".to_owned(),
        args: Vec::new(),
        env: Vec::new(),
        cwd: None,
    };
    let proxy = Proxy::before_child(command, patient_limits(), |_| {}).await;
    let answer = send(proxy.address, &Ask::post(&initialize("2025-11-25"))).await;
    assert_eq!(answer.json()["error"]["data"]["outcome"], "not_sent", "{}", answer.text());
}

#[tokio::test]
async fn child_that_hangs_fails_the_call_and_is_told_to_cancel_it() {
    let stage = Stage::open().await;
    let mut limits = patient_limits();
    limits.calls.timeout = Duration::from_millis(400);
    let proxy = Proxy::before_child(stage.command(), limits, |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let mut calling = session.start(&call(1, "hang", json!({}))).await;
    let request = puppet.expect("tools/call").await;
    let cancelling = puppet.expect("notifications/cancelled").await;
    assert_eq!(cancelling["params"]["requestId"], request["id"]);
    check_unknown(&calling.response().await);
    // An answer that comes too late is dropped.
    puppet.tool_text(&request, "too late").await;
    check_healthy_child(&session, &mut puppet).await;
}

#[tokio::test]
async fn message_of_a_call_starts_its_time_anew() {
    let stage = Stage::open().await;
    let mut limits = patient_limits();
    limits.calls.timeout = Duration::from_secs(2);
    let proxy = Proxy::before_child(stage.command(), limits, |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let calling = session.start(&call(1, "long", json!({}))).await;
    let request = puppet.expect("tools/call").await;
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    let log = json!({ "jsonrpc": "2.0", "method": "notifications/message", "params": {} });
    // Longer than the call may be silent.
    for _ in 0..6 {
        ticks.tick().await;
        puppet.say_json(&log).await;
    }
    puppet.tool_text(&request, "after all").await;
    let events = calling.begun().await.events().rest().await;
    let last = events.last().expect("events came").message();
    assert_eq!(last["result"]["content"][0]["text"], "after all");
}

#[tokio::test]
async fn child_that_answers_twice_is_heard_once() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let mut calling = session.start(&call(1, "twice", json!({}))).await;
    let request = puppet.expect("tools/call").await;
    puppet.tool_text(&request, "first").await;
    puppet.tool_text(&request, "second").await;
    assert_eq!(calling.response().await.json()["result"]["content"][0]["text"], "first");
    check_healthy_child(&session, &mut puppet).await;
}

#[tokio::test]
async fn child_that_writes_garbage_is_read_on() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let mut calling = session.start(&call(1, "echo", json!({}))).await;
    let request = puppet.expect("tools/call").await;
    let garbage: [&[u8]; 5] =
        [b"Listening on port 80", b"\xff\xfe\xfd", b"{\"jsonrpc\":", b"[]", b"null"];
    for line in garbage {
        puppet.say(line).await;
    }
    puppet.tool_text(&request, "right").await;
    assert_eq!(calling.response().await.json()["result"]["content"][0]["text"], "right");
    check_healthy_child(&session, &mut puppet).await;
}

#[tokio::test]
async fn answer_that_breaks_the_rules_fails_its_call_at_once() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let mut calling = session.start(&call(1, "echo", json!({}))).await;
    let request = puppet.expect("tools/call").await;
    let answer = format!(
        r#"{{"jsonrpc":"2.0","id":{},"result":{{}},"error":{{"code":1,"message":""}}}}"#,
        request["id"]
    );
    puppet.say(answer.as_bytes()).await;
    check_unknown(&calling.response().await);
    check_healthy_child(&session, &mut puppet).await;
}

#[tokio::test]
async fn cut_emoji_passes_to_the_letter() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let result = r#"{"content":[{"type":"text","text":"cut \ud83d"}]}"#;
    let mut calling = session.start(&call(1, "echo", json!({}))).await;
    let request = puppet.expect("tools/call").await;
    let answer = format!(r#"{{"result":{result},"jsonrpc":"2.0","id":{}}}"#, request["id"]);
    puppet.say(answer.as_bytes()).await;
    let answer = calling.response().await;
    assert!(answer.text().contains(result), "{}", answer.text());
    check_healthy_child(&session, &mut puppet).await;
}

#[tokio::test]
async fn answer_without_a_call_goes_nowhere() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    for id in [json!(999_999), json!("text"), json!(-1), Value::Null] {
        puppet.say_json(&json!({ "jsonrpc": "2.0", "id": id, "result": {} })).await;
    }
    check_healthy_child(&session, &mut puppet).await;
}

#[tokio::test]
async fn child_that_never_reads_fails_its_own_calls_alone() {
    let stage = Stage::open().await;
    let mut limits = patient_limits();
    limits.calls.timeout = Duration::from_millis(500);
    let proxy = Proxy::before_child(stage.command(), limits, |_| {}).await;
    let (deaf, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let (other, mut others) = stage.session(proxy.address, "2025-11-25").await;
    puppet.go_deaf().await;
    let padding = "x".repeat(1 << 20);
    let mut calls = Vec::new();
    for id in 0..4 {
        calls.push(deaf.start(&call(id, "unread", json!({ "padding": padding }))).await);
    }
    check_healthy_child(&other, &mut others).await;
    for (id, mut calling) in calls.into_iter().enumerate() {
        let message = calling.response().await.json();
        assert_eq!(message["id"], id);
        assert_eq!(message["error"]["data"]["outcome"], "unknown", "{message}");
    }
    check_healthy_child(&other, &mut others).await;
}
