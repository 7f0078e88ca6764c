//! A tower layer at every crossing: in a client, before a proxy's relay and its upstream, around a
//! server.

use std::sync::Arc;
use std::task::{Context, Poll};

use eyot::service::{Call, Fault, Input, Reply, ReplyFuture};
use eyot::{
    BoxService, Client, EraMode, Eras, NoArguments, ProxyConfig, Server, ServiceLayer, Target, tool,
};
use parking_lot::Mutex;
use serde_json::json;
use tower_layer::Layer;
use tower_service::Service;

use crate::support::{Proxy, patient_limits};

/// Records the methods of requests and notifications that pass.
#[derive(Clone, Debug, Default)]
struct Noting(Arc<Mutex<Vec<String>>>);

impl Noting {
    fn count(&self, method: &str) -> usize {
        self.0.lock().iter().filter(|it| *it == method).count()
    }
}

impl Layer<BoxService> for Noting {
    type Service = Noted;

    fn layer(&self, inner: BoxService) -> Noted {
        Noted { inner, passed: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
struct Noted {
    inner: BoxService,
    passed: Arc<Mutex<Vec<String>>>,
}

impl Service<Call> for Noted {
    type Response = Reply;
    type Error = Fault;
    type Future = ReplyFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, call: Call) -> ReplyFuture {
        let method = match &call.input {
            Input::Request(request) => Some(request.method()),
            Input::Notification(notification) => Some(notification.method()),
            _ => None,
        };
        self.passed.lock().extend(method.map(str::to_owned));
        self.inner.call(call)
    }
}

/// A client of one era before a server of some eras, through a proxy: each layer sees the call, and
/// the layers next to a legacy peer see the session begin.
async fn check(client_era: EraMode, server_eras: Eras, upstream_is_legacy: bool) {
    let [in_client, before_relay, before_upstream, around_server] = <[Noting; 4]>::default();
    let server = Server::builder("layered", "1.0")
        .eras(server_eras)
        .tool(tool("hello", |_: NoArguments, _| async move { "hello" }))
        .layer(around_server.clone())
        .build()
        .unwrap();
    let layers = |config: &mut ProxyConfig| {
        config.layers = ServiceLayer::new(before_relay.clone());
        config.upstream_layers = ServiceLayer::new(before_upstream.clone());
    };
    let target = Target::in_process(server);
    let proxy = Proxy::start(target, patient_limits(), layers).await;
    let builder = Client::builder("counting", "1.0").era(client_era).layer(in_client.clone());
    let client = builder.connect(format!("http://{}/mcp", proxy.address)).await.unwrap();
    let answer = client.call_tool("hello", json!({})).await.unwrap();
    assert_eq!(answer.text(), "hello");

    for layer in [&in_client, &before_relay, &before_upstream, &around_server] {
        assert_eq!(layer.count("tools/call"), 1, "{client_era:?} {layer:?}");
    }
    // A bridge may open more than one session, and asks a modern upstream for one before it knows.
    let is_opened = before_upstream.count("notifications/initialized") > 0;
    assert_eq!(is_opened, upstream_is_legacy, "{before_upstream:?}");
    let opened = usize::from(client_era == EraMode::Legacy);
    assert_eq!(in_client.count("initialize"), opened, "{in_client:?}");
    assert_eq!(before_relay.count("initialize"), opened, "{before_relay:?}");
}

#[tokio::test]
async fn a_layer_sees_legacy_calls_before_a_legacy_upstream() {
    check(EraMode::Legacy, Eras::Legacy, true).await;
}

#[tokio::test]
async fn a_layer_sees_modern_calls_before_a_modern_upstream() {
    check(EraMode::Modern, Eras::Modern, false).await;
}

#[tokio::test]
async fn a_layer_sees_modern_calls_before_a_legacy_upstream() {
    check(EraMode::Modern, Eras::Legacy, true).await;
}

#[tokio::test]
async fn a_layer_sees_legacy_calls_before_a_modern_upstream() {
    check(EraMode::Legacy, Eras::Modern, false).await;
}
