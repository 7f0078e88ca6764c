//! Requests with and without a trace, on their way to a server.

use std::sync::Arc;

use eyot_interceptors::{Boundary, InterceptorLayer, Interceptors, Origin, Plan, PlanOptions};
use eyot_jsonrpc::{Id, Message, Request, ScanLimits};
use eyot_service::{BoxService, Call, Input, Peer, Reply};
use eyot_types::Era;
use http::HeaderMap;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tower_layer::Layer as _;
use tower_service::Service as _;

use super::*;

const CAME: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// The parameters of a call as a server gets them: their text.
async fn sent(params: &str) -> String {
    let plan = Plan::compile([trace(true)], PlanOptions::default()).unwrap();
    let origin = Origin::of_client(Peer::ourselves(Era::Modern));
    let outcome = plan.apply("tools/call", Phase::Request, params, &origin).await.unwrap();
    outcome.final_payload.unwrap().get().to_owned()
}

fn trace_of(params: &str) -> TraceParent {
    let params: Value = serde_json::from_str(params).unwrap();
    TraceParent::parse(params["_meta"]["traceparent"].as_str().unwrap()).unwrap()
}

/// The same with the trace that was made written as a dot.
fn dotted(params: &str) -> String {
    params.replace(&trace_of(params).to_string(), ".")
}

#[tokio::test]
async fn a_request_without_a_trace_begins_one_and_keeps_its_bytes() {
    for (params, expected) in [
        (
            r#"{"name":"a", "arguments":{"n":1.0e0}}"#,
            r#"{"_meta":{"traceparent":"."},"name":"a", "arguments":{"n":1.0e0}}"#,
        ),
        (r#"{"name":"a","_meta":{}}"#, r#"{"name":"a","_meta":{"traceparent":"."}}"#),
        (
            r#"{"name":"a","_meta":{ "x/y":1e2,"baggage":"u=1" }}"#,
            r#"{"name":"a","_meta":{"traceparent":".","x/y":1e2,"baggage":"u=1"}}"#,
        ),
    ] {
        let (one, other) = (sent(params).await, sent(params).await);
        assert_eq!(dotted(&one), expected);
        assert_ne!(trace_of(&one), trace_of(&other));
    }
}

#[tokio::test]
async fn a_span_of_ours_follows_that_of_the_client_in_its_trace() {
    let params = format!(
        r#"{{"name":"a","_meta":{{"traceparent" : "{CAME}", "tracestate":"v=1","p": 1}}}}"#
    );
    let sent = sent(&params).await;
    assert_eq!(dotted(&sent), params.replace(CAME, "."));
    let (came, ours) = (TraceParent::parse(CAME).unwrap(), trace_of(&sent));
    assert_eq!(came.trace_id().to_string(), ours.trace_id().to_string());
    assert_ne!(came.span_id().to_string(), ours.span_id().to_string());
}

#[tokio::test]
async fn a_trace_that_cannot_be_read_gives_way_to_a_new_one_with_its_state() {
    for odd in [
        r#""traceparent":"00-xyz","#.to_owned(),
        r#""traceparent":7,"#.to_owned(),
        format!(r#""traceparent":"{CAME}","traceparent":"{CAME}","#),
        String::new(),
    ] {
        let params = format!(r#"{{"name":"a","_meta":{{{odd}"tracestate":"v=1","a\"b":[1, 2]}}}}"#);
        let sent = sent(&params).await;
        assert_eq!(dotted(&sent), r#"{"name":"a","_meta":{"traceparent":".","a\"b":[1, 2]}}"#);
        assert!(!sent.contains("0af7651916cd43dd"), "{sent}");
    }
}

/// The text of a message, and its headers.
type Sent = (String, Option<HeaderMap>);

/// What a server gets of a message of a client.
async fn through_layer(text: &str, headers: HeaderMap) -> Sent {
    let came: Arc<Mutex<Option<Sent>>> = Arc::default();
    let noted = Arc::clone(&came);
    let server = BoxService::from_fn(move |call| {
        let Input::Request(request) = &call.input else { panic!("no request") };
        let text = String::from_utf8(request.to_bytes().to_vec()).unwrap();
        *noted.lock() = Some((text, call.extensions.get().cloned()));
        Box::pin(std::future::ready(Ok(Reply::One(request.answer(&json!({}))))))
    });
    let plan = Interceptors::new(Plan::compile([trace(false)], PlanOptions::default()).unwrap());
    let mut service = InterceptorLayer::new(&plan, Boundary::Upstream).layer(server);
    let message = Message::parse(text.to_owned().into(), &ScanLimits::default()).unwrap();
    let peer = Peer::ourselves(Era::Modern);
    let mut call = Call::new(Input::Request(message.into_request().unwrap()), peer);
    call.extensions.insert(headers);
    service.call(call).await.unwrap();
    let came = came.lock().take();
    came.unwrap()
}

#[tokio::test]
async fn a_request_without_parameters_gets_some() {
    let text = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let (sent, _) = through_layer(text, HeaderMap::new()).await;
    let sent: Value = serde_json::from_str(&sent).unwrap();
    let trace = sent["params"]["_meta"]["traceparent"].as_str().unwrap();
    assert!(trace.ends_with("-00"), "{sent}");
}

#[tokio::test]
async fn headers_that_mirror_arguments_stay_because_the_arguments_do() {
    let request = Request::new(
        Id::from_number(1),
        "tools/call",
        &json!({ "name": "a", "arguments": { "x": 1 } }),
    );
    let text = String::from_utf8(request.to_bytes().to_vec()).unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("mcp-param-x", http::HeaderValue::from_static("1"));
    let (_, passed) = through_layer(&text, headers.clone()).await;
    assert_eq!(passed, Some(headers));
}

#[tokio::test]
async fn questions_of_servers_are_left_as_they_are() {
    let plan = Plan::compile([trace(true)], PlanOptions::default()).unwrap();
    let origin = Origin::of_client(Peer::ourselves(Era::Legacy)).to_client(None);
    let params = r#"{"message":"really?"}"#;
    let outcome = plan.apply("elicitation/create", Phase::Request, params, &origin).await.unwrap();
    assert_eq!(outcome.final_payload.unwrap().get(), params);
}
