//! Requests that no well-behaved client sends: each is refused by name, and everything else goes
//! on.

use std::sync::Arc;
use std::time::Duration;

use eyot::session::LogLimits;
use eyot::{ApiKey, HostPolicy, Keys, Limits, MemoryStore, ProxyConfig};
use eyot_stdx::Secret;
use serde_json::json;

use crate::support::{
    Ask, Connection, Habits, Proxy, Session, Upstream, call, check_healthy, initialize, note,
    patient_limits, send, tool_text,
};

/// Sends one request; checks its status, then makes a healthy call.
async fn check(change: impl FnOnce(Ask) -> Ask, status: u16) {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let ask = change(session.post(&call(1, "echo", json!({}))));
    let answer = session.ask(&ask).await;
    assert_eq!(answer.status, status, "{}", answer.text());
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn body_that_is_not_declared_as_json_is_refused_with_415() {
    check(|ask| ask.header("content-type", "text/plain"), 415).await;
    check(|ask| ask.without("content-type"), 415).await;
    check(|ask| ask.header("content-encoding", "gzip"), 415).await;
}

#[tokio::test]
async fn client_that_takes_no_form_of_answer_is_refused_with_406() {
    check(|ask| ask.header("accept", "text/html"), 406).await;
    check(|ask| ask.header("accept", "application/json;q=0"), 406).await;
}

#[tokio::test]
async fn client_that_names_no_form_of_answer_is_served() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-06-18").await;
    let ask = session.post(&call(1, "echo", json!({}))).without("accept");
    let answering = async { upstream.next().await.tool_text("served").await };
    let (answer, ()) = tokio::join!(session.ask(&ask), answering);
    assert_eq!(answer.json()["result"]["content"][0]["text"], "served");
}

#[tokio::test]
async fn get_that_takes_no_events_is_refused_with_406() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let answer = session.ask(&session.get().header("accept", "application/json")).await;
    assert_eq!(answer.status, 406);
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn revision_that_is_unknown_is_refused_with_400() {
    check(|ask| ask.header("mcp-protocol-version", "1999-01-01"), 400).await;
    check(|ask| ask.header("mcp-protocol-version", "latest"), 400).await;
}

#[tokio::test]
async fn revision_that_is_missing_is_taken_as_an_old_client() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let ask = session.post(&call(1, "echo", json!({}))).without("mcp-protocol-version");
    let answering = async { upstream.next().await.tool_text("served").await };
    let (answer, ()) = tokio::join!(session.ask(&ask), answering);
    assert_eq!(answer.status, 200, "{}", answer.text());
}

#[tokio::test]
async fn head_that_is_too_long_is_refused_with_431() {
    check(|ask| ask.header("x-long", &"a".repeat(64 << 10)), 431).await;
}

#[tokio::test]
async fn head_with_too_many_lines_is_refused_with_431() {
    let many = |ask| (0..100).fold(ask, |ask: Ask, at| ask.header(&format!("x-{at}"), "1"));
    check(many, 431).await;
}

#[tokio::test]
async fn text_that_is_no_message_is_refused_with_400() {
    let texts = ["", "{", "7", "{}", r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, "\u{feff}{}"];
    for text in texts {
        let mut upstream = Upstream::with(&Habits::new()).await;
        let proxy = Proxy::before(&upstream).await;
        let session = Session::open(proxy.address, "2025-11-25").await;
        let answer = session.ask(&session.with_headers(Ask::post_text(text))).await;
        assert_eq!(answer.status, 400, "{text}: {}", answer.text());
        let code = answer.code();
        assert!([-32700, -32600].contains(&code), "{text}: {code}");
        check_healthy(&session, &mut upstream).await;
    }
}

#[tokio::test]
async fn byte_order_mark_before_a_body_is_skipped() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let marked = format!("\u{feff}{}", call(1, "echo", json!({})));
    let ask = session.with_headers(Ask::post_text(&marked));
    let answering = async { upstream.next().await.tool_text("served").await };
    let (answer, ()) = tokio::join!(session.ask(&ask), answering);
    assert_eq!(answer.json()["result"]["content"][0]["text"], "served");
}

