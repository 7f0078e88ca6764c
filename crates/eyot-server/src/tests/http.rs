//! A server of handlers as a tower service over HTTP, without a socket.

use bytes::Bytes;
use eyot_endpoint::{ApiKey, HttpService, Keys};
use eyot_http::OutgoingBody;
use eyot_stdx::Secret;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tower::Service as _;

use super::calculator;
use crate::{CallContext, Eras, NoArguments, Progress, Server, ServerBuilder, TaskPolicy, tool};

struct Http {
    service: HttpService,
    session: Option<String>,
}

struct Got {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Got {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The messages of an event stream.
    fn events(&self) -> Vec<Value> {
        Self::events_of(&self.body)
    }

    fn events_of(body: &str) -> Vec<Value> {
        let data = body.lines().filter_map(|it| it.strip_prefix("data: "));
        data.filter(|it| !it.is_empty()).map(|it| serde_json::from_str(it).unwrap()).collect()
    }
}

impl Http {
    fn new(server: ServerBuilder) -> Self {
        Self { service: server.build().unwrap().http().into_service(), session: None }
    }

    /// A server that asks for a key; these are all.
    fn with_keys(server: ServerBuilder, keys: &[&str]) -> Self {
        let key = |name: &&str| ApiKey { name: (*name).into(), key: Secret::new((*name).into()) };
        let http =
            server.build().unwrap().http().keys(Keys::new(keys.iter().map(key).collect()).unwrap());
        Self { service: http.into_service(), session: None }
    }

    async fn send(&mut self, body: &Value, headers: &[(&str, &str)]) -> Got {
        let (parts, body) = self.start(body, headers).await.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Got { status: parts.status, headers: parts.headers, body }
    }

    /// Sends a request; what comes of it is not read yet.
    async fn start(&mut self, body: &Value, headers: &[(&str, &str)]) -> Response<OutgoingBody> {
        let mut request = Request::post("/anything")
            .header("host", "127.0.0.1")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        if let Some(session) = &self.session {
            request = request.header("mcp-session-id", session);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body.to_string()))).unwrap();
        self.service.call(request).await.unwrap()
    }

    async fn initialize(&mut self) -> Got {
        self.initialize_with(json!({})).await
    }

    async fn initialize_with(&mut self, capabilities: Value) -> Got {
        let params = json!({ "protocolVersion": "2025-06-18", "capabilities": capabilities,
            "clientInfo": { "name": "t", "version": "0" } });
        let request =
            json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
        let got = self.send(&request, &[]).await;
        let session = got.headers.get("mcp-session-id");
        self.session = session.map(|it| it.to_str().unwrap().to_owned());
        got
    }

    async fn call_modern(&mut self, params: Value, headers: &[(&str, &str)]) -> Got {
        let name = params["name"].as_str().unwrap().to_owned();
        let mut params = params;
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": { "roots": {} },
            "progressToken": 1,
        });
        let request =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let mut all = vec![
            ("mcp-protocol-version", "2026-07-28"),
            ("mcp-method", "tools/call"),
            ("mcp-name", name.as_str()),
        ];
        all.extend_from_slice(headers);
        self.send(&request, &all).await
    }
}

#[tokio::test]
async fn a_session_is_opened_and_serves_calls() {
    let mut http = Http::new(calculator());
    let got = http.initialize().await;
    assert_eq!(got.json()["result"]["protocolVersion"], "2025-06-18");
    let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "add", "arguments": { "a": 1, "b": 2 } } });
    let got = http.send(&call, &[]).await;
    assert_eq!(got.json()["result"]["structuredContent"]["sum"], 3);
}

#[tokio::test]
async fn a_modern_call_needs_no_session_and_streams_when_there_is_something_to_say() {
    let report = tool("report", |_: NoArguments, call: CallContext| async move {
        call.progress(Progress::new(1.0)).await;
        "done"
    });
    let mut http = Http::new(calculator().tool(report));
    let got =
        http.call_modern(json!({ "name": "add", "arguments": { "a": 1, "b": 2 } }), &[]).await;
    assert_eq!(got.json()["result"]["structuredContent"]["sum"], 3);
    let got = http.call_modern(json!({ "name": "report" }), &[]).await;
    assert_eq!(got.headers["content-type"], "text/event-stream");
    let events = got.events();
    assert_eq!(events[0]["method"], "notifications/progress", "{events:?}");
    assert_eq!(events[1]["result"]["content"][0]["text"], "done");
}

#[tokio::test]
async fn a_foreign_host_is_turned_away() {
    let mut http = Http::new(calculator());
    let got =
        http.call_modern(json!({ "name": "add" }), &[("origin", "https://evil.example")]).await;
    assert_eq!(got.status, StatusCode::FORBIDDEN);
}

fn regional() -> ServerBuilder {
    let schema = json!({ "type": "object",
        "properties": { "region": { "type": "string", "x-mcp-header": "Region" } } });
    let query =
        tool(
            "query",
            |it: eyot_types::JsonObject, _| async move { format!("{:?}", it.get("region")) },
        );
    let schema = schema.as_object().unwrap().clone();
    Server::builder("s", "1").tool(query.input_schema(schema))
}

