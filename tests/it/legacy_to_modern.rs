//! A legacy client before a server that is only modern.

use serde_json::{Value, json};

use crate::support::{
    Exchange, Proxy, Session, Stage, Upstream, call, initialize, note, patient_limits, send,
    tool_text,
};

const META: &str = "io.modelcontextprotocol/";

/// The server's description of itself.
pub(crate) fn discovered() -> Value {
    json!({ "resultType": "complete", "supportedVersions": ["2026-07-28"], "ttlMs": 0,
        "cacheScope": "private", "instructions": "Row.",
        "capabilities": { "tools": { "listChanged": true }, "logging": {},
            "resources": { "subscribe": true }, "extensions": { "x/y": {} } },
        "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "modern", "version": "2" } } })
}

/// The answer of a modern server to a method that it does not know: 404 with a JSON-RPC error.
pub(crate) async fn refuse(exchange: Exchange, status: u16, code: i64, data: Value) {
    let error = json!({ "code": code, "message": "refused", "data": data });
    let body = json!({ "jsonrpc": "2.0", "id": exchange.id(), "error": error }).to_string();
    exchange.respond(status, "content-type: application/json\r\n", body.as_bytes()).await;
}

/// Refuses `initialize` as a modern server does, then answers `server/discover`: once to the probe,
/// once to the bridge.
pub(crate) async fn discover(upstream: &mut Upstream) {
    let supported = json!({ "supported": ["2026-07-28"], "requested": "2025-11-25" });
    refuse(upstream.expect("initialize").await, 400, -32022, supported).await;
    for _ in 0..2 {
        upstream.expect("server/discover").await.result(discovered()).await;
    }
}

async fn open(revision: &str) -> (Upstream, Proxy, Session) {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let (session, ()) =
        tokio::join!(Session::open(proxy.address, revision), discover(&mut upstream));
    (upstream, proxy, session)
}

pub(crate) fn done(text: &str) -> Value {
    let mut result = tool_text(text);
    result["resultType"] = json!("complete");
    result
}

/// The list of tools that the bridge asks for before the first call.
pub(crate) async fn list(upstream: &mut Upstream, tools: Value) {
    let asked = upstream.expect("tools/list").await;
    asked.result(json!({ "resultType": "complete", "tools": tools, "ttlMs": 0 })).await;
}

pub(crate) fn tool(name: &str, properties: Value) -> Value {
    let mut tool = json!({ "name": name, "inputSchema": { "type": "object" } });
    tool["inputSchema"]["properties"] = properties;
    tool
}

/// A session whose upstream has declared the tool `echo`.
async fn open_with_echo(revision: &str) -> (Upstream, Proxy, Session) {
    let (mut upstream, proxy, session) = open(revision).await;
    let asking = request(90, "tools/list", json!({}));
    let (answer, ()) =
        tokio::join!(session.send(&asking), list(&mut upstream, json!([tool("echo", json!({}))])));
    assert_eq!(answer.status, 200, "{}", answer.text());
    (upstream, proxy, session)
}

pub(crate) fn request(id: impl Into<Value>, method: &str, params: Value) -> Value {
    let mut request = json!({ "jsonrpc": "2.0", "id": id.into(), "method": method });
    request["params"] = params;
    request
}

/// A result that asks for input.
pub(crate) fn asks(requests: impl Into<Value>, state: &str) -> Value {
    json!({ "resultType": "input_required", "inputRequests": requests.into(), "requestState": state })
}

pub(crate) fn form(message: &str) -> Value {
    json!({ "method": "elicitation/create", "params": { "message": message,
        "requestedSchema": { "type": "object", "properties": { "name": { "type": "string" } } } } })
}

pub(crate) fn accepted(question: &Value, name: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": question["id"],
        "result": { "action": "accept", "content": { "name": name } } })
}

#[tokio::test]
async fn initialize_is_answered_with_what_the_server_says_of_itself() {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let ask = crate::support::Ask::post(&initialize("2025-06-18"));
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), discover(&mut upstream));
    let expected = json!({ "protocolVersion": "2025-06-18", "instructions": "Row.",
        "serverInfo": { "name": "modern", "version": "2" },
        "capabilities": { "tools": { "listChanged": true }, "logging": {},
            "resources": { "subscribe": true } } });
    assert_eq!(answer.json()["result"], expected);
    // The second session needs nothing from the server.
    Session::open(proxy.address, "2025-11-25").await;
}

