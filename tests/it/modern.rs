//! The modern era: every request is independent, its headers match its body, and hanging up cancels
//! it.

use serde_json::{Value, json};

use crate::support::{
    Ask, Connection, Habits, Proxy, Puppet, Stage, Upstream, initialize, modern_ask,
    modern_request, note, patient_limits, send, tool_text,
};

/// `tools/call` of a modern client.
fn modern_call(id: impl Into<Value>, name: &str) -> Value {
    modern_request(id, "tools/call", json!({ "name": name, "arguments": {} }))
}

/// The result of `server/discover`.
fn discovered() -> Value {
    json!({ "resultType": "complete", "supportedVersions": ["2026-07-28"],
        "capabilities": { "tools": {} }, "serverInfo": { "name": "s", "version": "1" } })
}

fn done(text: &str) -> Value {
    let mut result = tool_text(text);
    result["resultType"] = json!("complete");
    result
}

/// A proxy that already knows that its upstream is modern.
async fn open() -> (Upstream, Proxy) {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let warm_up = async {
        upstream.expect("server/discover").await.result(discovered()).await;
        upstream.expect("tools/call").await.result(done("warm")).await;
    };
    let ask = modern_ask(&modern_call(1, "echo"));
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), warm_up);
    assert_eq!(answer.status, 200, "{}", answer.text());
    (upstream, proxy)
}

async fn check_healthy(upstream: &mut Upstream, proxy: &Proxy) {
    let ask = modern_ask(&modern_call(1, "echo"));
    let answering = async { upstream.expect("tools/call").await.result(done("fine")).await };
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    assert_eq!(answer.json()["result"]["content"][0]["text"], "fine");
}

/// Sends a changed call; it must be refused with 400 and this code.
async fn check(change: impl FnOnce(&mut Value), headers: impl FnOnce(Ask) -> Ask, code: i64) {
    let (mut upstream, proxy) = open().await;
    let mut request = modern_call(7, "echo");
    let ask = modern_ask(&request);
    change(&mut request);
    let (_, body) = Ask::post(&request).parts();
    let ask = headers(ask.body(&body));
    let answer = send(proxy.address, &ask).await;
    assert_eq!((answer.status, answer.code()), (400, code), "{}", answer.text());
    check_healthy(&mut upstream, &proxy).await;
}

const META: &str = "io.modelcontextprotocol/";

#[tokio::test]
async fn headers_that_differ_from_the_body_are_refused() {
    check(|_| {}, |ask| ask.header("mcp-method", "tools/list"), -32020).await;
    check(|_| {}, |ask| ask.header("mcp-name", "other"), -32020).await;
    check(|it| it["params"]["name"] = json!("other"), |ask| ask, -32020).await;
    check(|_| {}, |ask| ask.header("mcp-protocol-version", "2025-11-25"), -32020).await;
}

#[tokio::test]
async fn headers_that_are_missing_are_refused() {
    for name in ["mcp-method", "mcp-name", "mcp-protocol-version"] {
        check(|_| {}, |ask| ask.without(name), -32020).await;
    }
}

#[tokio::test]
async fn metadata_that_is_missing_is_refused() {
    for name in ["protocolVersion", "clientCapabilities"] {
        let remove = |request: &mut Value| {
            let meta = request["params"]["_meta"].as_object_mut().expect("it has metadata");
            meta.remove(&format!("{META}{name}"));
        };
        check(remove, |ask| ask, -32602).await;
    }
}

#[tokio::test]
async fn revision_that_is_not_spoken_is_refused_with_those_that_are() {
    let (mut upstream, proxy) = open().await;
    let mut request = modern_call(7, "echo");
    request["params"]["_meta"][format!("{META}protocolVersion")] = json!("2099-01-01");
    let ask = modern_ask(&request).header("mcp-protocol-version", "2099-01-01");
    let answer = send(proxy.address, &ask).await;
    assert_eq!((answer.status, answer.code()), (400, -32022), "{}", answer.text());
    let data = &answer.json()["error"]["data"];
    assert_eq!(data, &json!({ "supported": ["2026-07-28"], "requested": "2099-01-01" }));
    check_healthy(&mut upstream, &proxy).await;
}