#[tokio::test]
async fn an_argument_that_is_mirrored_must_be_mirrored_truly() {
    let mut http = Http::new(regional());
    let params = json!({ "name": "query", "arguments": { "region": "eu" } });
    let got = http.call_modern(params.clone(), &[("mcp-param-region", "eu")]).await;
    assert_eq!(got.status, StatusCode::OK, "{}", got.body);
    for headers in [&[("mcp-param-region", "us")][..], &[]] {
        let got = http.call_modern(params.clone(), headers).await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{}", got.body);
        assert_eq!(got.json()["error"]["code"], -32020);
    }
    let got = http.call_modern(json!({ "name": "query" }), &[]).await;
    assert_eq!(got.status, StatusCode::OK, "{}", got.body);
}

#[tokio::test]
async fn a_server_of_one_era_names_it_to_clients_of_the_other() {
    let mut legacy_only = Http::new(calculator().eras(Eras::Legacy));
    let got = legacy_only.call_modern(json!({ "name": "add" }), &[]).await;
    assert_eq!(got.status, StatusCode::BAD_REQUEST);
    // No modern code: a client of both eras goes on with `initialize`.
    assert_eq!(got.json()["error"]["code"], -32600);
    assert_eq!(legacy_only.initialize().await.status, StatusCode::OK);

    let mut modern_only = Http::new(calculator().eras(Eras::Modern));
    let got = modern_only.initialize().await;
    assert_eq!(got.status, StatusCode::BAD_REQUEST, "{}", got.body);
    assert_eq!(got.json()["error"]["code"], -32022);
    assert_eq!(got.json()["error"]["data"]["supported"], json!(["2026-07-28"]));
    let got = modern_only
        .call_modern(json!({ "name": "add", "arguments": { "a": 1, "b": 1 } }), &[])
        .await;
    assert_eq!(got.status, StatusCode::OK);
}

#[tokio::test]
async fn a_request_for_a_task_must_name_it_in_its_header() {
    let slow = tool("slow", |_: NoArguments, _| async move { "" });
    let mut http = Http::new(Server::builder("s", "1").tool(slow.task(TaskPolicy::Optional)));
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let params = json!({
            "taskId": "t1",
            "inputResponses": {},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities":
                    { "extensions": { "io.modelcontextprotocol/tasks": {} } },
            },
        });
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let version = ("mcp-protocol-version", "2026-07-28");
        for (name, code, status) in [
            (Some("t1"), -32602, StatusCode::OK),
            (Some("=?base64?dDE=?="), -32602, StatusCode::OK),
            (Some("t2"), -32020, StatusCode::BAD_REQUEST),
            (None, -32020, StatusCode::BAD_REQUEST),
        ] {
            let mut headers = vec![version, ("mcp-method", method)];
            headers.extend(name.map(|it| ("mcp-name", it)));
            let got = http.send(&request, &headers).await;
            assert_eq!(got.json()["error"]["code"], code, "{method} {name:?}: {}", got.body);
            assert_eq!(got.status, status, "{method} {name:?}");
        }
    }
}

/// A server that asks its client for folders, and counts them.
fn counter() -> ServerBuilder {
    let ask = tool("ask", |_: NoArguments, call: CallContext| async move {
        call.list_roots().await.map(|it| it.roots.len().to_string())
    });
    Server::builder("s", "1").tool(ask)
}

#[tokio::test]
async fn a_parked_call_belongs_to_the_client_that_was_asked() {
    let mut http = Http::with_keys(counter(), &["ada", "eve"]);
    let (ada, eve) = ([("authorization", "Bearer ada")], [("authorization", "Bearer eve")]);
    let asked = http.call_modern(json!({ "name": "ask" }), &ada).await.json();
    let round = json!({
        "name": "ask",
        "inputResponses": { "q0": { "roots": [{ "uri": "file:///a" }] } },
        "requestState": asked["result"]["requestState"],
    });
    for _ in 0..2 {
        let refused = http.call_modern(round.clone(), &eve).await.json();
        assert_eq!(refused["error"]["message"], "Invalid or expired requestState", "{refused}");
        let answer = http.call_modern(round.clone(), &ada).await.json();
        assert_eq!(answer["result"]["content"][0]["text"], "1", "{answer}");
    }
}

#[tokio::test]
async fn a_question_is_withdrawn_on_the_stream_of_its_call() {
    let mut http = Http::new(counter());
    http.initialize_with(json!({ "roots": {} })).await;
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": { "name": "ask" } });
    let mut body = http.start(&request, &[]).await.into_body();
    let mut said = String::new();
    while !said.contains("roots/list") {
        let frame = body.frame().await.unwrap().unwrap();
        said += std::str::from_utf8(&frame.into_data().unwrap()).unwrap();
    }
    let cancelled = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": { "requestId": 1 } });
    assert_eq!(http.send(&cancelled, &[]).await.status, StatusCode::ACCEPTED);
    let rest = body.collect().await.unwrap().to_bytes();
    let messages = Got::events_of(&(said + std::str::from_utf8(&rest).unwrap()));
    let [question, withdrawn] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!(withdrawn["method"], "notifications/cancelled", "{withdrawn}");
    assert_eq!(withdrawn["params"]["requestId"], question["id"]);
}
