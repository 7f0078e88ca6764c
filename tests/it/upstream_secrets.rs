//! The operator's additions to every request to the upstream; and nothing of a client's own request
//! gets there.

use eyot::{AccessToken, StaticToken, Target};
use serde_json::json;

use crate::support::{Exchange, Habits, Proxy, Session, Upstream, call, patient_limits};

async fn before(upstream: &Upstream) -> Proxy {
    let target = Target::url(&upstream.url(), patient_limits()).unwrap();
    let target = target.with_header("x-tenant", "t1").unwrap();
    let target = target.with_tokens(StaticToken::new(AccessToken::new("of-the-operator")));
    Proxy::start(target, patient_limits(), |_| {}).await
}

#[track_caller]
fn check_headers(asked: &Exchange) {
    assert_eq!(asked.header("authorization"), Some("Bearer of-the-operator"));
    assert_eq!(asked.header("x-tenant"), Some("t1"));
}

#[tokio::test]
async fn every_request_to_the_upstream_has_the_token_of_the_operator() {
    let mut upstream = Upstream::bare().await;
    let proxy = before(&upstream).await;
    let opening = Session::open_as(proxy.address, "2025-11-25", Some("of-the-client"));
    let serving = async {
        for method in ["initialize", "notifications/initialized"] {
            let asked = upstream.next().await;
            assert_eq!(asked.method(), method);
            check_headers(&asked);
            match method {
                "initialize" => {
                    let agreed = crate::support::agreed(&asked.message());
                    asked.result(agreed).await;
                }
                _ => asked.accept().await,
            }
        }
    };
    let (session, ()) = tokio::join!(opening, serving);
    let calling = session.start(&call(1, "echo", json!({}))).await;
    let asked = upstream.next().await;
    check_headers(&asked);
    asked.tool_text("done").await;
    drop(calling);
}

#[tokio::test]
async fn a_refused_token_is_an_error_that_does_not_show_it() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let mut calling = session.start(&call(1, "echo", json!({}))).await;
    upstream.next().await.status(401).await;
    let answer = calling.response().await;
    assert!(answer.text().contains("401"), "{}", answer.text());
    assert!(!answer.text().contains("of-the-operator"), "{}", answer.text());
}

#[test]
fn a_header_that_cannot_be_sent_is_named() {
    let target = Target::url("http://127.0.0.1:9/mcp", patient_limits()).unwrap();
    let error = target.clone().with_header("x tenant", "t1").unwrap_err();
    assert_eq!(error.to_string(), "header \"x tenant\" cannot be sent");
    assert!(target.with_header("x-tenant", "a\nb").is_err());
}
