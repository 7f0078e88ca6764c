//! Data that an earlier program has stored, and a program of today goes on with.

use serde_json::{Value, json};

use crate::support::rounds::{accept, again};
use crate::support::{
    EarlierStore, Event, Habits, Program, Session, Upstream, check_healthy, modern_ask, note, send,
    tool_text,
};

async fn serve(store: &EarlierStore, upstream: &Upstream) -> Program {
    let upstream = ["--upstream".to_owned(), upstream.url()];
    Program::serve("127.0.0.1:0", &store.path(), &upstream).await
}

/// The session as its client knows it.
fn session(program: &Program, told: &Value) -> Session {
    let text = |name: &str| told[name].as_str().unwrap();
    Session::known(program.address, text("id"), text("revision"))
}

#[track_caller]
fn check_seen(event: &Event, told: &Value) {
    assert_eq!(event.id(), told["id"]);
    assert_eq!(event.message(), told["message"]);
}

#[tokio::test]
async fn call_under_way_is_finished_in_its_session() {
    let habits = Habits::new().with_stream().with_session("upstream-1");
    let mut upstream = Upstream::with(&habits).await;
    let store = EarlierStore::before(&upstream, "sessions");
    let program = serve(&store, &upstream).await;
    let told = &store.told["busy"];
    let session = session(&program, told);
    let first = told["open"][0]["id"].as_str().unwrap();
    let mut events = session.begin(&session.get_after(first)).await.events();
    check_seen(&events.next_message().await, &told["open"][1]);

    let resumed = upstream.next().await;
    assert_eq!(resumed.header("mcp-session-id"), Some("upstream-1"));
    assert_eq!(resumed.header("last-event-id"), Some("p2"));
    let mut rest = resumed.events().await;
    let answer = json!({ "jsonrpc": "2.0", "id": 1, "result": tool_text("finished") });
    rest.event("p3", &answer).await;
    rest.end().await;
    let answer = events.next_message().await.message();
    assert_eq!((&answer["id"], &answer["result"]), (&json!(4), &tool_text("finished")));
    check_healthy(&session, &mut upstream).await;
    assert!(habits.initializes().is_empty(), "the upstream session was there");
}

#[tokio::test]
async fn stream_of_no_call_is_replayed_and_goes_on() {
    let habits = Habits::new().with_stream().with_session("upstream-1");
    let mut upstream = Upstream::with(&habits).await;
    let store = EarlierStore::before(&upstream, "sessions");
    let program = serve(&store, &upstream).await;
    let told = &store.told["busy"];
    let session = session(&program, told);
    let first = told["standalone"][0]["id"].as_str().unwrap();
    let ask = session.get_after(first);
    let listening = async { upstream.next().await.events().await };
    let (begun, mut out) = tokio::join!(session.begin(&ask), listening);
    let mut events = begun.events();
    check_seen(&events.next_message().await, &told["standalone"][1]);
    let news = note("notifications/message", json!({ "level": "error", "data": "news" }));
    out.event("n3", &news).await;
    assert_eq!(events.next_message().await.message(), news);
}

#[tokio::test]
async fn session_at_rest_goes_on_with_its_upstream_session() {
    let habits = Habits::new().with_session("upstream-2");
    let mut upstream = Upstream::with(&habits).await;
    let store = EarlierStore::before(&upstream, "sessions");
    let program = serve(&store, &upstream).await;
    let session = session(&program, &store.told["idle"]);
    check_healthy(&session, &mut upstream).await;
    assert_eq!(session.ask(&session.delete()).await.status, 204);
    habits.all_closed().await;
    assert!(habits.initializes().is_empty(), "the upstream session was there");
}

/// The client has kept only the sealed state.
#[tokio::test]
async fn parked_call_is_finished() {
    let habits = Habits::new().with_notes().with_stream().with_session("upstream-1");
    let mut upstream = Upstream::with(&habits).await;
    let store = EarlierStore::before(&upstream, "parked");
    let program = serve(&store, &upstream).await;
    let told = &store.told;
    let answers = json!({ "1.1": accept("Ada") });
    let retry = modern_ask(&again(told["request"].clone(), 2, &told["answer"], answers));
    let serving = async {
        let (mut has_answer, mut rest) = (false, None);
        while !has_answer || rest.is_none() {
            let exchange = upstream.next().await;
            assert_eq!(exchange.header("mcp-session-id"), Some("upstream-1"));
            match (exchange.http_method(), exchange.header("last-event-id")) {
                ("GET", None) => exchange.status(405).await,
                ("GET", Some(cursor)) => {
                    assert_eq!(cursor, "e1");
                    rest = Some(exchange.events().await);
                }
                _ => {
                    assert_eq!(exchange.message()["id"], 70, "{}", exchange.text);
                    assert_eq!(exchange.message()["result"]["content"]["name"], "Ada");
                    exchange.accept().await;
                    has_answer = true;
                }
            }
        }
        let mut rest = rest.expect("the call's stream is taken up again");
        let answer = json!({ "jsonrpc": "2.0", "id": 1, "result": tool_text("Hi Ada") });
        rest.event("e2", &answer).await;
        rest.end().await;
    };
    let (done, ()) = tokio::join!(send(program.address, &retry), serving);
    let done = done.json();
    assert_eq!(done["id"], 2, "{done}");
    assert_eq!(done["result"]["content"], tool_text("Hi Ada")["content"], "{done}");
    assert!(habits.initializes().is_empty(), "the upstream session was there");
}
