//! The layer around a service.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use tower_layer::Layer as _;
use tower_service::Service;

use super::{PolicyLayer, PolicyService};
use crate::address::Origin;
use crate::live::LivePolicy;
use crate::policy::Policy;
use crate::ticket::Ticket;

/// A body that must not be read.
struct Untouched;

impl Body for Untouched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        panic!("the body of a refused request is read");
    }
}

/// Answers with a header, after asking the rules by name, if there are any.
#[derive(Clone, Default)]
struct Service200 {
    called: Arc<AtomicUsize>,
    name: Option<&'static str>,
}

impl<A> Service<Request<A>> for Service200 {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        self.called.fetch_add(1, Ordering::Relaxed);
        let ticket = request.extensions().get::<Ticket>();
        let identified = ticket.map_or(Ok(()), |it| it.identify(self.name, Instant::now()));
        let mut response = match identified {
            Ok(()) => Response::new(Full::from("yes")),
            Err(refusal) => refusal.response(),
        };
        response.headers_mut().insert("cache-control", "no-cache".parse().unwrap());
        response.headers_mut().insert("vary", "Accept".parse().unwrap());
        std::future::ready(Ok(response))
    }
}

fn live(policy: Value) -> LivePolicy {
    LivePolicy::new(serde_json::from_value::<Policy>(policy).unwrap().compile().unwrap())
}

fn request(method: &str, headers: &[(&str, &str)]) -> Request<Untouched> {
    let mut request = Request::builder().method(method).uri("/mcp");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Untouched).unwrap()
}

async fn ask<S>(
    service: &PolicyService<S>,
    request: Request<Untouched>,
) -> Response<super::PolicyBody<Full<Bytes>>>
where
    S: Service<Request<Untouched>, Response = Response<Full<Bytes>>, Error = Infallible> + Clone,
    S::Future: Send + 'static,
{
    let Ok(response) = service.clone().call(request).await;
    response
}