#[tokio::test]
async fn name_that_no_header_can_hold_is_read_in_base64() {
    let (mut upstream, proxy) = open().await;
    let ask = modern_ask(&modern_call(1, "Grüße"));
    let ask = ask.header("mcp-name", "=?base64?R3LDvMOfZQ==?=");
    let answering = async {
        let asked = upstream.next().await;
        assert_eq!(asked.header("mcp-name"), Some("=?base64?R3LDvMOfZQ==?="));
        asked.result(done("Grüße")).await;
    };
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn get_and_delete_are_answered_with_405() {
    let (mut upstream, proxy) = open().await;
    for ask in [Ask::get(), Ask::delete()] {
        let answer = send(proxy.address, &ask.header("mcp-protocol-version", "2026-07-28")).await;
        assert_eq!(answer.status, 405);
        assert_eq!(answer.head.header("allow"), Some("POST"));
    }
    check_healthy(&mut upstream, &proxy).await;
}

#[tokio::test]
async fn responses_are_refused() {
    let (mut upstream, proxy) = open().await;
    let response = json!({ "jsonrpc": "2.0", "id": 1, "result": {} });
    let ask = Ask::post(&response).header("mcp-protocol-version", "2026-07-28");
    assert_eq!(send(proxy.address, &ask).await.status, 400);
    check_healthy(&mut upstream, &proxy).await;
}

#[tokio::test]
async fn session_and_cursor_of_a_modern_client_are_ignored() {
    let (mut upstream, proxy) = open().await;
    let ask = modern_ask(&modern_call(1, "echo"));
    let ask = ask.header("mcp-session-id", "whatever").header("last-event-id", "1.1.1");
    let answering = async {
        let asked = upstream.next().await;
        assert_eq!(asked.header("mcp-session-id"), None);
        assert_eq!(asked.header("last-event-id"), None);
        asked.result(done("ignored")).await;
    };
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.head.header("mcp-session-id"), None);
}

#[tokio::test]
async fn request_reaches_the_upstream_with_its_headers_and_without_its_id_and_key() {
    let (mut upstream, proxy) = open().await;
    let params = r#"{"name":"echo","arguments":{"b":1.50, "a":"\u0041"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{},"x":[1 ]}}"#;
    let text =
        format!(r#"{{"jsonrpc":"2.0","id":"mine","method":"tools/call","params":{params}}}"#);
    let ask = modern_ask(&modern_call("mine", "echo")).body(text.as_bytes());
    let ask = ask.header("mcp-param-region", "eu").header("authorization", "Bearer secret");
    let ask = ask.header("cookie", "secret");
    let answering = async {
        let asked = upstream.next().await;
        assert!(asked.text.contains(params), "{}", asked.text);
        assert!(asked.id().is_u64(), "{}", asked.text);
        assert_eq!(asked.header("mcp-method"), Some("tools/call"));
        assert_eq!(asked.header("mcp-name"), Some("echo"));
        assert_eq!(asked.header("mcp-protocol-version"), Some("2026-07-28"));
        assert_eq!(asked.header("mcp-param-region"), Some("eu"));
        assert!(!format!("{:?}", asked.head).contains("secret"), "{:?}", asked.head);
        asked.result(done("seen")).await;
    };
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    assert_eq!(answer.json()["id"], "mine");
}

#[tokio::test]
async fn events_of_a_modern_answer_have_no_ids() {
    let (mut upstream, proxy) = open().await;
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&modern_ask(&modern_call(1, "stream"))).await;
    let running = upstream.next().await;
    let answer = running.result_message(done("streamed"));
    let mut out = running.events().await;
    out.event("upstreams-own", &note("notifications/message", json!({}))).await;
    out.event("upstreams-other", &answer).await;
    out.end().await;
    let events = connection.begun().await.events().rest().await;
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(events.iter().all(|it| it.id.is_none() && it.retry.is_none()), "{events:?}");
    assert_eq!(events[1].message()["id"], 1);
}

