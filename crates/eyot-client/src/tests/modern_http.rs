//! Modern calls over HTTP: headers, refusals, authorization, cancellation.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eyot_testkit::HttpPeer;
use eyot_types::Era;
use eyot_upstream::{AccessToken, Challenge, TokenFuture, TokenProvider};
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::builder;
use crate::{Client, ClientBuilder, ClientError};

async fn connect(builder: ClientBuilder, capabilities: Value) -> (Client, HttpPeer) {
    let peer = HttpPeer::start().await;
    let (client, ()) = tokio::join!(builder.connect(peer.url()), peer.discover(capabilities));
    (client.unwrap(), peer)
}

fn done() -> Value {
    json!({ "resultType": "complete", "content": [] })
}

#[tokio::test]
async fn every_request_says_its_method_and_name_in_headers() {
    let (client, peer) = connect(builder().header("x-tenant", "t1"), json!({})).await;
    assert_eq!(client.era(), Era::Modern);
    let calling = client.call_tool("grüßen", json!({ "a": 1 })).into_future();
    let serving = async {
        let asked = peer.expect("tools/call").await;
        assert_eq!(asked.header("mcp-protocol-version"), Some("2026-07-28"));
        assert_eq!(asked.header("mcp-method"), Some("tools/call"));
        assert_eq!(asked.header("mcp-name"), Some("=?base64?Z3LDvMOfZW4=?="));
        assert_eq!(asked.header("x-tenant"), Some("t1"));
        assert_eq!(asked.header("mcp-session-id"), None);
        asked.answer(done()).await;
    };
    let (answer, ()) = tokio::join!(calling, serving);
    answer.unwrap();
}

fn tool(header: &str) -> Value {
    let region = json!({ "type": "string", "x-mcp-header": header });
    json!({ "name": "run", "inputSchema": { "type": "object", "properties": { "region": region } } })
}

#[tokio::test]
async fn arguments_are_mirrored_as_the_listed_schema_says() {
    let (client, peer) = connect(builder(), json!({ "tools": {} })).await;
    let listing = async {
        let asked = peer.expect("tools/list").await;
        let mut bad = tool("not a token");
        bad["name"] = "bad".into();
        asked.answer(json!({ "resultType": "complete", "tools": [tool("Region"), bad] })).await;
    };
    let (tools, ()) = tokio::join!(client.all_tools(), listing);
    let names: Vec<String> = tools.unwrap().into_iter().map(|it| it.name).collect();
    assert_eq!(names, ["run"]);
    let calling = client.call_tool("run", json!({ "region": "us-west1" })).into_future();
    let serving = async {
        let asked = peer.expect("tools/call").await;
        assert_eq!(asked.header("mcp-param-region"), Some("us-west1"));
        asked.answer(done()).await;
    };
    let (answer, ()) = tokio::join!(calling, serving);
    answer.unwrap();
}

#[tokio::test]
async fn a_header_that_does_not_match_makes_the_schema_be_read_again_once() {
    let (client, peer) = connect(builder(), json!({ "tools": {} })).await;
    let mismatch = || json!({ "code": -32020, "message": "Header mismatch" });
    let calling = client.call_tool("run", json!({ "region": "eu" })).into_future();
    let serving = async {
        let asked = peer.expect("tools/call").await;
        assert_eq!(asked.header("mcp-param-place"), None);
        asked.fail(400, mismatch()).await;
        let asked = peer.expect("tools/list").await;
        asked.answer(json!({ "resultType": "complete", "tools": [tool("Place")] })).await;
        let asked = peer.expect("tools/call").await;
        assert_eq!(asked.header("mcp-param-place"), Some("eu"));
        asked.fail(400, mismatch()).await;
    };
    let (answer, ()) = tokio::join!(calling, serving);
    let Err(ClientError::Rpc(error)) = answer else { panic!("{answer:?}") };
    assert_eq!(error.code, -32020);
}

#[tokio::test]
async fn a_server_that_no_longer_speaks_the_revision_is_asked_anew() {
    let (client, peer) = connect(builder(), json!({ "tools": {} })).await;
    let unsupported = || {
        json!({ "code": -32022, "message": "Unsupported protocol version",
            "data": { "supported": ["2025-11-25"], "requested": "2026-07-28" } })
    };
    let calling = client.list_tools().into_future();
    let serving = async {
        peer.expect("tools/list").await.fail(400, unsupported()).await;
        peer.expect("server/discover").await.fail(400, unsupported()).await;
        let listening = peer.initialize("s1", json!({ "tools": {} })).await;
        listening.status(405).await;
        let asked = peer.expect("tools/list").await;
        assert_eq!(asked.header("mcp-session-id"), Some("s1"));
        asked.answer(json!({ "tools": [] })).await;
    };
    let (answer, ()) = tokio::join!(calling, serving);
    answer.unwrap();
    assert_eq!(client.era(), Era::Legacy);
}

#[tokio::test]
async fn a_dropped_call_closes_its_stream() {
    let (client, peer) = connect(builder(), json!({ "tools": {} })).await;
    let (call, mut progress) = client.call_tool("slow", ()).progress_stream();
    let mut calling = call.into_future();
    let serving = async {
        let mut asked = peer.expect("tools/call").await;
        let token = asked.body["params"]["_meta"]["progressToken"].clone();
        asked.begin_events().await;
        asked
            .event(
                "",
                &json!({ "jsonrpc": "2.0", "method": "notifications/progress",
                "params": { "progressToken": token, "progress": 1 } }),
            )
            .await;
        asked
    };
    let hearing = async {
        tokio::select! {
            answer = &mut calling => panic!("{answer:?}"),
            heard = progress.next() => heard,
        }
    };
    let (mut asked, heard) = tokio::join!(serving, hearing);
    assert!(heard.is_some());
    drop(calling);
    asked.closed().await;
}

