//! Modern clients before a legacy upstream: sessions that they do not have, questions in rounds,
//! answers of their own era.

use std::time::Duration;

use eyot::Affinity;
use serde_json::{Value, json};

use crate::support::rounds::{accept, again, asked, call, elicit};
use crate::support::{
    Connection, EventsOut, Exchange, Habits, Proxy, Puppet, Response, Stage, Upstream, modern_ask,
    modern_request, note, patient_limits, send, tool_text,
};

const META: &str = "io.modelcontextprotocol/";

/// A proxy that already knows that its upstream is legacy.
async fn open(habits: &Habits, affinity: Affinity) -> (Upstream, Proxy) {
    let mut upstream = Upstream::with(habits).await;
    let adjust = |config: &mut eyot::ProxyConfig| config.affinity = affinity;
    let proxy = Proxy::before_url(&upstream, patient_limits(), adjust).await;
    // `server/discover` has no session, which is how a legacy server refuses it: 404 by habit.
    let discover = modern_ask(&modern_request(1, "server/discover", json!({})));
    let answering = async {
        if affinity == Affinity::Shared && habits.has_stream() {
            upstream.next().await.status(405).await;
        }
    };
    let (answer, ()) = tokio::join!(send(proxy.address, &discover), answering);
    assert_eq!(answer.status, 200, "{}", answer.text());
    (upstream, proxy)
}

async fn ask(proxy: &Proxy, request: &Value) -> Response {
    send(proxy.address, &modern_ask(request)).await
}

/// Sends the answer of a call and returns what the client gets.
async fn answered(
    proxy: &Proxy,
    upstream: &mut Upstream,
    request: &Value,
    answer: impl AsyncFnOnce(Exchange),
) -> Response {
    let method = request["method"].as_str().unwrap().to_owned();
    let answering = async { answer(upstream.expect(&method).await).await };
    tokio::join!(ask(proxy, request), answering).0
}

#[tokio::test]
async fn discovery_says_what_the_upstream_says_of_itself() {
    let habits = Habits::new();
    let (_upstream, proxy) = open(&habits, Affinity::Auto).await;
    let answer = ask(&proxy, &modern_request("d", "server/discover", json!({}))).await.json();
    let result = &answer["result"];
    assert_eq!(answer["id"], "d");
    assert_eq!(result["supportedVersions"], json!(["2026-07-28"]));
    assert_eq!(result["resultType"], "complete");
    assert_eq!(result["capabilities"]["tools"], json!({ "listChanged": true }));
    assert_eq!(result["_meta"][format!("{META}serverInfo")]["name"], "scripted");
}

#[tokio::test]
async fn a_call_has_a_session_of_its_own_that_ends_with_it() {
    let habits = Habits::new();
    let (mut upstream, proxy) = open(&habits, Affinity::PerRequest).await;
    let mut request = modern_request("c", "tools/call", json!({ "name": "t", "arguments": {} }));
    request["params"]["_meta"]["vendor/key"] = json!(1);
    let answer = answered(&proxy, &mut upstream, &request, async |exchange| {
        let meta = &exchange.message()["params"]["_meta"];
        assert_eq!(meta, &json!({ "vendor/key": 1 }), "the protocol's own keys stay here");
        exchange.tool_text("done").await;
    })
    .await;
    let answer = answer.json();
    assert_eq!(answer["id"], "c");
    assert_eq!(answer["result"]["resultType"], "complete");
    assert_eq!(answer["result"]["content"][0]["text"], "done");
    assert_eq!(habits.initializes().len(), 2, "one to discover, one to call");
    habits.all_closed().await;
}