#[tokio::test]
async fn unknown_method_is_answered_with_404() {
    let (mut upstream, proxy) = open().await;
    let ask = modern_ask(&modern_request(1, "no/such", json!({})));
    let answering = async {
        let asked = upstream.next().await;
        let error = json!({ "code": -32601, "message": "Method not found" });
        let error = json!({ "jsonrpc": "2.0", "id": asked.id(), "error": error });
        let headers = "content-type: application/json\r\n";
        asked.respond(404, headers, error.to_string().as_bytes()).await;
    };
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    assert_eq!((answer.status, answer.code()), (404, -32601), "{}", answer.text());
    check_healthy(&mut upstream, &proxy).await;
}

#[tokio::test]
async fn client_that_hangs_up_cancels_its_request_at_an_http_upstream() {
    let (mut upstream, proxy) = open().await;
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&modern_ask(&modern_call(1, "slow"))).await;
    let running = upstream.next().await;
    drop(connection);
    running.closed().await;
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&modern_ask(&modern_call(1, "slow"))).await;
    let mut out = upstream.next().await.events().await;
    out.message(&note("notifications/message", json!({}))).await;
    let mut events = connection.begun().await.events();
    events.next_message().await;
    drop(events);
    out.closed().await;
    check_healthy(&mut upstream, &proxy).await;
}

/// A proxy before a modern child.
async fn open_child() -> (Stage, Puppet, Proxy) {
    open_child_by(&modern_call(1, "echo")).await
}

/// A proxy before a modern child that has answered this request.
async fn open_child_by(request: &Value) -> (Stage, Puppet, Proxy) {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let warm_up = async {
        let mut puppet = stage.enter().await;
        let asked = puppet.expect("server/discover").await;
        puppet.result(&asked, discovered()).await;
        let asked = puppet.expect(request["method"].as_str().unwrap()).await;
        puppet.result(&asked, done("warm")).await;
        puppet
    };
    let ask = modern_ask(request);
    let (answer, puppet) = tokio::join!(send(proxy.address, &ask), warm_up);
    assert_eq!(answer.status, 200, "{}", answer.text());
    (stage, puppet, proxy)
}

#[tokio::test]
async fn client_that_hangs_up_cancels_its_request_at_a_child() {
    let (_stage, mut puppet, proxy) = open_child().await;
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&modern_ask(&modern_call(1, "slow"))).await;
    let asked = puppet.expect("tools/call").await;
    drop(connection);
    let cancelled = puppet.expect("notifications/cancelled").await;
    assert_eq!(cancelled["params"]["requestId"], asked["id"]);
    // A call of another client with this id is another call.
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&modern_ask(&modern_call(1, "echo"))).await;
    let next = puppet.expect("tools/call").await;
    puppet.result(&asked, done("too late")).await;
    puppet.result(&next, done("right")).await;
    assert_eq!(connection.response().await.json()["result"]["content"][0]["text"], "right");
}

/// A list of one tool, whose argument `region` is mirrored.
fn mirroring_tools() -> Value {
    let region = json!({ "type": "string", "x-mcp-header": "Region" });
    let schema = json!({ "type": "object", "properties": { "region": region } });
    let bad = json!({ "type": "object", "properties": { "a": { "x-mcp-header": "no header" } } });
    json!({ "resultType": "complete", "ttlMs": 0, "cacheScope": "private", "tools": [
        { "name": "t", "inputSchema": schema }, { "name": "bad", "inputSchema": bad }] })
}

fn regional_call(header: Option<&str>) -> Ask {
    let arguments = json!({ "name": "t", "arguments": { "region": "eu" } });
    let ask = modern_ask(&modern_request(1, "tools/call", arguments));
    match header {
        Some(value) => ask.header("mcp-param-region", value),
        None => ask,
    }
}

