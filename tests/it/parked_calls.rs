//! Clients that come back to a parked call: twice, late, or to another process.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use eyot::Affinity;
use eyot::{Drained, SqliteOptions, SqliteStore};
use serde_json::{Value, json};

use crate::support::rounds::{accept, again, asked, call, elicit};
use crate::support::{
    Connection, EventsOut, Habits, Program, Proxy, Response, Upstream, modern_ask, patient_limits,
    send, tool_text,
};

async fn ask(at: &impl At, request: &Value) -> Response {
    send(at.address(), &modern_ask(request)).await
}

/// A server that clients talk to.
trait At {
    fn address(&self) -> SocketAddr;
}

impl At for Proxy {
    fn address(&self) -> SocketAddr {
        self.address
    }
}

impl At for Program {
    fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A call that has asked for a name: its stream at the upstream, the upstream's id of it, and the
/// answer that the client got.
struct Parked {
    events: EventsOut,
    id: Value,
    answer: Value,
}

async fn parked(proxy: &impl At, upstream: &mut Upstream, request: &Value) -> Parked {
    let asking = async {
        let exchange = upstream.next_call().await;
        let id = exchange.id();
        let mut events = exchange.events().await;
        events.event("e1", &elicit(70, "Your name?")).await;
        (events, id)
    };
    let (answer, (events, id)) = tokio::join!(ask(proxy, request), asking);
    Parked { events, id, answer: answer.json() }
}

impl Parked {
    async fn finish(mut self) {
        let result = json!({ "jsonrpc": "2.0", "id": self.id, "result": tool_text("Hi Ada") });
        self.events.event("e2", &result).await;
        self.events.end().await;
    }
}

/// An upstream that shows the messages it gets, and a proxy before it.
async fn stage() -> (Upstream, Proxy) {
    let upstream = Upstream::with(&Habits::new().with_notes()).await;
    let proxy = Proxy::before(&upstream).await;
    (upstream, proxy)
}

/// Takes the client's answer, which must be the first.
async fn take_answer(upstream: &mut Upstream, name: &str) {
    let said = upstream.next().await;
    assert_eq!(said.message()["id"], 70, "{}", said.text);
    assert_eq!(said.message()["result"]["content"], json!({ "name": name }));
    said.accept().await;
}

#[track_caller]
fn check_greeted(response: &Response, id: u64) {
    let done = response.json();
    assert_eq!(done["id"], id, "{done}");
    assert_eq!(done["result"]["content"][0]["text"], "Hi Ada", "{done}");
}

#[tokio::test]
async fn two_that_bring_the_same_answers_hear_the_same_and_the_upstream_one_of_them() {
    let (mut upstream, proxy) = stage().await;
    let request = call(1, "greet");
    let parked = parked(&proxy, &mut upstream, &request).await;
    let retry = |id| again(request.clone(), id, &parked.answer, json!({ "1.1": accept("Ada") }));
    let (first, second) = (retry(2), retry(3));
    let other = again(request.clone(), 4, &parked.answer, json!({ "1.1": accept("Eve") }));
    let mut following = Connection::open(proxy.address).await;
    let serving = async {
        take_answer(&mut upstream, "Ada").await;
        following.ask(&modern_ask(&second)).await;
        assert_eq!(ask(&proxy, &other).await.code(), -32602, "other answers are not taken");
        parked.finish().await;
        following.response().await
    };
    let (leader, follower) = tokio::join!(ask(&proxy, &first), serving);
    check_greeted(&leader, 2);
    check_greeted(&follower, 3);
}

#[tokio::test]
async fn a_client_that_lost_its_connection_in_a_round_finds_its_call_again() {
    let (mut upstream, proxy) = stage().await;
    let request = call(1, "greet");
    let parked = parked(&proxy, &mut upstream, &request).await;
    let retry = |id| again(request.clone(), id, &parked.answer, json!({ "1.1": accept("Ada") }));
    let (first, second) = (retry(2), retry(3));
    let mut lost = Connection::open(proxy.address).await;
    lost.ask(&modern_ask(&first)).await;
    take_answer(&mut upstream, "Ada").await;
    drop(lost);
    let (done, ()) = tokio::join!(ask(&proxy, &second), parked.finish());
    check_greeted(&done, 3);
}

#[tokio::test]
async fn a_client_that_waits_too_takes_over_from_one_that_has_gone() {
    let (mut upstream, proxy) = stage().await;
    let request = call(1, "greet");
    let parked = parked(&proxy, &mut upstream, &request).await;
    let retry = |id| again(request.clone(), id, &parked.answer, json!({ "1.1": accept("Ada") }));
    let (first, second, other) = (retry(2), retry(3), accept("Eve"));
    let other = again(request.clone(), 4, &parked.answer, json!({ "1.1": other }));
    let mut leader = Connection::open(proxy.address).await;
    leader.ask(&modern_ask(&first)).await;
    take_answer(&mut upstream, "Ada").await;
    let mut follower = Connection::open(proxy.address).await;
    follower.ask(&modern_ask(&second)).await;
    // It is answered after the follower's request, which was therefore handled before.
    assert_eq!(ask(&proxy, &other).await.code(), -32602);
    drop(leader);
    parked.finish().await;
    check_greeted(&follower.response().await, 3);
}

#[tokio::test]
async fn a_client_that_goes_for_good_in_a_round_has_cancelled() {
    let (mut upstream, proxy) = stage().await;
    let request = call(1, "greet");
    let parked = parked(&proxy, &mut upstream, &request).await;
    let retry = again(request, 2, &parked.answer, json!({ "1.1": accept("Ada") }));
    let mut lost = Connection::open(proxy.address).await;
    lost.ask(&modern_ask(&retry)).await;
    take_answer(&mut upstream, "Ada").await;
    drop(lost);
    let cancelled = upstream.expect("notifications/cancelled").await;
    assert_eq!(cancelled.message()["params"]["requestId"], parked.id);
    cancelled.accept().await;
}

async fn proxy_with(upstream: &Upstream, path: &Path) -> Proxy {
    let store = Arc::new(SqliteStore::open(path, SqliteOptions::default()).unwrap());
    Proxy::before_url(upstream, patient_limits(), |config| config.endpoint.store = store).await
}

#[tokio::test]
async fn another_process_finishes_a_parked_call_where_its_upstream_can_resume_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.db");
    let mut upstream = Upstream::with(&Habits::new().with_notes().with_stream()).await;
    let args = ["--upstream".to_owned(), upstream.url()];
    let first = Program::serve("127.0.0.1:0", &path, &args).await;
    let request = call(1, "greet");
    let parked = parked(&first, &mut upstream, &request).await;
    first.kill().await;
    let second = Program::serve("127.0.0.1:0", &path, &args).await;
    let retry = again(request, 2, &parked.answer, json!({ "1.1": accept("Ada") }));
    let serving = async {
        let (mut answers, mut rest) = (0, None);
        while answers == 0 || rest.is_none() {
            let exchange = upstream.next().await;
            if exchange.http_method() == "GET" {
                match exchange.header("last-event-id").map(str::to_owned) {
                    None => exchange.status(405).await,
                    Some(cursor) => {
                        assert_eq!(cursor, "e1");
                        rest = Some(exchange.events().await);
                    }
                }
            } else {
                assert_eq!(exchange.message()["id"], 70, "{}", exchange.text);
                assert_eq!(exchange.message()["result"]["content"]["name"], "Ada");
                exchange.accept().await;
                answers += 1;
            }
        }
        let events = rest.expect("the stream is taken up again");
        Parked { events, ..parked }.finish().await;
        assert_eq!(answers, 1);
    };
    let (done, ()) = tokio::join!(ask(&second, &retry), serving);
    check_greeted(&done, 2);
}