#[tokio::test]
async fn a_stream_that_breaks_leaves_the_outcome_open() {
    let (client, peer) = connect(builder(), json!({ "tools": {} })).await;
    let calling = client.call_tool("pay", ()).into_future();
    let serving = async {
        let mut asked = peer.expect("tools/call").await;
        asked.begin_events().await;
        drop(asked);
        // The connection is looked after; the call is not made again.
        peer.discover(json!({ "tools": {} })).await;
    };
    let (answer, ()) = tokio::join!(calling, serving);
    let Err(error @ ClientError::Lost { .. }) = answer else { panic!("{answer:?}") };
    assert!(!error.retry_is_safe());
}

/// Gives `token-N`, and another one whenever one was refused.
#[derive(Clone, Default)]
struct Tokens {
    refusals: Arc<AtomicUsize>,
    challenges: Arc<Mutex<Vec<Challenge>>>,
    refusals_max: usize,
}

impl TokenProvider for Tokens {
    fn token(&self) -> TokenFuture<'_, Option<AccessToken>> {
        let number = self.refusals.load(Ordering::SeqCst);
        Box::pin(async move { Ok(Some(AccessToken::new(format!("token-{number}")))) })
    }

    fn refused(&self, challenge: Challenge) -> TokenFuture<'_, bool> {
        Box::pin(async move {
            self.challenges.lock().push(challenge);
            tokio::task::yield_now().await;
            Ok(self.refusals.fetch_add(1, Ordering::SeqCst) < self.refusals_max)
        })
    }
}

#[tokio::test]
async fn many_refused_requests_share_one_new_token() {
    let tokens = Tokens { refusals_max: 1, ..Tokens::default() };
    let (client, peer) = connect(builder().tokens(tokens.clone()), json!({})).await;
    let calls = (0..3).map(|_| client.call_tool("t", ()).into_future());
    let serving = async {
        let mut refused = Vec::new();
        for _ in 0..3 {
            let asked = peer.expect("tools/call").await;
            assert_eq!(asked.header("authorization"), Some("Bearer token-0"));
            refused.push(asked);
        }
        for asked in refused {
            let header = [("WWW-Authenticate", "Bearer error=\"invalid_token\"")];
            asked.respond(401, &header, "", "").await;
        }
        for _ in 0..3 {
            let asked = peer.expect("tools/call").await;
            assert_eq!(asked.header("authorization"), Some("Bearer token-1"));
            asked.answer(done()).await;
        }
    };
    let (answers, ()) = tokio::join!(futures_util::future::join_all(calls), serving);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let challenges = tokens.challenges.lock().clone();
    assert_eq!(challenges.len(), 1);
    let said = challenges[0].www_authenticate.as_deref();
    assert_eq!(said, Some("Bearer error=\"invalid_token\""));
}

#[tokio::test]
async fn a_refusal_that_no_token_mends_is_given_with_its_challenge() {
    let tokens = Tokens::default();
    let (client, peer) = connect(builder().tokens(tokens), json!({})).await;
    let calling = client.call_tool("t", ()).into_future();
    let serving = async {
        let asked = peer.expect("tools/call").await;
        let header = [("WWW-Authenticate", "Bearer error=\"insufficient_scope\"")];
        asked.respond(403, &header, "", "").await;
    };
    let (answer, ()) = tokio::join!(calling, serving);
    let Err(error) = answer else { panic!("refused") };
    assert!(error.retry_is_safe());
    let ClientError::Unauthorized { status, challenge } = error else { panic!("{error}") };
    assert_eq!(status, 403);
    assert_eq!(challenge.as_deref(), Some("Bearer error=\"insufficient_scope\""));
}

#[tokio::test]
async fn a_refusal_says_nothing_of_the_era() {
    for status in [401, 403, 500, 503] {
        let peer = HttpPeer::start().await;
        let serving = async { peer.expect("server/discover").await.status(status).await };
        let (connected, ()) = tokio::join!(builder().connect(peer.url()), serving);
        assert!(connected.is_err(), "{status}");
    }
}

#[tokio::test]
async fn a_fixed_token_goes_with_every_request_and_no_log() {
    let builder = builder().bearer("secret-1");
    assert!(!format!("{builder:?}").contains("secret-1"));
    let peer = HttpPeer::start().await;
    let serving = async {
        let asked = peer.expect("server/discover").await;
        assert_eq!(asked.header("authorization"), Some("Bearer secret-1"));
        asked.status(503).await;
    };
    let (connected, ()) = tokio::join!(builder.connect(peer.url()), serving);
    let error = connected.unwrap_err();
    assert!(!format!("{error:?}").contains("secret-1"));
}

#[tokio::test]
async fn what_was_private_to_one_token_is_not_given_to_another() {
    let tokens = Tokens { refusals_max: 9, ..Tokens::default() };
    let (client, peer) = connect(builder().tokens(tokens.clone()), json!({})).await;
    let page = json!({ "resultType": "complete", "tools": [], "ttlMs": 60_000,
        "cacheScope": "private" });
    let serve = async |token: &str| {
        let asked = peer.expect("tools/list").await;
        assert_eq!(asked.header("authorization"), Some(token));
        asked.answer(page.clone()).await;
    };
    let (listed, ()) = tokio::join!(client.list_tools().into_future(), serve("Bearer token-0"));
    listed.unwrap();
    // From the cache: no server answers it.
    client.list_tools().await.unwrap();
    tokens.refusals.store(5, Ordering::SeqCst);
    let (listed, ()) = tokio::join!(client.list_tools().into_future(), serve("Bearer token-5"));
    listed.unwrap();
}