#[tokio::test]
async fn headers_that_a_child_cannot_see_are_held_against_arguments() {
    let (_stage, mut puppet, proxy) = open_child().await;
    let list = modern_ask(&modern_request(1, "tools/list", json!({})));
    let listing = async {
        let request = puppet.expect("tools/list").await;
        puppet.result(&request, mirroring_tools()).await;
    };
    let (listed, ()) = tokio::join!(send(proxy.address, &list), listing);
    let listed = listed.json();
    assert_eq!(listed["result"]["tools"].as_array().map(Vec::len), Some(1), "{listed}");
    for header in [None, Some("us")] {
        let answer = send(proxy.address, &regional_call(header)).await;
        assert_eq!((answer.status, answer.code()), (400, -32020), "{}", answer.text());
    }
    let answering = async {
        let request = puppet.expect("tools/call").await;
        puppet.result(&request, done("fine")).await;
    };
    let right = regional_call(Some("eu"));
    let (answer, ()) = tokio::join!(send(proxy.address, &right), answering);
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn child_is_asked_for_its_tools_before_a_header_is_believed() {
    let first = modern_request(1, "resources/list", json!({}));
    let (_stage, mut puppet, proxy) = open_child_by(&first).await;
    let listing = async {
        let request = puppet.expect("tools/list").await;
        let meta = &request["params"]["_meta"];
        assert_eq!(meta["io.modelcontextprotocol/clientInfo"]["name"], "t", "{request}");
        puppet.result(&request, mirroring_tools()).await;
    };
    let wrong = regional_call(Some("us"));
    let (answer, ()) = tokio::join!(send(proxy.address, &wrong), listing);
    assert_eq!((answer.status, answer.code()), (400, -32020), "{}", answer.text());
}

#[tokio::test]
async fn child_that_dies_is_started_again_for_the_next_request() {
    let (stage, mut puppet, proxy) = open_child().await;
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&modern_ask(&modern_call(1, "die"))).await;
    puppet.expect("tools/call").await;
    puppet.exit(9, "tired of life").await;
    let answer = connection.response().await;
    assert_eq!(answer.json()["error"]["data"]["outcome"], "unknown", "{}", answer.text());
    assert!(answer.text().contains("exit code 9"), "{}", answer.text());
    assert!(!answer.text().contains("tired of life"), "{}", answer.text());
    let mut connection = Connection::open(proxy.address).await;
    connection.ask(&modern_ask(&modern_call(2, "echo"))).await;
    let mut puppet = stage.enter().await;
    let asked = puppet.expect("server/discover").await;
    puppet.result(&asked, discovered()).await;
    let asked = puppet.expect("tools/call").await;
    puppet.result(&asked, done("risen")).await;
    assert_eq!(connection.response().await.json()["id"], 2);
}

#[tokio::test]
async fn subscription_is_named_as_its_client_named_it() {
    let (mut upstream, proxy) = open().await;
    let mut streams = Vec::new();
    for id in ["one", "two"] {
        let request = modern_request(id, "subscriptions/listen", json!({ "notifications": {} }));
        let mut connection = Connection::open(proxy.address).await;
        connection.ask(&modern_ask(&request)).await;
        let listening = upstream.expect("subscriptions/listen").await;
        let ours = listening.id();
        let mut out = listening.events().await;
        let meta = json!({ "io.modelcontextprotocol/subscriptionId": ours });
        let message = note("notifications/tools/list_changed", json!({ "_meta": meta }));
        out.message(&message).await;
        streams.push((id, connection.begun().await.events(), out));
    }
    for (id, events, _) in &mut streams {
        let message = events.next_message().await.message();
        let named = &message["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"];
        assert_eq!(named, id, "{message}");
    }
}

#[tokio::test]
async fn clients_of_both_eras_are_served_by_one_legacy_upstream() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let answering = async { upstream.expect("tools/call").await.tool_text("for both").await };
    let ask = modern_ask(&modern_call(1, "echo"));
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    assert_eq!(answer.json()["result"]["content"][0]["text"], "for both", "{}", answer.text());
    let answer = send(proxy.address, &Ask::post(&initialize("2025-11-25"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn upstream_that_cannot_be_asked_is_not_taken_for_legacy() {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let ask = modern_ask(&modern_call(1, "echo"));
    for status in [401, 403, 500, 503] {
        let answering = async { upstream.expect("server/discover").await.status(status).await };
        let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
        assert!(!answer.text().contains("legacy"), "{status}: {}", answer.text());
    }
    let answering = async {
        upstream.expect("server/discover").await.result(discovered()).await;
        upstream.expect("tools/call").await.result(done("at last")).await;
    };
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    assert_eq!(answer.json()["result"]["content"][0]["text"], "at last");
}