#[tokio::test]
async fn request_says_what_the_client_has_said_once_and_keeps_its_bytes() {
    let (mut upstream, _proxy, session) = open_with_echo("2025-11-25").await;
    let level = request(1, "logging/setLevel", json!({ "level": "warning" }));
    assert_eq!(session.send(&level).await.json()["result"], json!({}));
    let text = r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{ "name":"echo","arguments":{ "z":1.50},"_meta":{"progressToken":"t","v.w/x":1e2}}}"#;
    let asking = session.with_headers(crate::support::Ask::post_text(text));
    let (answer, asked) = tokio::join!(session.ask(&asking), async {
        let asked = upstream.expect("tools/call").await;
        let kept = (asked.text.clone(), asked.header("mcp-name").map(str::to_owned));
        asked.result(done("fine")).await;
        kept
    });
    assert_eq!(answer.json()["id"], "a");
    assert_eq!(answer.json()["result"], tool_text("fine"));
    assert_eq!(asked.1.as_deref(), Some("echo"));
    assert!(
        asked.0.contains(r#"{ "name":"echo","arguments":{ "z":1.50},"_meta":{"#),
        "{}",
        asked.0
    );
    let params = serde_json::from_str::<Value>(&asked.0).unwrap()["params"].clone();
    let expected = json!({ "progressToken": "t", "v.w/x": 1e2,
        format!("{META}protocolVersion"): "2026-07-28",
        format!("{META}clientInfo"): { "name": "tester", "version": "1" },
        format!("{META}logLevel"): "warning",
        format!("{META}clientCapabilities"): { "elicitation": {}, "sampling": {}, "roots": {} } });
    assert_eq!(params["_meta"], expected);
}

#[tokio::test]
async fn what_the_modern_era_does_not_have_is_answered_here() {
    let (mut upstream, _proxy, session) = open_with_echo("2025-11-25").await;
    assert_eq!(session.send(&request(1, "ping", json!({}))).await.json()["result"], json!({}));
    let changed = note("notifications/roots/list_changed", json!({}));
    assert_eq!(session.send(&changed).await.status, 202);
    let bad = request(2, "logging/setLevel", json!({ "level": "loud" }));
    assert_eq!(session.send(&bad).await.code(), -32602);
    for method in ["server/discover", "subscriptions/listen", "tasks/list"] {
        assert_eq!(session.send(&request(3, method, json!({}))).await.code(), -32601);
    }
    check_call(&session, &mut upstream).await;
}

/// Makes a call that is answered normally.
async fn check_call(session: &Session, upstream: &mut Upstream) {
    let asking = call("healthy", "echo", json!({}));
    let (answer, ()) = tokio::join!(session.send(&asking), async {
        upstream.expect("tools/call").await.result(done("fine")).await;
    });
    assert_eq!(answer.json()["result"], tool_text("fine"), "{}", answer.text());
}

#[tokio::test]
async fn errors_come_in_words_that_the_client_knows() {
    let (mut upstream, _proxy, session) = open_with_echo("2025-11-25").await;
    let needs = json!({ "requiredCapabilities": { "sampling": { "tools": {} } } });
    let cases = [
        (404, -32601, json!({}), -32601),
        (400, -32021, needs, -32600),
        (400, -32020, json!({}), -32603),
        (200, -32602, json!({ "uri": "x" }), -32002),
    ];
    for (status, code, data, expected) in cases {
        let asking = request(1, "resources/read", json!({ "uri": "x" }));
        let answering = async {
            refuse(upstream.expect("resources/read").await, status, code, data).await;
        };
        let (answer, ()) = tokio::join!(session.send(&asking), answering);
        assert_eq!((answer.status, answer.code()), (200, expected), "{}", answer.text());
    }
}