#[tokio::test]
async fn refused_request_is_answered_under_its_id_wherever_that_stands() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    for (text, id) in [
        (r#"{"params":{"x":"\ud83d"},"method":"tools/call","jsonrpc":"2.0","id":7}"#, json!(7)),
        (r#"{"method":"ping","params":{"x":NaN},"id":"a","jsonrpc":"2.0"}"#, json!("a")),
        (r#"{"result":{"x":NaN},"jsonrpc":"2.0","id":7}"#, json!(null)),
    ] {
        let answer = session.ask(&session.with_headers(Ask::post_text(text))).await;
        assert_eq!((answer.status, &answer.json()["id"]), (400, &id), "{text}");
    }
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn message_that_two_readers_could_take_differently_is_refused() {
    let texts = [
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","name":"b"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"Method":"ping","method":"tools/call"}"#,
        r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
    ];
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    for text in texts {
        let answer = session.ask(&session.with_headers(Ask::post_text(text))).await;
        assert_eq!(answer.status, 400, "{text}: {}", answer.text());
    }
    check_healthy(&session, &mut upstream).await;
}

/// A proxy with these limits, and an open session.
async fn limited(set: impl FnOnce(&mut Limits)) -> (Upstream, Proxy, Session) {
    let upstream = Upstream::with(&Habits::new()).await;
    let mut limits = patient_limits();
    set(&mut limits);
    let proxy = Proxy::before_url(&upstream, limits, |_| {}).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    (upstream, proxy, session)
}

#[tokio::test]
async fn body_that_is_too_long_is_refused_with_413_before_it_is_read() {
    let (mut upstream, proxy, session) = limited(|it| it.messages.bytes_max = 4096).await;
    let ask = session.post(&call(1, "echo", json!({}))).header("content-length", "1000000000");
    let mut connection = Connection::open(proxy.address).await;
    connection.send(&ask.parts().0).await;
    assert_eq!(connection.response().await.status, 413);
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn body_without_a_length_is_refused_with_413_when_it_grows_too_long() {
    let (mut upstream, proxy, session) = limited(|it| it.messages.bytes_max = 4096).await;
    let ask = session.post(&call(1, "echo", json!({}))).without("content-length");
    let mut connection = Connection::open(proxy.address).await;
    connection.send(&ask.header("transfer-encoding", "chunked").parts().0).await;
    for _ in 0..5 {
        let chunk = format!("400\r\n{}\r\n", " ".repeat(0x400));
        connection.try_send(chunk.as_bytes()).await;
    }
    assert_eq!(connection.response().await.status, 413);
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn head_that_never_ends_closes_the_connection_in_time() {
    let (mut upstream, proxy, session) =
        limited(|it| it.http.head_timeout = Duration::from_millis(300)).await;
    let mut slow = Connection::open(proxy.address).await;
    slow.send(b"POST /mcp HTTP/1.1\r\nhost: 127.").await;
    slow.rest().await;
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn silent_connection_is_closed_in_time() {
    let (mut upstream, proxy, session) =
        limited(|it| it.http.head_timeout = Duration::from_millis(300)).await;
    let silent = Connection::open(proxy.address).await;
    assert_eq!(silent.rest().await, "");
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn body_that_stops_coming_is_refused_with_408() {
    let (mut upstream, proxy, session) =
        limited(|it| it.http.body_idle_timeout = Duration::from_millis(300)).await;
    let (head, body) = session.post(&call(1, "echo", json!({}))).parts();
    let mut slow = Connection::open(proxy.address).await;
    slow.send(&[&head, &body[..10]].concat()).await;
    assert_eq!(slow.response().await.status, 408);
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn body_that_comes_in_drops_is_given_up_in_time() {
    let (mut upstream, proxy, session) =
        limited(|it| it.http.body_timeout = Duration::from_millis(300)).await;
    let ask = session.post(&call(1, "echo", json!({}))).header("content-length", "100000");
    let mut slow = Connection::open(proxy.address).await;
    slow.send(&ask.parts().0).await;
    let mut drops = tokio::time::interval(Duration::from_millis(20));
    loop {
        drops.tick().await;
        // The refusal closes the connection: some later byte finds it closed.
        if !slow.try_send(b" ").await {
            break;
        }
    }
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn session_id_that_is_unknown_is_answered_with_404() {
    check(|ask| ask.header("mcp-session-id", "no-such-session"), 404).await;
    check(|ask| ask.header("mcp-session-id", &"x".repeat(4000)), 404).await;
}

#[tokio::test]
async fn session_id_that_is_missing_is_answered_with_400() {
    check(|ask| ask.without("mcp-session-id"), 400).await;
}

#[tokio::test]
async fn session_of_another_principal_is_answered_like_an_unknown_one() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let key = |name: &str| ApiKey { name: name.into(), key: Secret::new(format!("key-{name}")) };
    let proxy = Proxy::before_url(&upstream, patient_limits(), |config| {
        config.endpoint.auth = Arc::new(Keys::new(vec![key("alice"), key("bob")]).unwrap());
    });
    let proxy = proxy.await;
    let alice = Session::open_as(proxy.address, "2025-11-25", Some("key-alice")).await;
    let as_bob = |ask: Ask| ask.header("authorization", "Bearer key-bob");
    let asks = [alice.post(&call(1, "echo", json!({}))), alice.get(), alice.delete()];
    for ask in asks {
        let foreign = send(proxy.address, &as_bob(ask.clone())).await;
        let unknown = as_bob(ask.header("mcp-session-id", "AAAAAAAAAAAAAAAAAAAAAA"));
        let unknown = send(proxy.address, &unknown).await;
        assert_eq!(foreign.status, 404);
        assert_eq!((foreign.status, foreign.body), (unknown.status, unknown.body));
    }
    check_healthy(&alice, &mut upstream).await;
}

/// The session is in the store of two processes, and one of them serves it.
#[tokio::test]
async fn session_is_not_taken_from_its_process_by_another_principal() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let key = |name: &str| ApiKey { name: name.into(), key: Secret::new(format!("key-{name}")) };
    let store = Arc::new(MemoryStore::new(LogLimits::default()));
    let setting_up = |config: &mut ProxyConfig| {
        config.endpoint.store = Arc::<MemoryStore>::clone(&store);
        config.endpoint.auth = Arc::new(Keys::new(vec![key("alice"), key("bob")]).unwrap());
    };
    let first = Proxy::before_url(&upstream, patient_limits(), setting_up).await;
    let second = Proxy::before_url(&upstream, patient_limits(), setting_up).await;
    let alice = Session::open_as(first.address, "2025-11-25", Some("key-alice")).await;
    let as_bob = |ask: Ask| ask.header("authorization", "Bearer key-bob");
    for ask in [alice.post(&call(1, "echo", json!({}))), alice.get(), alice.delete()] {
        let foreign = send(second.address, &as_bob(ask.clone())).await;
        let unknown = as_bob(ask.header("mcp-session-id", "AAAAAAAAAAAAAAAAAAAAAA"));
        let unknown = send(second.address, &unknown).await;
        assert_eq!(foreign.status, 404);
        assert_eq!((foreign.status, foreign.body), (unknown.status, unknown.body));
    }
    // Only the owner of a session may store an event, and an event is shown only after it is
    // stored.
    let calling = alice.start(&call(2, "echo", json!({}))).await;
    let running = upstream.expect("tools/call").await;
    let answer = running.result_message(tool_text("still hers"));
    let mut events = running.events().await;
    events.message(&note("notifications/message", json!({}))).await;
    events.message(&answer).await;
    events.end().await;
    let (messages, _connection) = calling.messages().await;
    assert_eq!(messages[1]["result"], tool_text("still hers"), "{messages:?}");
}

#[tokio::test]
async fn client_without_a_known_key_is_answered_with_401() {
    let upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before_url(&upstream, patient_limits(), |config| {
        let key = Secret::new("right".to_owned());
        config.endpoint.auth =
            Arc::new(Keys::new(vec![ApiKey { name: "alice".into(), key }]).unwrap());
    });
    let proxy = proxy.await;
    let ask = Ask::post(&initialize("2025-11-25"));
    for ask in [ask.clone(), ask.header("authorization", "Bearer wrong")] {
        let answer = send(proxy.address, &ask).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.head.header("www-authenticate"), Some("Bearer"));
    }
}

#[tokio::test]
async fn key_of_the_client_never_reaches_the_upstream() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before_url(&upstream, patient_limits(), |config| {
        let key = Secret::new("right".to_owned());
        config.endpoint.auth =
            Arc::new(Keys::new(vec![ApiKey { name: "alice".into(), key }]).unwrap());
    });
    let proxy = proxy.await;
    let alice = Session::open_as(proxy.address, "2025-11-25", Some("right")).await;
    let mut calling = alice.start(&call(1, "echo", json!({}))).await;
    let asked = upstream.next().await;
    assert_eq!(asked.header("authorization"), None);
    assert_ne!(asked.header("mcp-session-id"), Some(alice.id.as_str()));
    asked.tool_text("done").await;
    assert_eq!(calling.response().await.status, 200);
}

#[tokio::test]
async fn request_with_an_id_that_is_still_running_is_refused() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let mut first = session.start(&call(7, "slow", json!({}))).await;
    let running = upstream.next().await;
    let second = session.send(&call(7, "other", json!({}))).await;
    assert_eq!((second.status, second.code()), (400, -32600), "{}", second.text());
    running.tool_text("the first").await;
    let first = first.response().await;
    assert_eq!(first.json()["result"]["content"][0]["text"], "the first");
    check_healthy(&session, &mut upstream).await;
    let mut again = session.start(&call(7, "again", json!({}))).await;
    upstream.next().await.tool_text("an id may be used again").await;
    assert_eq!(again.response().await.status, 200);
}

#[tokio::test]
async fn number_and_text_of_the_same_digits_are_two_ids() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let mut number = session.start(&call(7, "number", json!({}))).await;
    let first = upstream.next().await;
    let mut text = session.start(&call("7", "text", json!({}))).await;
    upstream.next().await.tool_text("text").await;
    first.tool_text("number").await;
    assert_eq!(number.response().await.json()["id"], 7);
    assert_eq!(text.response().await.json()["id"], "7");
}

#[tokio::test]
async fn response_without_a_request_is_taken_and_goes_nowhere() {
    let mut upstream = Upstream::with(&Habits::new().with_notes()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    for id in [json!(99), json!("1.99x"), json!("nothing"), json!("7.1")] {
        let response = json!({ "jsonrpc": "2.0", "id": id, "result": {} });
        assert_eq!(session.send(&response).await.status, 202);
    }
    // A bad request that got to the upstream would come before the healthy call.
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn notification_with_an_id_is_a_request_and_is_answered() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let mut odd = note("notifications/roots/list_changed", json!({}));
    odd["id"] = json!(5);
    let mut asking = session.start(&odd).await;
    let asked = upstream.expect("notifications/roots/list_changed").await;
    let id = asked.id();
    asked
        .json(&json!({ "jsonrpc": "2.0", "id": id, "error": { "code": -32601, "message": "no" } }))
        .await;
    let answer = asking.response().await;
    assert_eq!((answer.code(), &answer.json()["id"]), (-32601, &json!(5)));
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn second_initialize_in_a_session_is_refused() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let answer = session.send(&initialize("2025-11-25")).await;
    assert_eq!(answer.status, 400);
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn host_that_is_not_ours_is_refused_with_403() {
    for host in ["evil.example", "127.0.0.1.evil.example", "evil@127.0.0.1", "localhost.evil"] {
        check(|ask| ask.header("host", host), 403).await;
    }
}

#[tokio::test]
async fn origin_of_a_foreign_page_is_refused_with_403() {
    for origin in ["https://evil.example", "null", "http://localhost.evil.example"] {
        check(|ask| ask.header("origin", origin), 403).await;
    }
}

#[tokio::test]
async fn hosts_and_origins_that_are_ours_are_served() {
    let upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before_url(&upstream, patient_limits(), |config| {
        let hosts = HostPolicy::loopback().allow_host("mcp.example");
        config.endpoint.hosts = hosts.allow_origin("https://app.example");
    });
    let proxy = proxy.await;
    let ask = Ask::post(&initialize("2025-11-25"));
    for host in ["localhost:8080", "[::1]:8080", "mcp.example", "MCP.example:443"] {
        let answer = send(proxy.address, &ask.clone().header("host", host)).await;
        assert_eq!(answer.status, 200, "{host}");
    }
    for origin in ["http://localhost:3000", "https://app.example"] {
        let answer = send(proxy.address, &ask.clone().header("origin", origin)).await;
        assert_eq!(answer.status, 200, "{origin}");
        assert_eq!(answer.head.header("access-control-allow-origin"), Some(origin));
    }
}

#[tokio::test]
async fn path_and_method_that_are_not_served_are_refused() {
    check(|ask| ask.path("/other"), 404).await;
    let upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let mut connection = Connection::open(proxy.address).await;
    connection.send(b"PUT /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\n\r\n").await;
    let answer = connection.response().await;
    assert_eq!(answer.status, 405);
    assert!(answer.head.header("allow").is_some_and(|it| it.contains("POST")));
}

#[tokio::test]
async fn framing_that_two_readers_could_take_differently_is_refused() {
    let heads = [
        ("content-length: 4\r\ntransfer-encoding: chunked\r\n", "400"),
        ("transfer-encoding: gzip, chunked\r\n", "501"),
        ("host: localhost\r\ncontent-length: 0\r\n", "400"),
        ("content-length: 4\r\ncontent-length: 5\r\n", "400"),
    ];
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    for (head, status) in heads {
        let mut connection = Connection::open(proxy.address).await;
        let ask = format!("POST /mcp HTTP/1.1\r\nhost: localhost\r\n{head}\r\n0\r\n\r\n");
        connection.send(ask.as_bytes()).await;
        let rest = connection.rest().await;
        assert!(rest.starts_with(&format!("HTTP/1.1 {status}")), "{head}: {rest}");
    }
    check_healthy(&session, &mut upstream).await;
}
