//! Two joined sessions: nothing crosses, nothing is changed, lost messages come back.

use std::time::{Duration, Instant};

use eyot::Limits;
use serde_json::{Value, json};

use crate::support::{
    Ask, Connection, Habits, Proxy, Session, Stage, Upstream, call, check_healthy, note,
    patient_limits,
};

async fn open(habits: &Habits) -> (Upstream, Proxy, Session) {
    let upstream = Upstream::with(habits).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    (upstream, proxy, session)
}

#[tokio::test]
async fn ids_of_clients_never_reach_an_http_upstream() {
    let (mut upstream, _proxy, session) = open(&Habits::new()).await;
    let ids = [json!("secret-id"), json!(4_242_424), json!(-1), json!("1"), json!("\u{1F980}")];
    for id in ids {
        let mut calling = session.start(&call(id.clone(), "echo", json!({}))).await;
        let asked = upstream.next().await;
        assert!(asked.id().is_u64(), "{}", asked.text);
        assert_ne!(asked.id(), id);
        asked.tool_text("done").await;
        assert_eq!(calling.response().await.json()["id"], id);
    }
}

#[tokio::test]
async fn id_comes_back_as_it_was_written() {
    let (mut upstream, _proxy, session) = open(&Habits::new()).await;
    for id in ["9007199254740993", r#""\u0041\/b""#, "-7", "123456789012345678901234567890"] {
        let text = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list"}}"#);
        let mut connection = Connection::open(session.address).await;
        connection.ask(&session.with_headers(Ask::post_text(&text))).await;
        upstream.next().await.result(json!({ "tools": [] })).await;
        let answer = connection.response().await;
        assert!(answer.text().contains(&format!(r#""id":{id}"#)), "{id}: {}", answer.text());
    }
}

#[tokio::test]
async fn two_calls_with_the_same_progress_token_get_their_own_progress() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let mut calls = Vec::new();
    let mut requests = Vec::new();
    for id in 0..2 {
        let mut request = call(id, "count", json!({}));
        request["params"]["_meta"] = json!({ "progressToken": "same" });
        calls.push(session.start(&request).await);
        requests.push(puppet.expect("tools/call").await);
    }
    let token = |at: usize| requests[at]["params"]["_meta"]["progressToken"].clone();
    assert_ne!(token(0), token(1));
    for at in [1, 0, 1, 0] {
        let params = json!({ "progressToken": token(at), "progress": at });
        puppet.say_json(&note("notifications/progress", params)).await;
    }
    for request in &requests {
        puppet.tool_text(request, "done").await;
    }
    for (at, calling) in calls.into_iter().enumerate() {
        let events = calling.begun().await.events().rest().await;
        let messages = events.iter().filter(|it| it.data.as_deref() != Some(""));
        let messages: Vec<_> = messages.map(|it| it.message()).collect();
        assert_eq!(messages.len(), 3, "{messages:?}");
        for progress in &messages[..2] {
            assert_eq!(progress["params"]["progressToken"], "same");
            assert_eq!(progress["params"]["progress"], at);
        }
        assert_eq!(messages[2]["id"], at);
    }
}

#[tokio::test]
async fn unknown_methods_and_members_pass_untouched_byte_for_byte() {
    let (mut upstream, _proxy, session) = open(&Habits::new()).await;
    let params = r#"{ "z":1.50, "a" :[1e3 ,-0.0,10000000000000000000000],"name":"\u0041\/\ud83e\udd80","_meta":{"x.y/z": null ,"progressToken":7}, "t":"a b"}"#;
    let result = r#"{"zz" : 2.500,"content":[ ],"deep":{"a":{"b":[[[]]]}},"s":"\u00e9é\/"}"#;
    for method in ["vendor/unknown", "tools/call", "$/weird\\u0041"] {
        let text = format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params},"id":1}}"#);
        let mut connection = Connection::open(session.address).await;
        connection.ask(&session.with_headers(Ask::post_text(&text))).await;
        let asked = upstream.next().await;
        assert!(asked.text.contains(params), "{}", asked.text);
        assert!(asked.text.contains(method), "{}", asked.text);
        let answer = format!(r#"{{"jsonrpc":"2.0","result":{result},"id":{}}}"#, asked.id());
        asked.respond(200, "content-type: application/json\r\n", answer.as_bytes()).await;
        let answer = connection.response().await;
        assert!(answer.text().contains(result), "{}", answer.text());
    }
}

