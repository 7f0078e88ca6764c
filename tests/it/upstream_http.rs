//! What a client of HTTP owes its upstream, and what it makes of odd answers.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Ask, Exchange, Habits, Proxy, Response, Session, Upstream, call, check_healthy, initialize,
    note, send, within,
};

/// Answers `initialize` and opens this session, with these headers besides.
async fn open(exchange: Exchange, id: &str, headers: &str) {
    assert_eq!(exchange.method(), "initialize", "{}", exchange.text);
    let result = json!({
        "protocolVersion": exchange.message()["params"]["protocolVersion"],
        "capabilities": {},
        "serverInfo": { "name": "scripted", "version": "1" },
    });
    let body = exchange.result_message(result).to_string();
    let headers = format!("content-type: application/json\r\nmcp-session-id: {id}\r\n{headers}");
    exchange.respond(200, &headers, body.as_bytes()).await;
}

/// Answers a request with an error under this id.
async fn refuse(exchange: Exchange, status: u16, id: &Value, error: &(i64, &str)) {
    let body = json!({
        "jsonrpc": "2.0", "id": id, "error": { "code": error.0, "message": error.1 },
    });
    let headers = "content-type: application/json\r\n";
    exchange.respond(status, headers, body.to_string().as_bytes()).await;
}

fn reason(answer: &Response) -> String {
    answer.json()["error"]["data"]["reason"].as_str().expect("the error has a reason").to_owned()
}