#[tokio::test]
async fn half_a_surrogate_pair_of_the_upstream_reaches_the_client_as_it_came() {
    let habits = Habits::new();
    let (mut upstream, proxy) = open(&habits, Affinity::Shared).await;
    let request = call(1, "t");
    let answer = answered(&proxy, &mut upstream, &request, async |exchange| {
        let id = exchange.message()["id"].clone();
        let result = r#"{"content":[{"type":"text","text":"cut \ud83d"}]}"#;
        let mut events = exchange.events().await;
        let answer = format!(r#"{{"result":{result},"jsonrpc":"2.0","id":{id}}}"#);
        events.text(&format!("data: {answer}\n\n")).await;
        events.end().await;
    });
    let answer = answer.await.text();
    assert!(answer.contains(r#"[{"type":"text","text":"cut \ud83d"}]"#), "{answer}");
}

#[tokio::test]
async fn calls_share_a_session_where_the_operator_says_so() {
    let habits = Habits::new();
    let (mut upstream, proxy) = open(&habits, Affinity::Shared).await;
    for number in 1..4 {
        let request = modern_request(number, "tools/list", json!({}));
        let answer = answered(&proxy, &mut upstream, &request, async |exchange| {
            exchange.result(json!({ "tools": [] })).await;
        });
        let answer = answer.await.json();
        assert_eq!(answer["result"]["ttlMs"], 0, "{answer}");
        assert_eq!(answer["result"]["cacheScope"], "private", "{answer}");
    }
    assert_eq!(habits.initializes().len(), 1);
}

#[tokio::test]
async fn capabilities_are_declared_to_the_upstream_as_the_client_declares_them() {
    let habits = Habits::new();
    let (mut upstream, proxy) = open(&habits, Affinity::Shared).await;
    let answering = async |exchange: Exchange| exchange.tool_text("done").await;
    answered(&proxy, &mut upstream, &call(1, "t"), answering).await;
    let initialize: Value = serde_json::from_str(habits.initializes().last().unwrap()).unwrap();
    let expected = json!({ "elicitation": { "form": {}, "url": {} }, "sampling": {}, "roots": {} });
    assert_eq!(initialize["params"]["capabilities"], expected);
    assert_eq!(initialize["params"]["protocolVersion"], "2025-11-25");
}

#[tokio::test]
async fn methods_that_the_modern_era_does_not_have_are_not_found() {
    let habits = Habits::new();
    let (_upstream, proxy) = open(&habits, Affinity::Auto).await;
    for method in ["ping", "logging/setLevel", "resources/subscribe", "initialize"] {
        let answer = ask(&proxy, &modern_request(1, method, json!({}))).await;
        assert_eq!((answer.status, answer.code()), (404, -32601), "{method}: {}", answer.text());
    }
}

#[tokio::test]
async fn errors_of_the_upstream_get_codes_and_statuses_of_the_modern_era() {
    let habits = Habits::new();
    let (mut upstream, proxy) = open(&habits, Affinity::Shared).await;
    for (theirs, ours, status) in
        [(-32601, -32601, 404), (-32002, -32602, 200), (-32000, -32603, 200)]
    {
        let request = modern_request(1, "resources/read", json!({ "uri": "a:b" }));
        let answer = answered(&proxy, &mut upstream, &request, async |exchange| {
            let error = json!({ "code": theirs, "message": "no", "data": { "uri": "a:b" } });
            let mut message = exchange.result_message(Value::Null);
            message.as_object_mut().unwrap().remove("result");
            message["error"] = error;
            exchange.json(&message).await;
        });
        let answer = answer.await;
        assert_eq!((answer.status, answer.code()), (status, ours), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_question_on_the_stream_of_a_call_is_answered_in_the_next_round() {
    let habits = Habits::new().with_notes();
    let (mut upstream, proxy) = open(&habits, Affinity::Shared).await;
    let request = call(1, "greet");
    let asking = async {
        let exchange = upstream.expect("tools/call").await;
        let id = exchange.id();
        let mut events = exchange.events().await;
        events.message(&elicit(70, "Your name?")).await;
        (events, id)
    };
    let (answer, (mut events, id)) = tokio::join!(ask(&proxy, &request), asking);
    let answer = answer.json();
    let (key, message) = asked(&answer);
    assert_eq!((key.as_str(), message.as_str()), ("1.1", "Your name?"));
    let retry = again(request, 2, &answer, json!({ key: accept("Ada"), "unknown": 7 }));
    let finishing = async {
        let said = upstream.next().await;
        assert_eq!(said.message()["id"], 70);
        assert_eq!(said.message()["result"]["content"], json!({ "name": "Ada" }));
        said.accept().await;
        events.message(&json!({ "jsonrpc": "2.0", "id": id, "result": tool_text("Hi Ada") })).await;
        events.end().await;
    };
    let (done, ()) = tokio::join!(ask(&proxy, &retry), finishing);
    let done = done.json();
    assert_eq!((&done["id"], &done["result"]["content"][0]["text"]), (&json!(2), &json!("Hi Ada")));
    let mut repeat = retry.clone();
    repeat["id"] = json!("again");
    let repeated = ask(&proxy, &repeat).await.json();
    assert_eq!(
        repeated["result"], done["result"],
        "a client that did not get it can come back for it"
    );
    assert_eq!(repeated["id"], "again");
    repeat["params"]["inputResponses"]["1.1"] = accept("Eve");
    let late = ask(&proxy, &repeat).await;
    assert_eq!(late.code(), -32602, "a round is answered once: {}", late.text());
}

#[tokio::test]
async fn a_state_is_of_no_use_for_anything_but_its_call() {
    let habits = Habits::new().with_notes();
    let (mut upstream, proxy) = open(&habits, Affinity::Shared).await;
    let request = call(1, "greet");
    let (answer, _events) = asked_for_name(&proxy, &mut upstream, &request).await;
    let mut other = again(request.clone(), 2, &answer, json!({ "1.1": accept("Eve") }));
    other["params"]["arguments"] = json!({ "more": true });
    assert_eq!(ask(&proxy, &other).await.code(), -32602);
    let mut forged = again(request, 2, &answer, json!({ "1.1": accept("Eve") }));
    let state = forged["params"]["requestState"].as_str().unwrap();
    let (nonce, sealed) = state.split_at(32);
    let other = if sealed.starts_with('A') { "B" } else { "A" };
    forged["params"]["requestState"] = json!(format!("{nonce}{other}{}", &sealed[1..]));
    assert_eq!(ask(&proxy, &forged).await.code(), -32602);
}

#[tokio::test]
async fn questions_that_are_not_answered_are_asked_again() {
    let habits = Habits::new().with_notes();
    let (mut upstream, proxy) = open(&habits, Affinity::Shared).await;
    let request = call(1, "greet");
    let (answer, _events) = asked_for_name(&proxy, &mut upstream, &request).await;
    let retry = again(request.clone(), 2, &answer, json!({}));
    let answer = ask(&proxy, &retry).await.json();
    assert_eq!(asked(&answer), ("1.1".to_owned(), "Your name?".to_owned()));
    let retry = again(request.clone(), 3, &answer, json!({ "1.1": { "action": 7 } }));
    let answer = ask(&proxy, &retry).await.json();
    assert_eq!(asked(&answer).0, "1.1");
    let retry = again(request, 4, &answer, json!({ "1.1": { "action": 7 } }));
    assert_eq!(ask(&proxy, &retry).await.code(), -32602);
}

/// The upstream asks for something that the client has not declared, is refused, and goes on with
/// `result`.
async fn asked_in_vain(client: Value, question: &Value, result: Value) -> (i64, Response) {
    let habits = Habits::new().with_notes();
    let (mut upstream, proxy) = open(&habits, Affinity::Shared).await;
    let mut request = call(1, "greet");
    request["params"]["_meta"][format!("{META}clientCapabilities")] = client;
    let serving = async {
        let exchange = upstream.expect("tools/call").await;
        let id = exchange.id();
        let mut events = exchange.events().await;
        events.message(question).await;
        let refusal = upstream.next().await;
        let code = refusal.message()["error"]["code"].as_i64().unwrap();
        refusal.accept().await;
        events.message(&json!({ "jsonrpc": "2.0", "id": id, "result": result })).await;
        events.end().await;
        code
    };
    let (answer, code) = tokio::join!(ask(&proxy, &request), serving);
    (code, answer)
}

fn failed(text: &str) -> Value {
    let mut result = tool_text(text);
    result["isError"] = json!(true);
    result
}

#[tokio::test]
async fn a_call_that_fails_for_want_of_a_capability_says_which() {
    let question = elicit(70, "Your name?");
    let (code, answer) = asked_in_vain(json!({}), &question, failed("nobody answers")).await;
    assert_eq!(code, -32601);
    assert_eq!((answer.status, answer.code()), (400, -32021), "{}", answer.text());
    let data = &answer.json()["error"]["data"];
    assert_eq!(data["requiredCapabilities"], json!({ "elicitation": { "form": {} } }));
    assert_eq!(data["original"]["content"][0]["text"], "nobody answers");
}

#[tokio::test]
async fn a_call_that_can_do_without_a_capability_is_answered() {
    let question = elicit(70, "Your name?");
    let (code, answer) = asked_in_vain(json!({}), &question, tool_text("Hi stranger")).await;
    assert_eq!(code, -32601);
    assert_eq!(answer.json()["result"]["content"][0]["text"], "Hi stranger");
}

#[tokio::test]
async fn a_client_that_only_fills_in_forms_is_sent_to_no_page() {
    let question = json!({ "jsonrpc": "2.0", "id": 70, "method": "elicitation/create",
        "params": { "mode": "url", "message": "m", "url": "https://a/", "elicitationId": "e" } });
    let client = json!({ "elicitation": { "form": {} } });
    let (code, answer) = asked_in_vain(client, &question, failed("no page")).await;
    assert_eq!(code, -32602);
    assert_eq!(answer.code(), -32021, "{}", answer.text());
    let data = &answer.json()["error"]["data"];
    assert_eq!(data["requiredCapabilities"], json!({ "elicitation": { "url": {} } }));
}

/// Sends a call whose upstream asks for a name; returns the answer to the client, and the call's
/// stream.
async fn asked_for_name(
    proxy: &Proxy,
    upstream: &mut Upstream,
    request: &Value,
) -> (Value, EventsOut) {
    let asking = async {
        let mut events = upstream.expect("tools/call").await.events().await;
        events.message(&elicit(70, "Your name?")).await;
        events
    };
    let (answer, events) = tokio::join!(ask(proxy, request), asking);
    (answer.json(), events)
}

/// Each client calls another tool, is asked, answers, and gets its own result.
async fn twenty_clients(proxy: &Proxy) {
    let clients = (0..20).map(async |number| {
        let request = call(number, &format!("tool-{number}"));
        let answer = ask(proxy, &request).await.json();
        let (key, message) = asked(&answer);
        assert_eq!(message, format!("tool-{number}"));
        let retry = again(request, 100 + number, &answer, json!({ key: accept(&message) }));
        let done = ask(proxy, &retry).await.json();
        assert_eq!(done["result"]["content"][0]["text"], format!("tool-{number}"), "{done}");
    });
    futures_util::future::join_all(clients).await;
}

/// Twenty calls of twenty sessions ask on their GET streams at once; each gets its own answer.
#[tokio::test]
async fn twenty_calls_that_ask_on_other_streams_get_each_their_own_answers() {
    let habits = Habits::new().with_notes().with_stream();
    let (mut upstream, proxy) = open(&habits, Affinity::PerRequest).await;
    let clients = twenty_clients(&proxy);
    let serving = async {
        let mut streams = std::collections::BTreeMap::new();
        let mut calls = std::collections::BTreeMap::new();
        let mut done = 0;
        while done < 20 {
            let exchange = upstream.next().await;
            let session = exchange.header("mcp-session-id").unwrap().to_owned();
            if exchange.http_method() == "GET" {
                streams.insert(session, exchange.events().await);
            } else if exchange.method() == "tools/call" {
                let name = exchange.message()["params"]["name"].as_str().unwrap().to_owned();
                let stream = streams.get_mut(&session).expect("the stream is open before a call");
                stream.message(&elicit(5, &name)).await;
                calls.insert(session, exchange);
            } else if exchange.method().is_empty() {
                let name = exchange.message()["result"]["content"]["name"].clone();
                assert_eq!(exchange.message()["id"], 5);
                exchange.accept().await;
                let call = calls.remove(&session).expect("an answer belongs to a call");
                call.tool_text(name.as_str().unwrap()).await;
                done += 1;
            } else {
                exchange.accept().await;
            }
        }
    };
    tokio::join!(clients, serving);
}

#[tokio::test]
async fn a_client_that_hangs_up_cancels_its_call() {
    let habits = Habits::new().with_notes();
    let (mut upstream, proxy) = open(&habits, Affinity::Shared).await;
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&modern_ask(&call(1, "slow"))).await;
    let exchange = upstream.expect("tools/call").await;
    drop(connection);
    let cancelled = upstream.expect("notifications/cancelled").await;
    assert_eq!(cancelled.message()["params"]["requestId"], exchange.id());
    cancelled.accept().await;
}

#[tokio::test]
async fn an_upstream_that_is_silent_for_too_long_is_told_of_the_cancellation() {
    let habits = Habits::new().with_notes();
    let mut upstream = Upstream::with(&habits).await;
    let mut limits = patient_limits();
    limits.calls.timeout = Duration::from_millis(300);
    let proxy = Proxy::before_url(&upstream, limits, |_| {}).await;
    let request = call(1, "silent");
    let waiting = async { upstream.expect("tools/call").await };
    let (answer, exchange) = tokio::join!(ask(&proxy, &request), waiting);
    assert_eq!(answer.json()["error"]["data"]["outcome"], "unknown", "{}", answer.text());
    let cancelled = upstream.expect("notifications/cancelled").await;
    assert_eq!(cancelled.message()["params"]["requestId"], exchange.id());
    cancelled.accept().await;
}

#[tokio::test]
async fn a_client_that_does_not_come_back_has_cancelled() {
    let habits = Habits::new().with_notes();
    let mut upstream = Upstream::with(&habits).await;
    let mut limits = patient_limits();
    limits.calls.question_timeout = Duration::from_millis(300);
    let proxy = Proxy::before_url(&upstream, limits, |_| {}).await;
    let request = call(1, "greet");
    let asking = async {
        let exchange = upstream.expect("tools/call").await;
        let id = exchange.id();
        let mut events = exchange.events().await;
        events.message(&elicit(70, "Your name?")).await;
        (events, id)
    };
    let (answer, (_events, id)) = tokio::join!(ask(&proxy, &request), asking);
    let said = upstream.next().await;
    assert_eq!(said.message()["result"]["action"], "cancel", "{}", said.text);
    said.accept().await;
    let cancelled = upstream.expect("notifications/cancelled").await;
    assert_eq!(cancelled.message()["params"]["requestId"], id);
    cancelled.accept().await;
    let answer = answer.json();
    let late = again(request, 2, &answer, json!({ "1.1": accept("Ada") }));
    assert_eq!(ask(&proxy, &late).await.code(), -32602);
}

#[tokio::test]
async fn a_slow_user_is_announced_to_an_upstream_that_wants_to_know() {
    let habits = Habits::new().with_notes();
    let (mut upstream, proxy) = open(&habits, Affinity::Shared).await;
    let request = call(1, "greet");
    let asking = async {
        let mut events = upstream.expect("tools/call").await.events().await;
        let mut question = elicit(70, "Your name?");
        question["params"]["_meta"] = json!({ "progressToken": 70 });
        events.message(&question).await;
        events
    };
    let (answer, _events) = tokio::join!(ask(&proxy, &request), asking);
    let answer = answer.json();
    let request = &answer["result"]["inputRequests"]["1.1"];
    assert_eq!(request["params"]["message"], "Your name?", "{answer}");
    for number in 1..3 {
        let sign = upstream.expect("notifications/progress").await;
        let params = &sign.message()["params"];
        assert_eq!(params, &json!({ "progressToken": 70, "progress": number }));
        sign.accept().await;
    }
}

#[tokio::test]
async fn an_upstream_that_asks_again_while_its_call_rests_hears_signs_of_life_too() {
    let habits = Habits::new().with_notes();
    let (mut upstream, proxy) = open(&habits, Affinity::Shared).await;
    let request = call(1, "greet");
    let (answer, mut events) = asked_for_name(&proxy, &mut upstream, &request).await;
    let mut question = elicit(71, "Your colour?");
    question["params"]["_meta"] = json!({ "progressToken": "t" });
    events.message(&question).await;
    let sign = upstream.expect("notifications/progress").await;
    assert_eq!(sign.message()["params"]["progressToken"], "t");
    sign.accept().await;
    // The second question is asked in the next round.
    let retry = again(request, 2, &answer, json!({ "1.1": accept("Ada") }));
    let serving = async {
        loop {
            let said = upstream.next().await;
            let is_answer = said.message()["id"] == 70;
            said.accept().await;
            if is_answer {
                return;
            }
        }
    };
    let (second, ()) = tokio::join!(ask(&proxy, &retry), serving);
    assert_eq!(asked(&second.json()), ("2.1".to_owned(), "Your colour?".to_owned()));
}

#[tokio::test]
async fn an_upstream_session_that_is_forgotten_is_opened_again_once() {
    let habits = Habits::new();
    let (mut upstream, proxy) = open(&habits, Affinity::Shared).await;
    habits.forget();
    let answering = async |exchange: Exchange| exchange.tool_text("done").await;
    let request = modern_request(1, "tools/call", json!({ "name": "t" }));
    let answer = answered(&proxy, &mut upstream, &request, answering).await;
    assert_eq!(answer.json()["result"]["content"][0]["text"], "done", "{}", answer.text());
    assert_eq!(habits.initializes().len(), 2);
}

#[tokio::test]
async fn a_call_whose_upstream_is_lost_is_not_sent_twice() {
    let habits = Habits::new();
    let (mut upstream, proxy) = open(&habits, Affinity::Shared).await;
    let request = modern_request(1, "tools/call", json!({ "name": "t" }));
    let answer = answered(&proxy, &mut upstream, &request, async |exchange| {
        exchange.raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n").await;
    });
    let answer = answer.await;
    assert_eq!(answer.json()["error"]["data"]["outcome"], "unknown", "{}", answer.text());
    let request = modern_request(2, "tools/list", json!({}));
    let twice = async {
        let lost = upstream.expect("tools/list").await;
        lost.raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n").await;
        upstream.expect("tools/list").await.result(json!({ "tools": [] })).await;
    };
    let (answer, ()) = tokio::join!(ask(&proxy, &request), twice);
    assert_eq!(answer.json()["result"]["tools"], json!([]), "{}", answer.text());
}

#[tokio::test]
async fn a_page_that_must_be_visited_is_a_round() {
    let habits = Habits::new();
    let (mut upstream, proxy) = open(&habits, Affinity::Shared).await;
    let request = call(1, "t");
    let answer = answered(&proxy, &mut upstream, &request, async |exchange| {
        let page = json!({ "mode": "url", "message": "Sign in", "url": "https://a.test/",
            "elicitationId": "e" });
        let mut message = exchange.result_message(Value::Null);
        message.as_object_mut().unwrap().remove("result");
        let data = json!({ "elicitations": [page] });
        message["error"] = json!({ "code": -32042, "message": "visit", "data": data });
        exchange.json(&message).await;
    });
    let answer = answer.await.json();
    let (key, message) = asked(&answer);
    assert_eq!(message, "Sign in");
    let params = &answer["result"]["inputRequests"][&key]["params"];
    assert_eq!((&params["mode"], params.get("elicitationId")), (&json!("url"), None));
    let refused = again(request.clone(), 2, &answer, json!({ &key: { "action": "decline" } }));
    assert_eq!(ask(&proxy, &refused).await.code(), -32600);
    let visited = again(request, 3, &answer, json!({ &key: { "action": "accept" } }));
    let answering = async |exchange: Exchange| exchange.tool_text("in").await;
    let answer = answered(&proxy, &mut upstream, &visited, answering).await;
    assert_eq!(answer.json()["result"]["content"][0]["text"], "in", "{}", answer.text());
}

#[tokio::test]
async fn progress_and_logs_reach_the_client_that_wants_them() {
    let habits = Habits::new();
    let (mut upstream, proxy) = open(&habits, Affinity::Shared).await;
    let mut request = modern_request(1, "tools/call", json!({ "name": "t" }));
    request["params"]["_meta"]["progressToken"] = json!("mine");
    request["params"]["_meta"][format!("{META}logLevel")] = json!("warning");
    let serving = async {
        let level = upstream.expect("logging/setLevel").await;
        assert_eq!(level.message()["params"]["level"], "warning");
        level.result(json!({})).await;
        let exchange = upstream.expect("tools/call").await;
        let token = exchange.message()["params"]["_meta"]["progressToken"].clone();
        assert_ne!(token, "mine", "tokens of clients are never trusted");
        let id = exchange.id();
        let mut events = exchange.events().await;
        let progress = json!({ "progressToken": token, "progress": 1 });
        events.message(&note("notifications/progress", progress)).await;
        for level in ["info", "error"] {
            let log = json!({ "level": level, "data": level });
            events.message(&note("notifications/message", log)).await;
        }
        events.message(&json!({ "jsonrpc": "2.0", "id": id, "result": tool_text("done") })).await;
        events.end().await;
    };
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&modern_ask(&request)).await;
    let ((), begun) = tokio::join!(serving, connection.begun());
    let mut events = begun.events();
    let first = events.next().await.message();
    assert_eq!(first["params"], json!({ "progressToken": "mine", "progress": 1 }));
    assert_eq!(events.next().await.message()["params"]["data"], "error");
    assert_eq!(events.next().await.message()["result"]["content"][0]["text"], "done");
}

#[tokio::test]
async fn mirrored_arguments_are_held_against_their_headers() {
    let habits = Habits::new();
    let (mut upstream, proxy) = open(&habits, Affinity::Shared).await;
    let schema = |header: &str| {
        json!({ "type": "object",
            "properties": { "region": { "type": "string", "x-mcp-header": header } } })
    };
    let request = modern_request(1, "tools/list", json!({}));
    let listed = answered(&proxy, &mut upstream, &request, async |exchange| {
        let tools = json!([{ "name": "t", "inputSchema": schema("Region") },
            { "name": "bad", "inputSchema": schema("no header") }]);
        exchange.result(json!({ "tools": tools })).await;
    });
    let listed = listed.await.json();
    assert_eq!(listed["result"]["tools"].as_array().map(Vec::len), Some(1), "{listed}");
    let arguments = json!({ "name": "t", "arguments": { "region": "eu" } });
    let request = modern_request(1, "tools/call", arguments);
    for header in [None, Some("us")] {
        let mut refused = modern_ask(&request);
        if let Some(value) = header {
            refused = refused.header("mcp-param-region", value);
        }
        let answer = send(proxy.address, &refused).await;
        assert_eq!((answer.status, answer.code()), (400, -32020), "{}", answer.text());
    }
    let right = modern_ask(&request).header("mcp-param-region", "eu");
    let answering = async { upstream.expect("tools/call").await.tool_text("done").await };
    let (answer, ()) = tokio::join!(send(proxy.address, &right), answering);
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// A child that serves one session.
async fn child(stage: &Stage) -> Puppet {
    let mut puppet = stage.enter().await;
    puppet.handshake().await;
    puppet
}

/// Enters the child that is started to find the era, and refuses as a legacy one does.
async fn probe(stage: &Stage) {
    let mut puppet = stage.enter().await;
    let discover = puppet.expect("server/discover").await;
    let error = json!({ "code": -32601, "message": "Method not found" });
    puppet.say_json(&json!({ "jsonrpc": "2.0", "id": discover["id"], "error": error })).await;
}

#[tokio::test]
async fn a_child_asks_and_its_call_goes_on_with_the_answer() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let request = call(1, "greet");
    let asking = async {
        probe(&stage).await;
        let mut puppet = child(&stage).await;
        let called = puppet.expect("tools/call").await;
        puppet.say_json(&elicit(9, "Your name?")).await;
        (puppet, called)
    };
    let (answer, (mut puppet, called)) = tokio::join!(ask(&proxy, &request), asking);
    let answer = answer.json();
    let (key, _) = asked(&answer);
    let retry = again(request, 2, &answer, json!({ key: accept("Ada") }));
    let finishing = async {
        let said = puppet.message().await;
        assert_eq!((&said["id"], &said["result"]["content"]["name"]), (&json!(9), &json!("Ada")));
        puppet.tool_text(&called, "Hi Ada").await;
    };
    let (done, ()) = tokio::join!(ask(&proxy, &retry), finishing);
    assert_eq!(done.json()["result"]["content"][0]["text"], "Hi Ada", "{}", done.text());
}

#[tokio::test]
async fn calls_that_share_a_child_are_asked_one_after_the_other() {
    let stage = Stage::open().await;
    let adjust = |config: &mut eyot::ProxyConfig| config.affinity = Affinity::Shared;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), adjust).await;
    let clients = twenty_clients(&proxy);
    let serving = async {
        probe(&stage).await;
        let mut puppet = child(&stage).await;
        for number in 0..20 {
            let called = puppet.expect("tools/call").await;
            let name = called["params"]["name"].as_str().unwrap().to_owned();
            puppet.say_json(&elicit(number, &name)).await;
            let said = puppet.message().await;
            let name = said["result"]["content"]["name"].as_str().unwrap().to_owned();
            puppet.tool_text(&called, &name).await;
        }
    };
    tokio::join!(clients, serving);
}

#[tokio::test]
async fn the_name_of_a_subscription_is_exact() {
    let habits = Habits::new().with_stream();
    let mut upstream = Upstream::with(&habits).await;
    let adjust = |config: &mut eyot::ProxyConfig| config.affinity = Affinity::Shared;
    let proxy = Proxy::before_url(&upstream, patient_limits(), adjust).await;
    let wanted = json!({ "notifications": { "toolsListChanged": true } });
    let request = modern_request(7, "subscriptions/listen", wanted);
    let long = "18446744073709551617";
    let body = request.to_string().replace("\"id\":7", &format!("\"id\":{long}"));
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&modern_ask(&request).body(body.as_bytes())).await;
    let (mut stream, begun) =
        tokio::join!(async { upstream.next().await.events().await }, connection.begun());
    let mut events = begun.events();
    let acknowledged = events.next().await.data.unwrap();
    stream.message(&note("notifications/tools/list_changed", json!({}))).await;
    let changed = events.next().await.data.unwrap();
    for text in [acknowledged, changed] {
        assert!(text.contains(&format!("\"{META}subscriptionId\":{long}}}")), "{text}");
    }
}

#[tokio::test]
async fn subscriptions_are_told_what_the_upstream_tells() {
    let habits = Habits::new().with_stream();
    let mut upstream = Upstream::with(&habits).await;
    let adjust = |config: &mut eyot::ProxyConfig| config.affinity = Affinity::Shared;
    let proxy = Proxy::before_url(&upstream, patient_limits(), adjust).await;
    let wanted = json!({ "notifications": { "toolsListChanged": true, "promptsListChanged": true,
        "resourceSubscriptions": ["a:b"] } });
    let request = modern_request(7, "subscriptions/listen", wanted);
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&modern_ask(&request)).await;
    let serving = async {
        let mut stream = upstream.next().await.events().await;
        upstream.expect("resources/subscribe").await.result(json!({})).await;
        stream.message(&note("notifications/resources/updated", json!({ "uri": "a:b" }))).await;
        stream
    };
    let (mut stream, begun) = tokio::join!(serving, connection.begun());
    let mut events = begun.events();
    let acknowledged = events.next().await.message();
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged");
    let granted = json!({ "toolsListChanged": true, "resourceSubscriptions": ["a:b"] });
    assert_eq!(acknowledged["params"]["notifications"], granted);
    let updated = events.next().await.message();
    let expected = json!({ "uri": "a:b", "_meta": { (format!("{META}subscriptionId")): 7 } });
    assert_eq!(updated["params"], expected);
    stream.message(&note("notifications/tools/list_changed", json!({}))).await;
    assert_eq!(events.next().await.message()["method"], "notifications/tools/list_changed");
    habits.forget();
    drop(stream);
    // The session is opened and subscribed again, and every resource may have changed.
    let serving = async {
        let stream = upstream.next().await.events().await;
        upstream.expect("resources/subscribe").await.result(json!({})).await;
        stream
    };
    let (_stream, first) = tokio::join!(serving, events.next());
    assert_eq!(first.message()["method"], "notifications/tools/list_changed");
    assert_eq!(events.next().await.message()["method"], "notifications/resources/updated");
}