#[tokio::test]
async fn questions_of_a_round_become_requests_and_their_answers_come_back_in_the_next() {
    let (mut upstream, _proxy, session) = open_with_echo("2025-11-25").await;
    let calling = session.start(&call("c", "echo", json!({ "a": 1 }))).await;
    let first = upstream.expect("tools/call").await;
    let first_params = first.message()["params"].clone();
    let first_id = first.id();
    let state = r#""\u0061\/ \ud83e\udd80""#;
    let requests = json!({ "who": form("who?"), "where": { "method": "roots/list" } });
    let body = format!(
        r#"{{"jsonrpc":"2.0","id":{first_id},"result":{{"resultType":"input_required","inputRequests":{requests},"requestState":{state}}}}}"#
    );
    first.respond(200, "content-type: application/json\r\n", body.as_bytes()).await;
    let mut events = calling.begun().await.events();
    let one = events.next_message().await.message();
    let other = events.next_message().await.message();
    let (who, place) = if one["method"] == "roots/list" { (other, one) } else { (one, other) };
    assert_eq!(
        (&who["method"], &place["method"]),
        (&json!("elicitation/create"), &json!("roots/list"))
    );
    let roots = json!({ "jsonrpc": "2.0", "id": place["id"],
        "result": { "roots": [{ "uri": "file:///a" }] } });
    assert_eq!(session.send(&roots).await.status, 202);
    assert_eq!(session.send(&accepted(&who, "Ada")).await.status, 202);
    let second = upstream.expect("tools/call").await;
    assert_ne!(second.id(), first_id);
    assert!(second.text.contains(&format!(r#""requestState":{state}"#)), "{}", second.text);
    let mut params = second.message()["params"].clone();
    let responses = params["inputResponses"].take();
    let expected = json!({ "where": { "roots": [{ "uri": "file:///a" }] },
        "who": { "action": "accept", "content": { "name": "Ada" } } });
    assert_eq!(responses, expected);
    let members = params.as_object_mut().unwrap();
    members.remove("inputResponses");
    members.remove("requestState");
    assert_eq!(params, first_params);
    second.result(done("Hello, Ada")).await;
    let answer = events.rest().await.last().unwrap().message();
    assert_eq!((&answer["id"], &answer["result"]), (&json!("c"), &tool_text("Hello, Ada")));
}

#[tokio::test]
async fn twenty_calls_that_ask_get_each_its_own_answer() {
    let (mut upstream, _proxy, session) = open_with_echo("2025-11-25").await;
    let mut calls = Vec::new();
    for number in 0..20 {
        let calling = session.start(&call(number, "echo", json!({ "n": number }))).await;
        let asked = upstream.expect("tools/call").await;
        let number = asked.message()["params"]["arguments"]["n"].clone();
        asked
            .result(asks(json!({ "k": form(&format!("who {number}?")) }), &number.to_string()))
            .await;
        calls.push(calling.begun().await.events());
    }
    let mut questions = Vec::new();
    for events in &mut calls {
        questions.push(events.next_message().await.message());
    }
    for question in questions.iter().rev() {
        let name = question["params"]["message"].as_str().unwrap();
        assert_eq!(session.send(&accepted(question, name)).await.status, 202);
        let asked = upstream.expect("tools/call").await;
        let params = asked.message()["params"].clone();
        let number = params["arguments"]["n"].clone();
        assert_eq!(params["requestState"], number.to_string());
        let said = params["inputResponses"]["k"]["content"]["name"].as_str().unwrap();
        assert_eq!(said, format!("who {number}?"));
        asked.result(done(said)).await;
    }
    for (number, events) in calls.into_iter().enumerate() {
        let answer = events.rest().await.last().unwrap().message();
        assert_eq!(answer["id"], number);
        assert_eq!(answer["result"], tool_text(&format!("who {number}?")));
    }
}

#[tokio::test]
async fn client_that_refuses_fails_the_tool_and_its_other_questions_are_taken_back() {
    let (mut upstream, _proxy, session) = open_with_echo("2025-11-25").await;
    let calling = session.start(&call(1, "echo", json!({}))).await;
    let requests = json!({ "a": form("a?"), "b": form("b?") });
    upstream.expect("tools/call").await.result(asks(requests, "s")).await;
    let mut events = calling.begun().await.events();
    let first = events.next_message().await.message();
    let second = events.next_message().await.message();
    let refusal = json!({ "jsonrpc": "2.0", "id": first["id"],
        "error": { "code": -1, "message": "User rejected" } });
    assert_eq!(session.send(&refusal).await.status, 202);
    let (messages, _) = events.messages().await;
    assert_eq!(messages[0]["method"], "notifications/cancelled");
    assert_eq!(messages[0]["params"]["requestId"], second["id"]);
    assert_eq!(messages[1]["result"]["isError"], true, "{messages:?}");
    assert_eq!(session.send(&accepted(&second, "late")).await.status, 202);
    check_call(&session, &mut upstream).await;
}

#[tokio::test]
async fn client_that_never_answers_fails_the_call_and_not_the_session() {
    let mut upstream = Upstream::bare().await;
    let mut limits = patient_limits();
    limits.calls.question_timeout = std::time::Duration::from_millis(50);
    let proxy = Proxy::before_url(&upstream, limits, |_| {}).await;
    let opening = Session::open(proxy.address, "2025-11-25");
    let (session, ()) = tokio::join!(opening, discover(&mut upstream));
    let asking = request(1, "prompts/get", json!({ "name": "p" }));
    let calling = session.start(&asking).await;
    upstream.expect("prompts/get").await.result(asks(json!({ "k": form("?") }), "s")).await;
    let (messages, _) = calling.begun().await.events().messages().await;
    assert_eq!(messages[1]["method"], "notifications/cancelled", "{messages:?}");
    assert_eq!(messages[1]["params"]["requestId"], messages[0]["id"]);
    assert_eq!(messages[2]["error"]["code"], -32603);
    assert_eq!(session.send(&request(2, "ping", json!({}))).await.status, 200);
}

#[tokio::test]
async fn answer_of_another_session_reaches_no_call() {
    let (mut upstream, proxy, session) = open_with_echo("2025-11-25").await;
    let other = Session::open(proxy.address, "2025-11-25").await;
    let calling = session.start(&call(1, "echo", json!({}))).await;
    upstream.expect("tools/call").await.result(asks(json!({ "k": form("?") }), "s")).await;
    let mut events = calling.begun().await.events();
    let question = events.next_message().await.message();
    assert_eq!(other.send(&accepted(&question, "thief")).await.status, 202);
    assert_eq!(session.send(&accepted(&question, "owner")).await.status, 202);
    let asked = upstream.expect("tools/call").await;
    assert_eq!(asked.message()["params"]["inputResponses"]["k"]["content"]["name"], "owner");
    asked.result(done("owner")).await;
    events.rest().await;
}

#[tokio::test]
async fn cancelled_call_closes_the_servers_stream() {
    let (mut upstream, _proxy, session) = open_with_echo("2025-11-25").await;
    let calling = session.start(&call(5, "echo", json!({}))).await;
    let mut out = upstream.expect("tools/call").await.events().await;
    let log = json!({ "level": "info", "data": "working",
        "_meta": { "io.modelcontextprotocol/x": 1 } });
    out.message(&note("notifications/message", log)).await;
    let mut events = calling.begun().await.events();
    let log = events.next_message().await.message();
    assert_eq!(
        log["params"],
        json!({ "level": "info", "data": "working",
        "_meta": { "io.modelcontextprotocol/x": 1 } })
    );
    let cancelled = note("notifications/cancelled", json!({ "requestId": 5 }));
    assert_eq!(session.send(&cancelled).await.status, 202);
    out.closed().await;
    assert_eq!(events.rest().await, []);
    check_call(&session, &mut upstream).await;
}

#[tokio::test]
async fn client_that_goes_away_has_not_cancelled_and_finds_its_answer() {
    let (mut upstream, _proxy, session) = open_with_echo("2025-11-25").await;
    let calling = session.start(&call(5, "echo", json!({}))).await;
    upstream.expect("tools/call").await.result(asks(json!({ "k": form("?") }), "s")).await;
    let mut events = calling.begun().await.events();
    let question = events.next_message().await;
    drop(events);
    assert_eq!(session.send(&accepted(&question.message(), "Ada")).await.status, 202);
    upstream.expect("tools/call").await.result(done("Ada")).await;
    let events = session.begin(&session.get_after(question.id())).await.events();
    let answer = events.rest().await.last().unwrap().message();
    assert_eq!(answer["result"], tool_text("Ada"));
}

#[tokio::test]
async fn lost_stream_is_asked_again_once_if_the_request_only_reads() {
    let (mut upstream, _proxy, session) = open_with_echo("2025-11-25").await;
    let reading = request(1, "resources/read", json!({ "uri": "x" }));
    let (answer, ()) = tokio::join!(session.send(&reading), async {
        drop(upstream.expect("resources/read").await.events().await);
        let result = json!({ "resultType": "complete", "contents": [] });
        upstream.expect("resources/read").await.result(result).await;
    });
    assert_eq!(answer.json()["result"], json!({ "contents": [] }), "{}", answer.text());
    let asking = call(2, "echo", json!({}));
    let (answer, ()) = tokio::join!(session.send(&asking), async {
        drop(upstream.expect("tools/call").await.events().await);
    });
    assert_eq!(answer.json()["error"]["data"]["outcome"], "unknown", "{}", answer.text());
    check_call(&session, &mut upstream).await;
}

#[tokio::test]
async fn arguments_are_mirrored_and_the_list_is_asked_for_anew_when_the_server_misses_them() {
    let (mut upstream, _proxy, session) = open("2025-11-25").await;
    let place = |header: &str| json!({ "place": { "type": "string", "x-mcp-header": header } });
    let asking = call(1, "go", json!({ "place": "Oslo" }));
    let (answer, ()) = tokio::join!(session.send(&asking), async {
        list(&mut upstream, json!([tool("go", place("Old"))])).await;
        let asked = upstream.expect("tools/call").await;
        assert_eq!(asked.header("mcp-param-old"), Some("Oslo"));
        refuse(asked, 400, -32020, json!({})).await;
        list(&mut upstream, json!([tool("go", place("New"))])).await;
        let asked = upstream.expect("tools/call").await;
        assert_eq!(asked.header("mcp-param-new"), Some("Oslo"));
        asked.result(done("gone")).await;
    });
    assert_eq!(answer.json()["result"], tool_text("gone"), "{}", answer.text());
}

#[tokio::test]
async fn tool_whose_headers_cannot_be_made_is_left_out_of_the_list() {
    let (mut upstream, _proxy, session) = open("2025-11-25").await;
    let bad = tool("bad", json!({ "a": { "type": "number", "x-mcp-header": "A" } }));
    let asking = request(1, "tools/list", json!({}));
    let (answer, ()) = tokio::join!(
        session.send(&asking),
        list(&mut upstream, json!([bad, tool("good", json!({}))]))
    );
    let tools = answer.json()["result"]["tools"].clone();
    assert_eq!(tools.as_array().unwrap().len(), 1);
    assert_eq!(tools[0]["name"], "good");
}

#[tokio::test]
async fn structured_content_fits_the_schema_that_the_client_has_seen() {
    let (mut upstream, _proxy, session) = open("2025-11-25").await;
    let mut any = tool("any", json!({}));
    any["outputSchema"] = json!({ "anyOf": [{ "type": "object" }, { "type": "integer" }] });
    for value in [json!({ "a": 1 }), json!(7)] {
        let mut result = done("said");
        result["structuredContent"] = value.clone();
        let any = json!([any.clone()]);
        let first = value.is_object();
        let asking = call(1, "any", json!({}));
        let (answer, ()) = tokio::join!(session.send(&asking), async {
            if first {
                list(&mut upstream, any).await;
            }
            upstream.expect("tools/call").await.result(result).await;
        });
        let answer = answer.json();
        assert_eq!(answer["result"]["structuredContent"], json!({ "result": value }), "{answer}");
    }
}

#[tokio::test]
async fn batch_goes_over_the_bridge() {
    let (mut upstream, _proxy, session) = open_with_echo("2025-03-26").await;
    let batch = json!([call(1, "echo", json!({})), request(2, "ping", json!({}))]);
    let calling = session.start(&batch).await;
    upstream.expect("tools/call").await.result(done("one")).await;
    let events = calling.begun().await.events().rest().await;
    let mut answers: Vec<_> = events.iter().map(|it| it.message()).collect();
    answers.sort_by_key(|it| it["id"].as_u64());
    assert_eq!(answers[0]["result"], tool_text("one"));
    assert_eq!(answers[1]["result"], json!({}));
}

#[tokio::test]
async fn session_before_a_child_goes_over_the_bridge() {
    let stage = Stage::open().await;
    let proxy = Proxy::before_child(stage.command(), patient_limits(), |_| {}).await;
    let opening = async {
        let mut refusing = stage.enter().await;
        let asked = refusing.expect("initialize").await;
        let error = json!({ "code": -32022, "message": "no", "data": {} });
        refusing.say_json(&json!({ "jsonrpc": "2.0", "id": asked["id"], "error": error })).await;
        let mut puppet = stage.enter().await;
        for _ in 0..2 {
            let asked = puppet.expect("server/discover").await;
            puppet.result(&asked, discovered()).await;
        }
        puppet
    };
    let (session, mut puppet) = tokio::join!(Session::open(proxy.address, "2025-11-25"), opening);
    let calling = session.start(&call(1, "echo", json!({}))).await;
    let listing = puppet.expect("tools/list").await;
    puppet.result(&listing, json!({ "tools": [tool("echo", json!({}))] })).await;
    let asked = puppet.expect("tools/call").await;
    puppet.result(&asked, asks(json!({ "k": form("who?") }), "s")).await;
    let mut events = calling.begun().await.events();
    let question = events.next_message().await.message();
    assert_eq!(session.send(&accepted(&question, "Ada")).await.status, 202);
    let asked = puppet.expect("tools/call").await;
    assert_eq!(asked["params"]["requestState"], "s");
    puppet.result(&asked, done("Ada")).await;
    assert_eq!(events.rest().await.last().unwrap().message()["result"], tool_text("Ada"));
    // The child is told when its call is cancelled.
    let calling = session.start(&call(2, "echo", json!({}))).await;
    let asked = puppet.expect("tools/call").await;
    let cancelled = note("notifications/cancelled", json!({ "requestId": 2 }));
    assert_eq!(session.send(&cancelled).await.status, 202);
    let told = puppet.expect("notifications/cancelled").await;
    assert_eq!(told["params"]["requestId"], asked["id"]);
    drop(calling);
}