#[tokio::test]
async fn a_parked_call_that_cannot_be_resumed_ends_with_a_clear_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.db");
    let mut upstream = Upstream::with(&Habits::new().with_notes()).await;
    let first = proxy_with(&upstream, &path).await;
    let request = call(1, "greet");
    let asking = async {
        let mut events = upstream.expect("tools/call").await.events().await;
        events.message(&elicit(70, "Your name?")).await;
        events
    };
    let (answer, _events) = tokio::join!(ask(&first, &request), asking);
    drop(first);
    let second = proxy_with(&upstream, &path).await;
    let retry = again(request, 2, &answer.json(), json!({ "1.1": accept("Ada") }));
    let lost = ask(&second, &retry).await.json();
    assert_eq!(lost["error"]["code"], -32603, "{lost}");
    assert_eq!(lost["error"]["data"]["outcome"], "unknown", "{lost}");
    assert_eq!(ask(&second, &retry).await.code(), -32602, "it is forgotten");
}

#[tokio::test]
async fn a_call_that_another_process_has_taken_over_is_not_answered_by_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.db");
    let mut upstream = Upstream::with(&Habits::new().with_notes().with_stream()).await;
    let first = proxy_with(&upstream, &path).await;
    let request = call(1, "greet");
    let parked = parked(&first, &mut upstream, &request).await;
    let second = proxy_with(&upstream, &path).await;
    let retry = again(request, 2, &parked.answer, json!({ "1.1": accept("Ada") }));
    let mut taking = Connection::open(second.address).await;
    taking.ask(&modern_ask(&retry)).await;
    let mut has_answer = false;
    while !has_answer {
        let exchange = upstream.next().await;
        has_answer = exchange.message()["id"] == 70;
        match exchange.http_method() {
            "GET" => exchange.status(405).await,
            _ => exchange.accept().await,
        }
    }
    let refused = ask(&first, &retry).await.json();
    let reason = &refused["error"]["data"]["reason"];
    assert_eq!(reason, "another process goes on with the call", "{refused}");
}