#[tokio::test]
async fn a_refused_request_reaches_no_service_and_its_body_is_not_read() {
    let inner = Service200::default();
    let service = live(json!({ "methods": ["GET"] })).layer().layer(inner.clone());
    let response = ask(&service, request("POST", &[])).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let error: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(error["error"]["code"], 1403);
    assert_eq!(error.get("id"), None);
    assert_eq!(inner.called.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn without_a_policy_a_response_is_as_it_was() {
    let service = PolicyLayer::new(None).layer(Service200::default());
    let response = ask(&service, request("POST", &[])).await;
    assert_eq!(response.headers().len(), 2);
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "yes");
}

#[tokio::test]
async fn headers_of_the_service_are_kept() {
    let policy =
        live(json!({ "security_headers": { "hsts": "1d", "set": { "X-Frame-Options": "DENY" } } }));
    let service = policy.layer().layer(Service200::default());
    let response = ask(&service, request("POST", &[])).await;
    assert_eq!(response.headers()["cache-control"], "no-cache");
    assert_eq!(response.headers()["x-frame-options"], "DENY");
    assert!(!response.headers().contains_key("strict-transport-security"));
}

#[tokio::test]
async fn browsers_that_have_come_by_tls_are_told_to_come_so_again() {
    let policy = live(json!({ "security_headers": { "hsts": "1d" } }));
    let origin = |_: &_| Some(Origin { peer: None, is_tls: true });
    let layer = PolicyLayer::of_connections(Some(policy), origin);
    let response = ask(&layer.layer(Service200::default()), request("POST", &[])).await;
    assert_eq!(response.headers()["strict-transport-security"], "max-age=86400");
}

#[tokio::test]
async fn where_a_request_comes_from_may_be_in_its_extensions() {
    let policy = live(json!({ "networks": { "allow": ["203.0.113.9"] } }));
    let service = policy.layer().layer(Service200::default());
    let mut allowed = request("POST", &[]);
    let peer = Some("203.0.113.9".parse().unwrap());
    allowed.extensions_mut().insert(Origin { peer, is_tls: false });
    assert_eq!(ask(&service, allowed).await.status(), StatusCode::OK);
    assert_eq!(ask(&service, request("POST", &[])).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_is_told_what_it_may_read() {
    let policy =
        live(json!({ "cors": { "origins": ["https://app.example"], "expose": ["X-Trace"] },
        "rates": [{ "name": "all", "by": [], "requests": 2, "per": "1m" }] }));
    let inner = Service200::default();
    let service = policy.layer().layer(inner.clone());
    let origin = ("origin", "https://app.example");
    let asks = ("access-control-request-method", "POST");
    let wants = ("access-control-request-headers", "mcp-param-x");
    let response = ask(&service, request("OPTIONS", &[origin, asks, wants])).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["access-control-allow-origin"], "https://app.example");
    assert_eq!(response.headers()["access-control-allow-headers"], "mcp-param-x");
    assert_eq!(response.headers()["access-control-max-age"], "600");
    assert_eq!(inner.called.load(Ordering::Relaxed), 0);
    for (method, status) in [("POST", StatusCode::OK), ("POST", StatusCode::TOO_MANY_REQUESTS)] {
        let response = ask(&service, request(method, &[origin])).await;
        assert_eq!(response.status(), status);
        let headers = response.headers();
        assert_eq!(headers["access-control-allow-origin"], "https://app.example");
        let exposed = headers["access-control-expose-headers"].to_str().unwrap();
        for name in ["mcp-session-id", "mcp-protocol-version", "www-authenticate", "x-trace"] {
            assert!(exposed.contains(name), "{exposed}");
        }
        let vary: Vec<_> = headers.get_all("vary").iter().collect();
        assert!(vary.iter().any(|it| it.to_str().unwrap().contains("origin")), "{vary:?}");
        assert_eq!(vary.iter().any(|it| *it == "Accept"), status == StatusCode::OK);
    }
    let foreign = ask(&service, request("POST", &[("origin", "https://evil.example")])).await;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    assert!(!foreign.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn a_place_is_free_when_the_body_has_gone() {
    let service = live(json!({ "concurrency": [{ "name": "all", "by": [], "max": 1 }] }))
        .layer()
        .layer(Service200::default());
    let first = ask(&service, request("POST", &[])).await;
    assert_eq!(ask(&service, request("POST", &[])).await.status(), StatusCode::TOO_MANY_REQUESTS);
    drop(first);
    assert_eq!(ask(&service, request("POST", &[])).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn rules_by_principal_are_asked_when_the_client_is_known() {
    let policy = live(json!({
        "rates": [{ "name": "each", "by": ["principal"], "requests": 2, "per": "1m" }],
        "concurrency": [{ "name": "each", "by": ["principal"], "max": 1 }] }));
    let of = |name| policy.layer().layer(Service200 { name, ..Service200::default() });
    let (alice, bob) = (of(Some("alice")), of(Some("bob")));
    let first = ask(&alice, request("POST", &[])).await;
    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(ask(&alice, request("POST", &[])).await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask(&bob, request("POST", &[])).await.status(), StatusCode::OK);
    drop(first);
    // Two have been counted.
    assert_eq!(ask(&alice, request("POST", &[])).await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask(&of(None), request("POST", &[])).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_policy_that_is_replaced_keeps_what_it_has_counted() {
    let rules = json!([{ "name": "all", "by": [], "requests": 1, "per": "1h" }]);
    let running = json!([{ "name": "all", "by": [], "max": 2 }]);
    let policy = live(json!({ "rates": rules, "concurrency": running }));
    let service = policy.layer().layer(Service200::default());
    let first = ask(&service, request("POST", &[])).await;
    assert_eq!(first.status(), StatusCode::OK);
    let replace = |it: Value| policy.replace(&serde_json::from_value(it).unwrap());
    assert!(replace(json!({ "rates": rules, "methods": ["GET", "POST"] })).is_ok());
    assert_eq!(ask(&service, request("POST", &[])).await.status(), StatusCode::TOO_MANY_REQUESTS);
    // A policy that is wrong changes nothing.
    assert!(replace(json!({ "methods": [] })).is_err());
    assert_eq!(ask(&service, request("POST", &[])).await.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(replace(json!({ "methods": ["GET"] })).is_ok());
    assert_eq!(ask(&service, request("POST", &[])).await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn requests_that_run_take_their_places_in_the_next_policy() {
    let rule = |max: usize| json!({ "concurrency": [{ "name": "all", "by": [], "max": max }] });
    let policy = live(rule(2));
    let service = policy.layer().layer(Service200::default());
    let first = ask(&service, request("POST", &[])).await;
    assert!(policy.replace(&serde_json::from_value(rule(1)).unwrap()).is_ok());
    assert_eq!(ask(&service, request("POST", &[])).await.status(), StatusCode::TOO_MANY_REQUESTS);
    drop(first);
    assert_eq!(ask(&service, request("POST", &[])).await.status(), StatusCode::OK);
}
