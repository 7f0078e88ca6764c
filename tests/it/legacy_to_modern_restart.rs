//! A session over the bridge outlives the process: the client's settings are stored.

use std::sync::Arc;

use eyot::MemoryStore;
use eyot::session::LogLimits;
use serde_json::json;

use crate::legacy_to_modern::{asks, discover, discovered, done, form, list, request, tool};
use crate::support::{Proxy, Session, Upstream, call, patient_limits, tool_text};

const META: &str = "io.modelcontextprotocol/";

#[tokio::test]
async fn session_of_an_earlier_process_goes_on() {
    let store = Arc::new(MemoryStore::new(LogLimits::default()));
    let mut upstream = Upstream::bare().await;
    let shared = Arc::clone(&store);
    let first =
        Proxy::before_url(&upstream, patient_limits(), |it| it.endpoint.store = shared).await;
    let opening = Session::open(first.address, "2025-11-25");
    let (mut session, ()) = tokio::join!(opening, discover(&mut upstream));
    let level = request(1, "logging/setLevel", json!({ "level": "error" }));
    assert_eq!(session.send(&level).await.status, 200);
    let calling = session.start(&call(2, "echo", json!({}))).await;
    list(&mut upstream, json!([tool("echo", json!({}))])).await;
    upstream.expect("tools/call").await.result(asks(json!({ "k": form("?") }), "s")).await;
    let mut events = calling.begun().await.events();
    let asked = events.next_message().await;
    drop(first);
    let second =
        Proxy::before_url(&upstream, patient_limits(), |it| it.endpoint.store = store).await;
    session.address = second.address;
    let mut calling = session.start(&call(3, "echo", json!({}))).await;
    upstream.expect("server/discover").await.result(discovered()).await;
    list(&mut upstream, json!([tool("echo", json!({}))])).await;
    let running = upstream.expect("tools/call").await;
    let meta = running.message()["params"]["_meta"].clone();
    assert_eq!(meta[format!("{META}clientInfo")]["name"], "tester");
    assert_eq!(meta[format!("{META}logLevel")], "error");
    running.result(done("fine")).await;
    assert_eq!(calling.response().await.json()["result"], tool_text("fine"));
    // The call that waited for its client ended with its process, and its error says so.
    let rest = session.begin(&session.get_after(asked.id())).await.events().rest().await;
    let last = rest.last().unwrap().message();
    assert_eq!((&last["id"], &last["error"]["data"]["outcome"]), (&json!(2), &json!("unknown")));
}