#[tokio::test]
async fn errors_of_the_upstream_pass_untouched() {
    let (mut upstream, _proxy, session) = open(&Habits::new()).await;
    let error = r#"{"code":-32042 ,"message":"m\u00fc","data":{"x":1.0},"more":[]}"#;
    let mut calling = session.start(&call(1, "fail", json!({}))).await;
    let asked = upstream.next().await;
    let answer = format!(r#"{{"jsonrpc":"2.0","id":{},"error":{error}}}"#, asked.id());
    asked.respond(200, "content-type: application/json\r\n", answer.as_bytes()).await;
    let answer = calling.response().await;
    assert!(answer.text().contains(error), "{}", answer.text());
}

/// A question of the upstream.
fn question(id: impl Into<Value>) -> Value {
    json!({ "jsonrpc": "2.0", "id": id.into(), "method": "elicitation/create",
        "params": { "message": "who?", "requestedSchema": { "type": "object" } } })
}

fn answer_to(question: &Value, name: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "accept",
        "content": { "name": name } } })
}

#[tokio::test]
async fn question_of_a_child_is_answered_under_the_childs_own_id() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    for id in [json!(1), json!("text.with.dots"), json!("1")] {
        let calling = session.start(&call(1, "ask", json!({}))).await;
        let request = puppet.expect("tools/call").await;
        puppet.say_json(&question(id.clone())).await;
        let mut events = calling.begun().await.events();
        let asked = events.next_message().await.message();
        assert_eq!(asked["method"], "elicitation/create");
        assert_eq!(session.send(&answer_to(&asked, "eve")).await.status, 202);
        let answered = puppet.message().await;
        assert_eq!(answered["id"], id);
        assert_eq!(answered["result"]["content"]["name"], "eve");
        puppet.tool_text(&request, "hello eve").await;
        events.rest().await;
    }
}

#[tokio::test]
async fn question_of_an_http_upstream_is_answered_under_its_own_id() {
    let (mut upstream, _proxy, session) = open(&Habits::new().with_notes()).await;
    let calling = session.start(&call(1, "ask", json!({}))).await;
    let running = upstream.expect("tools/call").await;
    let done = running.result_message(json!({}));
    let mut out = running.events().await;
    out.message(&question("q-1")).await;
    let mut events = calling.begun().await.events();
    let asked = events.next_message().await.message();
    let taking = async {
        let answered = upstream.next().await;
        assert_eq!(answered.id(), "q-1");
        answered.accept().await;
    };
    let reply = answer_to(&asked, "eve");
    let (noted, ()) = tokio::join!(session.send(&reply), taking);
    assert_eq!(noted.status, 202);
    out.message(&done).await;
    out.end().await;
    events.rest().await;
}

#[tokio::test]
async fn answers_of_two_sessions_to_the_same_question_id_do_not_cross() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let mut pairs = Vec::new();
    for _ in 0..5 {
        let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
        let calling = session.start(&call(1, "ask", json!({}))).await;
        puppet.expect("tools/call").await;
        puppet.say_json(&question(1)).await;
        let mut events = calling.begun().await.events();
        let asked = events.next_message().await.message();
        pairs.push((session, puppet, events, asked));
    }
    for (at, (session, _, _, asked)) in pairs.iter().enumerate().rev() {
        let reply = answer_to(asked, &format!("client {at}"));
        assert_eq!(session.send(&reply).await.status, 202);
    }
    for (at, (_, puppet, _, _)) in pairs.iter_mut().enumerate() {
        let answered = puppet.message().await;
        assert_eq!(answered["result"]["content"]["name"], format!("client {at}"));
    }
}

