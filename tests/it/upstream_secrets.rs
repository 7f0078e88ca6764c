//! The operator's additions to every request to the upstream; and nothing of a client's own request
//! gets there.

use eyot::{AccessToken, StaticToken, Target};
use serde_json::json;

use crate::commands::eyot;
use crate::support::{
    Exchange, Habits, Program, Proxy, Session, Upstream, call, check_healthy, modern_ask,
    modern_request, patient_limits, send,
};

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
    assert!(answer.text().contains("refused the authorization"), "{}", answer.text());
    assert!(!answer.text().contains("of-the-operator"), "{}", answer.text());
}

#[tokio::test]
async fn a_session_outlives_a_key_in_the_url_that_is_replaced() {
    let habits = Habits::new();
    let mut upstream = Upstream::with(&habits).await;
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store.db");
    let serve = async |key: &str| {
        let url = format!("{}?api_key={key}", upstream.url());
        Program::serve("127.0.0.1:0", &store, &["--upstream".to_owned(), url]).await
    };
    let first = serve("S3CRET-1").await;
    let second = serve("S3CRET-2").await;
    let opened = Session::open(first.address, "2025-11-25").await;
    check_healthy(&opened, &mut upstream).await;
    first.kill().await;
    let session = Session::known(second.address, &opened.id, "2025-11-25");
    check_healthy(&session, &mut upstream).await;
    assert_eq!(habits.initializes().len(), 1, "the upstream session was there");
    second.kill().await;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(6).any(|it| it == b"S3CRET"), "a key is stored");
    }
    let store = format!("sqlite:{}", store.display());
    let shown = eyot(&["sessions", "show", &opened.id, "--store", &store]).await;
    let target = shown.json()["state"]["upstreams"]["default"]["target"].clone();
    let target = target.as_str().unwrap().to_owned();
    assert!(target.starts_with(&format!("http://{} ", upstream.address)), "{target}");
}

#[test]
fn a_header_that_cannot_be_sent_is_named() {
    let target = Target::url("http://127.0.0.1:9/mcp", patient_limits()).unwrap();
    let error = target.clone().with_header("x tenant", "t1").unwrap_err();
    assert_eq!(error.to_string(), "header \"x tenant\" cannot be sent");
    assert!(target.with_header("x-tenant", "a\nb").is_err());
}

#[tokio::test]
async fn a_refusal_without_a_token_is_told_as_the_upstream_said_it() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let challenge = "www-authenticate: Bearer resource_metadata=\"http://inner/\"\r\n";
    for status in [401, 403] {
        let mut calling = session.start(&call(1, "echo", json!({}))).await;
        upstream.next().await.respond(status, challenge, b"").await;
        let told = calling.response().await.json();
        let reason = told["error"]["data"]["reason"].as_str().unwrap();
        assert!(reason.contains(&status.to_string()), "{told}");
        assert!(!told.to_string().contains("inner"), "{told}");

        let mut calling = session.start(&call(2, "echo", json!({}))).await;
        refuse(upstream.next().await, status).await;
        let told = calling.response().await.json();
        let error = json!({ "code": -32001, "message": "who are you?" });
        assert_eq!((&told["id"], &told["error"]), (&json!(2), &error));
    }
}

#[tokio::test]
async fn a_refused_question_of_the_proxy_is_told_as_its_failure() {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let ask = modern_ask(&modern_request(1, "tools/list", json!({})));
    let refusing = async { refuse(upstream.expect("server/discover").await, 401).await };
    let (told, ()) = tokio::join!(send(proxy.address, &ask), refusing);
    let reason = told.json()["error"]["data"]["reason"].clone();
    assert_eq!(reason, "upstream answered with HTTP status 401 Unauthorized");

    let refusing = async {
        upstream.expect("server/discover").await.status(404).await;
        refuse(upstream.expect("initialize").await, 403).await;
    };
    let (told, ()) = tokio::join!(send(proxy.address, &ask), refusing);
    let reason = told.json()["error"]["data"]["reason"].clone();
    assert_eq!(reason, "upstream refused to open a session: who are you?");
}

async fn refuse(asked: Exchange, status: u16) {
    let error = json!({ "code": -32001, "message": "who are you?" });
    let body = json!({ "jsonrpc": "2.0", "id": asked.id(), "error": error }).to_string();
    asked.respond(status, "content-type: application/json\r\n", body.as_bytes()).await;
}
