//! Tower layers at a proxy's crossings.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use eyot::service::{Input, ReplyFuture};
use eyot::types::Era;
use eyot::{BoxService, Call, Fault, ProxyConfig, Reply};
use serde_json::json;
use tower_layer::Layer;
use tower_service::Service;

use crate::support::{
    Habits, Proxy, Session, Upstream, modern_ask, modern_request, patient_limits, send,
};

/// Notes what passes: of which era, and what.
#[derive(Clone, Debug, Default)]
struct Noting(Arc<Mutex<Vec<(Era, String)>>>);

impl Noting {
    fn take(&self) -> Vec<(Era, String)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Layer<BoxService> for Noting {
    type Service = Noted;

    fn layer(&self, inner: BoxService) -> Noted {
        Noted { inner, notes: self.clone() }
    }
}

#[derive(Clone)]
struct Noted {
    inner: BoxService,
    notes: Noting,
}

impl Service<Call> for Noted {
    type Response = Reply;
    type Error = Fault;
    type Future = ReplyFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, call: Call) -> ReplyFuture {
        let what = match &call.input {
            Input::Message(message) => message.method().unwrap_or_default().into_owned(),
            other => format!("{other:?}"),
        };
        self.notes.0.lock().unwrap().push((call.peer.era, what));
        self.inner.call(call)
    }
}

#[tokio::test]
async fn layer_before_the_relay_sees_every_call_of_both_eras() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let noting = Noting::default();
    let layers = |config: &mut ProxyConfig| config.layers.push(noting.clone());
    let proxy = Proxy::before_url(&upstream, patient_limits(), layers).await;

    let session = Session::open(proxy.address, "2025-11-25").await;
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    let answering =
        async { upstream.expect("tools/list").await.result(json!({ "tools": [] })).await };
    let (answer, ()) = tokio::join!(session.send(&list), answering);
    assert_eq!(answer.status, 200, "{}", answer.text());
    session.ask(&session.delete()).await;
    let legacy = |what: &str| (Era::Legacy, what.to_owned());
    let expected = ["initialize", "notifications/initialized", "tools/list", "Close"].map(legacy);
    assert_eq!(noting.take(), expected);

    let ask = modern_ask(&modern_request(2, "tools/list", json!({})));
    let answering =
        async { upstream.expect("tools/list").await.result(json!({ "tools": [] })).await };
    let (answer, ()) = tokio::join!(send(proxy.address, &ask), answering);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(noting.take(), [(Era::Modern, "tools/list".to_owned())]);
}