#[tokio::test]
async fn the_last_word_of_a_call_is_there_for_a_client_that_comes_back_to_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.db");
    let mut upstream = Upstream::with(&Habits::new().with_notes()).await;
    let first = proxy_with(&upstream, &path).await;
    let request = call(1, "greet");
    let parked = parked(&first, &mut upstream, &request).await;
    let retry = again(request, 2, &parked.answer, json!({ "1.1": accept("Ada") }));
    let serving = async {
        take_answer(&mut upstream, "Ada").await;
        parked.finish().await;
    };
    let (done, ()) = tokio::join!(ask(&first, &retry), serving);
    check_greeted(&done, 2);
    drop(first);
    let second = proxy_with(&upstream, &path).await;
    check_greeted(&ask(&second, &retry).await, 2);
}

#[tokio::test]
async fn an_orderly_end_leaves_a_parked_call_to_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls.db");
    let habits = Habits::new().with_notes().with_stream();
    let mut upstream = Upstream::with(&habits).await;
    let first = proxy_with(&upstream, &path).await;
    let request = call(1, "greet");
    let parked = parked(&first, &mut upstream, &request).await;
    first.shutdown.drain();
    parked.events.closed().await;
    assert_eq!(first.drained().await, Drained::Complete);
    assert_eq!(habits.sessions_open(), 1, "the call's session stays open");
    let second = proxy_with(&upstream, &path).await;
    let retry = again(request, 2, &parked.answer, json!({ "1.1": { "action": 7 } }));
    let serving = async {
        loop {
            let exchange = upstream.next().await;
            match exchange.header("last-event-id") {
                Some(_) => return exchange.events().await,
                None => exchange.status(405).await,
            }
        }
    };
    let (asked_again, _rest) = tokio::join!(ask(&second, &retry), serving);
    let asked_again = asked_again.json();
    assert_eq!(asked(&asked_again), ("1.1".to_owned(), "Your name?".to_owned()));
}

/// A connection is large: only so many calls at rest keep theirs.
#[tokio::test]
async fn a_call_that_rests_beside_many_lets_its_connection_go_and_comes_back_to_it() {
    const CONNECTED: usize = 256;
    let mut upstream = Upstream::with(&Habits::new().with_notes().with_stream()).await;
    let limits = patient_limits();
    let shared = |config: &mut eyot::ProxyConfig| config.affinity = Affinity::Shared;
    let proxy = Proxy::before_url(&upstream, limits, shared).await;
    let mut others = Vec::new();
    for id in 0..CONNECTED as u64 {
        others.push(parked(&proxy, &mut upstream, &call(id, "greet")).await);
    }
    let request = call(1_000, "greet");
    let parked = parked(&proxy, &mut upstream, &request).await;
    parked.events.closed().await;
    let retry = again(request, 2, &parked.answer, json!({ "1.1": accept("Ada") }));
    let serving = async {
        let (mut has_answer, mut rest) = (false, None);
        while !has_answer || rest.is_none() {
            let exchange = upstream.next().await;
            if exchange.http_method() == "GET" {
                assert_eq!(exchange.header("last-event-id"), Some("e1"));
                rest = Some(exchange.events().await);
            } else {
                assert_eq!(exchange.message()["result"]["content"]["name"], "Ada");
                exchange.accept().await;
                has_answer = true;
            }
        }
        let mut events = rest.expect("it is listened to again");
        let result = json!({ "jsonrpc": "2.0", "id": parked.id, "result": tool_text("Hi Ada") });
        events.event("e2", &result).await;
        events.end().await;
    };
    let (done, ()) = tokio::join!(ask(&proxy, &retry), serving);
    check_greeted(&done, 2);
}

#[tokio::test]
async fn two_rounds_keep_the_keys_of_what_is_still_open() {
    let (mut upstream, proxy) = stage().await;
    let request = call(1, "greet");
    let mut parked = parked(&proxy, &mut upstream, &request).await;
    assert_eq!(asked(&parked.answer).0, "1.1");
    let retry = again(request, 2, &parked.answer, json!({ "1.1": accept("Ada") }));
    let serving = async {
        take_answer(&mut upstream, "Ada").await;
        parked.events.event("e2", &elicit(71, "Your colour?")).await;
    };
    let (second, ()) = tokio::join!(ask(&proxy, &retry), serving);
    let second = second.json();
    assert_eq!(asked(&second), ("2.1".to_owned(), "Your colour?".to_owned()));
    // A client that did not get the second round gets it now.
    let repeated = ask(&proxy, &retry).await.json();
    assert_eq!(asked(&repeated), ("2.1".to_owned(), "Your colour?".to_owned()));
    let other = again(call(1, "greet"), 3, &parked.answer, json!({ "1.1": accept("Eve") }));
    assert_eq!(ask(&proxy, &other).await.code(), -32602, "the first round is over");
}