#[tokio::test]
async fn answer_to_a_question_of_an_earlier_upstream_is_dropped() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let calling = session.start(&call(1, "ask", json!({}))).await;
    puppet.expect("tools/call").await;
    puppet.say_json(&question(5)).await;
    let mut events = calling.begun().await.events();
    let old = events.next_message().await.message();
    puppet.exit(1, "").await;
    events.rest().await;
    let calling = session.start(&call(2, "ask", json!({}))).await;
    let mut puppet = stage.enter().await;
    puppet.handshake().await;
    let request = puppet.expect("tools/call").await;
    puppet.say_json(&question(5)).await;
    let mut events = calling.begun().await.events();
    let new = events.next_message().await.message();
    assert_ne!(old["id"], new["id"]);
    assert_eq!(session.send(&answer_to(&old, "late")).await.status, 202);
    assert_eq!(session.send(&answer_to(&new, "right")).await.status, 202);
    let answered = puppet.message().await;
    assert_eq!(answered["result"]["content"]["name"], "right");
    assert_eq!(answered["id"], 5);
    puppet.tool_text(&request, "done").await;
    events.rest().await;
}

#[tokio::test]
async fn session_that_the_upstream_forgot_is_opened_again_and_the_request_repeated() {
    let habits = Habits::new();
    let (mut upstream, _proxy, session) = open(&habits).await;
    check_healthy(&session, &mut upstream).await;
    habits.forget();
    check_healthy(&session, &mut upstream).await;
    let initializes = habits.initializes();
    assert_eq!(initializes.len(), 2);
    let params = |text: &str| text[text.find("\"params\"").unwrap_or(0)..].to_owned();
    assert_eq!(params(&initializes[0]), params(&initializes[1]));
    check_healthy(&session, &mut upstream).await;
    assert_eq!(habits.initializes().len(), 2);
}

#[tokio::test]
async fn forgotten_session_is_opened_again_once_for_all_who_need_it() {
    let habits = Habits::new();
    let (mut upstream, _proxy, session) = open(&habits).await;
    habits.forget();
    let mut calls = Vec::new();
    for id in 0..20 {
        calls.push(session.start(&call(id, "echo", json!({}))).await);
    }
    for _ in 0..20 {
        upstream.expect("tools/call").await.tool_text("done").await;
    }
    for (id, mut calling) in calls.into_iter().enumerate() {
        assert_eq!(calling.response().await.json()["id"], id);
    }
    assert_eq!(habits.initializes().len(), 2);
}

#[tokio::test]
async fn upstream_that_forgets_at_once_fails_the_call_and_not_the_session() {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let agree = |name: &'static str| {
        format!("content-type: application/json\r\nmcp-session-id: {name}\r\n")
    };
    let body = |exchange: &crate::support::Exchange| {
        let result = json!({ "protocolVersion": "2025-11-25" });
        exchange.result_message(result).to_string()
    };
    let opening = async {
        let asked = upstream.expect("initialize").await;
        let text = body(&asked);
        asked.respond(200, &agree("one"), text.as_bytes()).await;
        upstream.expect("notifications/initialized").await.accept().await;
    };
    let (session, ()) = tokio::join!(Session::open(proxy.address, "2025-11-25"), opening);
    let mut calling = session.start(&call(1, "echo", json!({}))).await;
    upstream.expect("tools/call").await.status(404).await;
    let asked = upstream.expect("initialize").await;
    let text = body(&asked);
    asked.respond(200, &agree("two"), text.as_bytes()).await;
    upstream.expect("notifications/initialized").await.accept().await;
    upstream.expect("tools/call").await.status(404).await;
    let answer = calling.response().await;
    assert_eq!(answer.status, 200, "the client's session is there: {}", answer.text());
    assert_eq!(answer.json()["error"]["data"]["outcome"], "not_sent");
}

