//! A proxy beside one client: it joins the client to a server of either era at the other end of a
//! pipe, in the client's own era.

use std::sync::Arc;
use std::time::Duration;

use eyot::session::LogLimits;
use eyot::types::ElicitResult;
use eyot::{
    CallContext, Client, Elicited, EraMode, Eras, ForwardProxy, HandlerResult, MemoryStore,
    NoArguments, ProxyConfig, Server, Target, tool,
};
use eyot_testkit::FaultyStore;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;

use crate::support::within;

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

/// A server that asks the client for its name before it answers with it.
fn server(eras: Eras) -> Server {
    let greet = tool("greet", |_: NoArguments, call: CallContext| async move {
        let Elicited::Accepted(Name { name }) = call.elicit::<Name>("Who?").await? else {
            return HandlerResult::Ok("nobody".to_owned());
        };
        Ok(format!("hello, {name}"))
    });
    Server::builder("greeter", "1.0").eras(eras).tool(greet).build().unwrap()
}

/// A client of one era and a server of some eras with the proxy between them: the server's question
/// reaches the client, and everything ends when the client leaves.
async fn check(client_era: EraMode, server_eras: Eras) {
    check_before(Target::in_process(server(server_eras)), EraMode::Auto, client_era).await;
}

/// A proxy before a target: it knows the era of its server, or finds it.
async fn check_before(target: Target, era: EraMode, client_era: EraMode) {
    let mut config = ProxyConfig::new(Arc::new(MemoryStore::new(LogLimits::default())));
    config.era = era;
    let (near, far) = tokio::io::duplex(1 << 16);
    let mut proxy = JoinSet::new();
    proxy.spawn(async move {
        let (reader, writer) = tokio::io::split(far);
        ForwardProxy::new(target, config).serve_io(reader, writer).await;
    });

    let client = Client::builder("beside", "1.0").era(client_era).on_elicit(|_| async move {
        Ok(ElicitResult::accept(json!({ "name": "Ada" }).as_object().unwrap().clone()))
    });
    let client = client.connect(Target::stream(near)).await.unwrap();
    assert_eq!(client.server_info().unwrap().name, "greeter");
    let answer = client.call_tool("greet", json!({})).await.unwrap();
    assert_eq!(answer.text(), "hello, Ada");

    client.close().await;
    within("the end of the proxy", proxy.join_next()).await.unwrap().unwrap();
}

#[tokio::test]
async fn legacy_client_of_a_pipe_reaches_a_legacy_server() {
    check(EraMode::Legacy, Eras::Legacy).await;
}

#[tokio::test]
async fn modern_client_of_a_pipe_reaches_a_modern_server() {
    check(EraMode::Modern, Eras::Modern).await;
}

#[tokio::test]
async fn modern_client_of_a_pipe_reaches_a_legacy_server() {
    check(EraMode::Modern, Eras::Legacy).await;
}

#[tokio::test]
async fn legacy_client_of_a_pipe_reaches_a_modern_server() {
    check(EraMode::Legacy, Eras::Modern).await;
}

#[tokio::test]
async fn client_reaches_the_server_at_the_other_end_of_a_stream() {
    for (client_era, server_eras, known) in [
        (EraMode::Legacy, Eras::Legacy, EraMode::Legacy),
        (EraMode::Modern, Eras::Modern, EraMode::Modern),
        (EraMode::Modern, Eras::Modern, EraMode::Auto),
    ] {
        let (near, far) = tokio::io::duplex(1 << 16);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let (reader, writer) = tokio::io::split(far);
            server(server_eras).serve_io(reader, writer).await;
        });
        check_before(Target::stream(near), known, client_era).await;
        within("the end of the server", serving.join_next()).await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn store_of_a_client_that_stays_is_swept() {
    let store = FaultyStore::new(Arc::new(MemoryStore::new(LogLimits::default())));
    let faults = store.faults();
    let target = Target::in_process(server(Eras::Legacy));
    let (_near, far) = tokio::io::duplex(1 << 16);
    let (reader, writer) = tokio::io::split(far);
    let proxy = ForwardProxy::new(target, ProxyConfig::new(Arc::new(store)));
    let serving = tokio::time::timeout(Duration::from_secs(11), proxy.serve_io(reader, writer));
    serving.await.expect_err("the client stays");
    assert_eq!(faults.operations(), 3, "at once, and every five seconds");
}