#[tokio::test]
async fn cookies_go_back_in_their_own_session_alone() {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let mut sessions = Vec::new();
    for number in 1..=2 {
        let upstreams_part = async {
            let cookie = format!("set-cookie: LB={number}; Path=/; HttpOnly\r\n");
            open(upstream.next().await, &format!("s{number}"), &cookie).await;
            let initialized = upstream.next().await;
            assert_eq!(initialized.header("cookie"), Some(format!("LB={number}").as_str()));
            initialized.accept().await;
        };
        let opening = Session::open(proxy.address, "2025-11-25");
        sessions.push(tokio::join!(opening, upstreams_part).0);
    }
    for (session, cookie) in sessions.iter().zip(["LB=1", "LB=2"]) {
        let asking = session.post(&call(1, "t", json!({}))).header("cookie", "own=secret");
        let answering = async {
            let asked = upstream.next().await;
            assert_eq!(asked.header("cookie"), Some(cookie), "the client's own stay behind");
            assert_eq!(asked.header("accept-encoding"), Some("identity"));
            asked.tool_text("fine").await;
        };
        let (answer, ()) = tokio::join!(session.ask(&asking), answering);
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

#[tokio::test]
async fn redirect_within_the_origin_is_followed_where_it_keeps_the_method() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let asking = call(1, "t", json!({ "a": 1 }));
    for status in [307, 308] {
        let answering = async {
            let asked = upstream.expect("tools/call").await;
            asked.respond(status, "location: ../v2/mcp/?x=1\r\n", b"moved").await;
            let again = upstream.expect("tools/call").await;
            assert_eq!(again.head.first_line, "POST /v2/mcp/?x=1 HTTP/1.1");
            assert_eq!(again.message()["params"]["arguments"]["a"], 1, "{}", again.text);
            again.tool_text("fine").await;
        };
        let (answer, ()) = tokio::join!(session.send(&asking), answering);
        assert_eq!(answer.json()["result"]["content"][0]["text"], "fine", "{status}");
    }
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn redirect_that_is_not_followed_is_named_and_its_place_is_no_clients_business() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let mut elsewhere = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let other = format!("http://{}/mcp", elsewhere.address);
    for (status, location) in [(302, "/mcp2"), (307, other.as_str()), (301, other.as_str())] {
        let answering = async {
            let asked = upstream.expect("tools/call").await;
            let headers = format!("location: {location}?token=s3cret\r\n");
            asked.respond(status, &headers, b"").await;
        };
        let asking = call(1, "t", json!({}));
        let (answer, ()) = tokio::join!(session.send(&asking), answering);
        let reason = reason(&answer);
        assert!(reason.contains("not followed") && !reason.contains(location), "{reason}");
        assert_eq!(answer.json()["error"]["data"]["outcome"], "not_sent", "{reason}");
    }
    check_healthy(&session, &mut upstream).await;
    let unasked = tokio::time::timeout(Duration::ZERO, elsewhere.next()).await;
    assert!(unasked.is_err(), "no request goes to another origin");
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let answering = async {
        for _ in 0..=5 {
            let asked = upstream.expect("tools/call").await;
            asked.respond(307, "location: /mcp\r\n", b"").await;
        }
    };
    let asking = call(1, "t", json!({}));
    let (answer, ()) = tokio::join!(session.send(&asking), answering);
    assert!(reason(&answer).contains("307"), "{}", answer.text());
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn answer_in_an_unknown_coding_or_of_another_kind_says_so() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    for (headers, named) in [
        ("content-type: application/json\r\ncontent-encoding: snappy\r\n", "snappy"),
        ("content-type: application/json\r\ncontent-encoding: gzip\r\n", "gzip"),
        ("content-type: text/html\r\n", "text/html"),
    ] {
        let answering = async {
            upstream.expect("tools/call").await.respond(200, headers, b"<html>").await;
        };
        let asking = call(1, "t", json!({}));
        let (answer, ()) = tokio::join!(session.send(&asking), answering);
        assert!(reason(&answer).contains(named), "{}", answer.text());
        assert_eq!(answer.json()["error"]["data"]["retryable"], false, "{named}");
    }
    check_healthy(&session, &mut upstream).await;
}

#[tokio::test]
async fn unknown_method_with_404_is_an_answer_and_the_session_stays() {
    let habits = Habits::new();
    let mut upstream = Upstream::with(&habits).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    for _ in 0..3 {
        let asking = json!({ "jsonrpc": "2.0", "id": 1, "method": "resources/list" });
        let answering = async {
            let asked = upstream.expect("resources/list").await;
            let id = asked.id();
            refuse(asked, 404, &id, &(-32601, "no such method")).await;
        };
        let (answer, ()) = tokio::join!(session.send(&asking), answering);
        assert_eq!(answer.json()["error"]["code"], -32601, "{}", answer.text());
    }
    check_healthy(&session, &mut upstream).await;
    assert_eq!(habits.initializes().len(), 1, "no other session was opened");
}

#[tokio::test]
async fn session_that_was_forgotten_in_other_words_heals_once_and_then_the_error_is_told() {
    for (status, error) in [
        (404, (-32001, "Session not found")),
        (404, (-32000, "no such thing")),
        (410, (-32600, "gone")),
        (400, (-32000, "Bad Request: No valid session ID provided")),
        (400, (-32600, "session not found")),
        (200, (-32600, "Session not found")),
        (200, (-32002, "Unknown session")),
    ] {
        let habits = Habits::new();
        let mut upstream = Upstream::with(&habits).await;
        let proxy = Proxy::before(&upstream).await;
        let session = Session::open(proxy.address, "2025-11-25").await;
        let heals = async {
            let asked = upstream.expect("tools/call").await;
            let id = asked.id();
            refuse(asked, status, &id, &error).await;
            upstream.expect("tools/call").await.tool_text("fine").await;
        };
        let asking = call(1, "t", json!({}));
        let (answer, ()) = tokio::join!(session.send(&asking), heals);
        assert_eq!(answer.json()["result"]["content"][0]["text"], "fine", "{status} {error:?}");
        assert_eq!(habits.initializes().len(), 2, "{status} {error:?}");
        let never_heals = async {
            for _ in 0..3 {
                let asked = upstream.expect("tools/call").await;
                let id = asked.id();
                refuse(asked, status, &id, &error).await;
            }
        };
        let asking_twice = async { (session.send(&asking).await, session.send(&asking).await) };
        let ((first, second), ()) = tokio::join!(asking_twice, never_heals);
        for answer in [first, second] {
            assert_eq!(answer.json()["error"]["code"], error.0, "{status} {}", answer.text());
        }
        assert_eq!(habits.initializes().len(), 3, "one more, and not one for each call");
    }
}

#[tokio::test]
async fn forgotten_session_that_is_said_on_a_stream_heals_too() {
    let habits = Habits::new();
    let mut upstream = Upstream::with(&habits).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let heals = async {
        let asked = upstream.expect("tools/call").await;
        let error = json!({ "code": -32600, "message": "Session not found" });
        let message = json!({ "jsonrpc": "2.0", "id": asked.id(), "error": error });
        let mut out = asked.events().await;
        out.message(&message).await;
        out.end().await;
        upstream.expect("tools/call").await.tool_text("fine").await;
    };
    let asking = call(1, "t", json!({}));
    let (answer, ()) = tokio::join!(session.send(&asking), heals);
    assert_eq!(answer.json()["result"]["content"][0]["text"], "fine", "{}", answer.text());
    assert_eq!(habits.initializes().len(), 2);
}

#[tokio::test]
async fn notification_needs_its_status_alone() {
    let mut upstream = Upstream::with(&Habits::new().with_notes()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let noted = note("notifications/roots/list_changed", json!({}));
    let answering = async { upstream.next().await.events().await };
    let (answer, out) = tokio::join!(session.send(&noted), answering);
    assert_eq!(answer.status, 202, "{}", answer.text());
    out.closed().await;
}

#[tokio::test]
async fn refused_notification_is_named() {
    let mut upstream = Upstream::with(&Habits::new().with_notes()).await;
    let proxy = Proxy::before(&upstream).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let noted = note("notifications/roots/list_changed", json!({}));
    for status in [400, 501] {
        let answering = async { upstream.next().await.status(status).await };
        let (answer, ()) = tokio::join!(session.send(&noted), answering);
        let text = answer.text();
        assert!(text.contains("roots/list_changed"), "{text}");
        assert!(text.contains(&status.to_string()), "{text}");
    }
}

#[tokio::test]
async fn end_of_a_session_does_not_wait_for_the_upstream() {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let upstreams_part = async {
        open(upstream.next().await, "s1", "").await;
        upstream.next().await.accept().await;
    };
    let (session, ()) = tokio::join!(Session::open(proxy.address, "2025-11-25"), upstreams_part);
    let answer = session.ask(&session.delete()).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    let ended = upstream.next().await;
    assert_eq!((ended.http_method(), ended.header("mcp-session-id")), ("DELETE", Some("s1")));
}

#[tokio::test]
async fn call_that_says_nothing_but_event_ids_ends() {
    let mut upstream = Upstream::with(&Habits::new()).await;
    let mut limits = crate::support::patient_limits();
    limits.calls.timeout = Duration::from_millis(300);
    let proxy = Proxy::before_url(&upstream, limits, |_| {}).await;
    let session = Session::open(proxy.address, "2025-11-25").await;
    let answering = async {
        let mut out = upstream.expect("tools/call").await.events().await;
        loop {
            out.text("id: a\ndata:\n\n").await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let asking = call(1, "t", json!({}));
    let answer = tokio::select! {
        answer = within("the end of the call", session.send(&asking)) => answer,
        () = answering => unreachable!(),
    };
    assert!(answer.text().contains("silent"), "{}", answer.text());
}

#[tokio::test]
async fn slash_behind_the_path_of_the_endpoint_changes_nothing() {
    let upstream = Upstream::with(&Habits::new()).await;
    let proxy = Proxy::before(&upstream).await;
    let opened = send(proxy.address, &Ask::post(&initialize("2025-11-25")).path("/mcp/")).await;
    assert_eq!(opened.status, 200, "{}", opened.text());
    for path in ["/mcp//", "/mcp/x", "/", "/mc"] {
        let refused = send(proxy.address, &Ask::post(&initialize("2025-11-25")).path(path)).await;
        assert_eq!(refused.status, 404, "{path}");
    }
}