#[tokio::test]
async fn log_level_and_subscriptions_are_set_again_in_a_new_upstream_session() {
    let habits = Habits::new();
    let (mut upstream, _proxy, session) = open(&habits).await;
    let set = [
        ("logging/setLevel", json!({ "level": "warning" })),
        ("resources/subscribe", json!({ "uri": "file:///kept" })),
        ("resources/subscribe", json!({ "uri": "file:///dropped" })),
        ("resources/unsubscribe", json!({ "uri": "file:///dropped" })),
    ];
    for (method, params) in set {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answering = async { upstream.expect(method).await.result(json!({})).await };
        let (answer, ()) = tokio::join!(session.send(&request), answering);
        assert_eq!(answer.json()["result"], json!({}));
    }
    habits.forget();
    let mut calling = session.start(&call(1, "echo", json!({}))).await;
    let level = upstream.expect("logging/setLevel").await;
    assert_eq!(level.message()["params"]["level"], "warning");
    level.result(json!({})).await;
    let subscribing = upstream.expect("resources/subscribe").await;
    assert_eq!(subscribing.message()["params"]["uri"], "file:///kept");
    subscribing.result(json!({})).await;
    upstream.expect("tools/call").await.tool_text("done").await;
    assert_eq!(calling.response().await.status, 200);
}

#[tokio::test]
async fn log_level_that_the_upstream_refused_is_not_set_again() {
    let habits = Habits::new();
    let (mut upstream, _proxy, session) = open(&habits).await;
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "logging/setLevel",
        "params": { "level": "alert" } });
    let refusing = async {
        let asked = upstream.expect("logging/setLevel").await;
        let error = json!({ "code": -32602, "message": "no such level" });
        let id = asked.id();
        asked.json(&json!({ "jsonrpc": "2.0", "id": id, "error": error })).await;
    };
    let (answer, ()) = tokio::join!(session.send(&request), refusing);
    assert_eq!(answer.code(), -32602);
    habits.forget();
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn stream_of_the_upstream_that_breaks_is_resumed_after_its_retry_time() {
    let (mut upstream, _proxy, session) = open(&Habits::new().with_stream()).await;
    let calling = session.start(&call(1, "long", json!({}))).await;
    let running = upstream.expect("tools/call").await;
    let answer = running.result_message(json!({ "resumed": true }));
    let log = |number: u32| note("notifications/message", json!({ "data": number }));
    let mut out = running.events().await;
    out.text("retry: 400\nid: e0\ndata:\n\n").await;
    out.event("e1", &log(1)).await;
    let mut events = calling.begun().await.events();
    assert_eq!(events.next_message().await.message()["params"]["data"], 1);
    let cut = Instant::now();
    drop(out);
    let resuming = upstream.next().await;
    assert!(cut.elapsed() >= Duration::from_millis(400), "{:?}", cut.elapsed());
    assert_eq!(resuming.http_method(), "GET");
    assert_eq!(resuming.header("last-event-id"), Some("e1"));
    let mut out = resuming.events().await;
    out.event("e2", &log(2)).await;
    assert_eq!(events.next_message().await.message()["params"]["data"], 2);
    // A server may also end the connection in order, to be polled.
    out.text("retry: 1\n\n").await;
    out.end().await;
    let resuming = upstream.next().await;
    assert_eq!(resuming.header("last-event-id"), Some("e2"));
    let mut out = resuming.events().await;
    out.event("e3", &answer).await;
    out.end().await;
    let rest = events.rest().await;
    assert_eq!(rest.len(), 1, "{rest:?}");
    assert_eq!(rest[0].message()["result"]["resumed"], true);
}

#[tokio::test]
async fn stream_that_the_upstream_cannot_resume_leaves_the_outcome_unknown() {
    let (mut upstream, _proxy, session) = open(&Habits::new().with_stream()).await;
    let mut calling = session.start(&call(1, "long", json!({}))).await;
    let mut out = upstream.expect("tools/call").await.events().await;
    out.text("retry: 1\nid: e0\ndata:\n\n").await;
    drop(out);
    upstream.next().await.status(405).await;
    let answer = calling.response().await;
    assert_eq!(answer.json()["error"]["data"]["outcome"], "unknown", "{}", answer.text());
}

