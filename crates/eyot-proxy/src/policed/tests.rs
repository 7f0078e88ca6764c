//! Rules by name, as soon as the name is known.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use eyot_endpoint::{Authenticate, Authenticated, Authentication, Credentials, HttpService, Keys};
use eyot_http::RequestHead;
use eyot_policy::{By, LivePolicy, Policy, PolicyLayer, Rate};
use eyot_service::Principal;
use eyot_session::LogLimits;
use eyot_store_memory::MemoryStore;
use eyot_upstream::Target;
use http::{Request, Response, StatusCode, request};
use http_body_util::Full;
use parking_lot::Mutex;
use tower_layer::Layer as _;
use tower_service::Service;

use super::Policed;
use crate::{ProxyConfig, ReverseProxy};

/// Keeps the head of the last request.
#[derive(Clone, Debug, Default)]
struct Keeps(Arc<Mutex<Option<request::Parts>>>);

impl Service<Request<()>> for Keeps {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        *self.0.lock() = Some(request.into_parts().0);
        ready(Ok(Response::new(())))
    }
}

/// Knows one client, at once or later.
#[derive(Debug)]
struct Alice {
    is_slow: bool,
}

impl Authenticate for Alice {
    fn authenticate(&self, _credentials: &Credentials<'_>) -> Authentication {
        let found = Ok(Some(Principal::new("alice")));
        match self.is_slow {
            false => Authentication::Ready(found),
            true => Authentication::pending(async move {
                tokio::task::yield_now().await;
                found
            }),
        }
    }
}

/// One request of each client in an hour.
fn policy() -> LivePolicy {
    let rate = Rate {
        name: "each".to_owned(),
        by: vec![By::Principal],
        requests: 1,
        per: Duration::from_secs(3_600),
        burst: None,
        tools: Vec::new(),
        keys_max: 10,
    };
    let policy = Policy { rates: vec![rate], ..Policy::default() };
    LivePolicy::new(policy.compile().unwrap())
}

async fn authenticated(policy: Option<LivePolicy>, auth: Arc<dyn Authenticate>) -> Authenticated {
    let kept = Keeps::default();
    let mut service = PolicyLayer::new(policy).layer(kept.clone());
    let Ok(_response) = service.call(Request::new(())).await;
    let parts = kept.0.lock().take().unwrap();
    let head = RequestHead::read(&parts.headers);
    let credentials = Credentials { head: &head, parts: &parts, address: None, certificate: None };
    match Policed(auth).authenticate(&credentials) {
        Authentication::Ready(found) => found,
        Authentication::Pending(asking) => asking.await,
    }
}

#[tokio::test]
async fn a_client_that_is_known_at_once_or_later_is_counted() {
    for is_slow in [false, true] {
        let policy = policy();
        let ask = || authenticated(Some(policy.clone()), Arc::new(Alice { is_slow }));
        assert_eq!(ask().await.unwrap().unwrap().name().as_ref(), "alice");
        assert_eq!(ask().await.unwrap_err().status(), StatusCode::TOO_MANY_REQUESTS);
    }
}

#[tokio::test]
async fn clients_without_a_name_are_one() {
    let policy = policy();
    let ask = || authenticated(Some(policy.clone()), Arc::new(Keys::default()));
    assert!(ask().await.unwrap().is_none());
    assert_eq!(ask().await.unwrap_err().status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn without_a_ticket_all_is_as_it_was() {
    for _ in 0..3 {
        assert!(authenticated(None, Arc::new(Alice { is_slow: true })).await.is_ok());
    }
}

#[tokio::test]
async fn a_proxy_inside_of_a_foreign_server_has_its_policy_before_it() {
    let policy = policy();
    let mut config = ProxyConfig::new(Arc::new(MemoryStore::new(LogLimits::default())));
    config.policy = Some(policy.clone());
    let proxy = ReverseProxy::new(Target::command("not-started", ["x"]), config);
    let service = HttpService::new(proxy.into_server().without_layers());
    let mut service = policy.layer().layer(service);
    // The endpoint misses a session; then it does not get to that.
    for status in [StatusCode::BAD_REQUEST, StatusCode::TOO_MANY_REQUESTS] {
        let request = Request::get("/mcp").header("host", "127.0.0.1");
        let request = request.header("accept", "text/event-stream");
        let Ok(answer) = service.call(request.body(Full::<Bytes>::default()).unwrap()).await;
        assert_eq!(answer.status(), status);
    }
}