#[tokio::test]
async fn listening_goes_on_in_a_new_upstream_session() {
    let habits = Habits::new().with_stream();
    let (mut upstream, _proxy, session) = open(&habits).await;
    let mut connection = Connection::open(session.address).await;
    connection.ask(&session.get()).await;
    let out = upstream.next().await.events().await;
    let mut listening = connection.begun().await.events().opened().await;
    habits.forget();
    drop(out);
    // The stream is asked for with the old session, which is gone, and then with the new one.
    let calling = session.start(&call(1, "echo", json!({}))).await;
    let mut pushing = None;
    for _ in 0..2 {
        let exchange = upstream.next().await;
        match exchange.http_method() {
            "GET" => pushing = Some(exchange),
            _ => exchange.tool_text("done").await,
        }
    }
    let pushing = pushing.expect("the upstream's stream is opened again");
    assert_eq!(pushing.header("mcp-session-id"), Some("upstream-2"));
    let mut out = pushing.events().await;
    out.message(&note("notifications/tools/list_changed", json!({ "again": true }))).await;
    assert_eq!(listening.next_message().await.message()["params"]["again"], true);
    drop(calling);
}

#[tokio::test]
async fn listening_goes_on_over_a_child_that_is_started_again() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let mut listening = session.begin(&session.get()).await.events().opened().await;
    let changed = |number: u32| note("notifications/tools/list_changed", json!({ "n": number }));
    puppet.say_json(&changed(1)).await;
    assert_eq!(listening.next_message().await.message()["params"]["n"], 1);
    puppet.exit(0, "").await;
    let mut puppet = stage.enter().await;
    puppet.handshake().await;
    puppet.say_json(&changed(2)).await;
    assert_eq!(listening.next_message().await.message()["params"]["n"], 2);
}

/// Limits under which a silent upstream fails a call at once, but a user may think.
fn impatient_with_silence() -> Limits {
    let mut limits = patient_limits();
    limits.calls.timeout = Duration::from_millis(300);
    limits
}

/// Waits for longer than an upstream may be silent, as a user would.
async fn think() {
    tokio::time::sleep(impatient_with_silence().calls.timeout * 3).await;
}

#[tokio::test]
async fn call_waits_for_a_person_even_if_its_upstream_says_more_behind_the_question() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), impatient_with_silence(), |_| {}).await;
    let (session, mut puppet) = stage.session(proxy.address, "2025-11-25").await;
    let calling = session.start(&call(1, "ask", json!({}))).await;
    let request = puppet.expect("tools/call").await;
    puppet.say_json(&question(1)).await;
    puppet.say_json(&note("notifications/message", json!({ "level": "info", "data": 1 }))).await;
    let mut events = calling.begun().await.events();
    let asked = events.next_message().await.message();
    events.next_message().await;
    think().await;
    assert_eq!(session.send(&answer_to(&asked, "eve")).await.status, 202);
    puppet.message().await;
    puppet.tool_text(&request, "hello eve").await;
    let last = events.next_message().await.message();
    assert_eq!(last["result"]["content"][0]["text"], "hello eve", "{last}");
}

#[tokio::test]
async fn call_waits_for_a_person_who_was_asked_on_the_stream_of_no_call() {
    let mut upstream = Upstream::with(&Habits::new().with_stream()).await;
    let proxy = Proxy::before_url(&upstream, impatient_with_silence(), |_| {}).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let ask = session.get();
    let opening = async { upstream.next().await.events().await };
    let (listening, mut out_of_call) = tokio::join!(session.begin(&ask), opening);
    let mut asked_on = listening.events();
    let mut calling = session.start(&call(1, "ask", json!({}))).await;
    let running = upstream.expect("tools/call").await;
    let done = running.result_message(json!({ "greeted": "eve" }));
    let mut out = running.events().await;
    out_of_call.message(&question(7)).await;
    let asked = asked_on.next_message().await.message();
    think().await;
    assert_eq!(session.send(&answer_to(&asked, "eve")).await.status, 202);
    out.message(&done).await;
    out.end().await;
    let answer = calling.response().await.json();
    assert_eq!(answer["result"]["greeted"], "eve", "{answer}");
}
