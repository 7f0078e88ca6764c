//! The changes that a legacy client is told of at a server that is only modern.

use serde_json::{Value, json};

use crate::legacy_to_modern::{discover, request};
use crate::support::{EventsOut, Exchange, Proxy, Session, Upstream, call, note, tool_text};

const ID: &str = "io.modelcontextprotocol/subscriptionId";

async fn open() -> (Upstream, Proxy, Session) {
    let mut upstream = Upstream::bare().await;
    let proxy = Proxy::before(&upstream).await;
    let opening = Session::open(proxy.address, "2025-11-25");
    let (session, ()) = tokio::join!(opening, discover(&mut upstream));
    (upstream, proxy, session)
}

/// One subscription at the server.
struct Listen {
    id: Value,
    out: EventsOut,
}

impl Listen {
    /// Acknowledges the requested filter, except these resources.
    async fn acknowledge(asked: Exchange, without: &[&str]) -> (Self, Value) {
        let filter = asked.message()["params"]["notifications"].clone();
        let mut told = filter.clone();
        if let Some(uris) = told["resourceSubscriptions"].as_array_mut() {
            uris.retain(|uri| !without.contains(&uri.as_str().unwrap()));
        }
        let mut listen = Self { id: asked.id(), out: asked.events().await };
        listen
            .say("notifications/subscriptions/acknowledged", json!({ "notifications": told }))
            .await;
        (listen, filter)
    }

    async fn say(&mut self, method: &str, mut params: Value) {
        params["_meta"] = json!({});
        params["_meta"][ID] = self.id.clone();
        self.out.message(&note(method, params)).await;
    }

    async fn updated(&mut self, uri: &str) {
        self.say("notifications/resources/updated", json!({ "uri": uri })).await;
    }
}

async fn listen(upstream: &mut Upstream) -> (Listen, Value) {
    Listen::acknowledge(upstream.expect("subscriptions/listen").await, &[]).await
}

/// Subscribes; the server acknowledges.
async fn subscribe(session: &Session, upstream: &mut Upstream, uri: &str) -> (Listen, Value) {
    let asking = request(1, "resources/subscribe", json!({ "uri": uri }));
    let (answer, listening) = tokio::join!(session.send(&asking), listen(upstream));
    assert_eq!(answer.json()["result"], json!({}), "{}", answer.text());
    listening
}

const UPDATED: &str = "notifications/resources/updated";
const CHANGED: &str = "notifications/tools/list_changed";

#[tokio::test]
async fn changes_of_lists_reach_the_client_that_listens() {
    let (mut upstream, _proxy, session) = open().await;
    let ask = session.get();
    let (begun, (mut listening, filter)) = tokio::join!(session.begin(&ask), listen(&mut upstream));
    assert_eq!(filter, json!({ "toolsListChanged": true }));
    let mut events = begun.events();
    listening.say(CHANGED, json!({})).await;
    let said = events.next_message().await.message();
    assert_eq!(said, json!({ "jsonrpc": "2.0", "method": CHANGED }));
    // No client listens any more, and nothing is subscribed.
    drop(events);
    listening.out.closed().await;
}

#[tokio::test]
async fn subscription_is_answered_when_the_server_has_acknowledged_it() {
    let (mut upstream, _proxy, session) = open().await;
    let (mut listening, filter) = subscribe(&session, &mut upstream, "a:x").await;
    assert_eq!(filter["resourceSubscriptions"], json!(["a:x"]));
    // Changes from before the client listens wait for it.
    listening.updated("a:x").await;
    let mut events = session.begin(&session.get()).await.events();
    let said = events.next_message().await.message();
    assert_eq!(said, note(UPDATED, json!({ "uri": "a:x" })));
    // The resource is subscribed already.
    let again = request(2, "resources/subscribe", json!({ "uri": "a:x" }));
    assert_eq!(session.send(&again).await.json()["result"], json!({}));
}

#[tokio::test]
async fn resource_that_the_server_does_not_acknowledge_is_refused() {
    let (mut upstream, _proxy, session) = open().await;
    let asking = request(1, "resources/subscribe", json!({ "uri": "a:no" }));
    let (answer, _listening) = tokio::join!(session.send(&asking), async {
        let asked = upstream.expect("subscriptions/listen").await;
        Listen::acknowledge(asked, &["a:no"]).await
    });
    assert_eq!(answer.code(), -32602, "{}", answer.text());
    let (_listening, filter) = subscribe(&session, &mut upstream, "a:yes").await;
    assert_eq!(filter["resourceSubscriptions"], json!(["a:yes"]));
}

#[tokio::test]
async fn subscriptions_of_one_moment_are_made_together_and_before_the_old_one_ends() {
    let (mut upstream, _proxy, session) = open().await;
    let (mut old, _) = subscribe(&session, &mut upstream, "a:1").await;
    let mut events = session.begin(&session.get()).await.events();
    let asks: Vec<_> = (2..6)
        .map(|at| request(at, "resources/subscribe", json!({ "uri": format!("a:{at}") })))
        .collect();
    let mut running = Vec::new();
    for ask in &asks {
        running.push(session.start(ask).await);
    }
    let mut asked = upstream.expect("subscriptions/listen").await;
    let wanted = |asked: &Exchange| {
        let filter = asked.message()["params"]["notifications"].clone();
        filter["resourceSubscriptions"].as_array().unwrap().len()
    };
    // On a busy machine the time may be over before the last one has asked; then there are more.
    while wanted(&asked) < 5 {
        let (newer, _) = Listen::acknowledge(asked, &[]).await;
        old.out.closed().await;
        old = newer;
        asked = upstream.expect("subscriptions/listen").await;
    }
    old.updated("a:1").await;
    assert_eq!(events.next_message().await.message(), note(UPDATED, json!({ "uri": "a:1" })));
    let (mut new, _) = Listen::acknowledge(asked, &[]).await;
    for mut calling in running {
        assert_eq!(calling.response().await.json()["result"], json!({}));
    }
    old.out.closed().await;
    new.updated("a:5").await;
    assert_eq!(events.next_message().await.message(), note(UPDATED, json!({ "uri": "a:5" })));
}

#[tokio::test]
async fn unsubscribing_makes_the_subscription_smaller_and_ends_the_last() {
    let (mut upstream, _proxy, session) = open().await;
    let (one, _) = subscribe(&session, &mut upstream, "a:1").await;
    let (two, _) = subscribe(&session, &mut upstream, "a:2").await;
    one.out.closed().await;
    let asking = request(3, "resources/unsubscribe", json!({ "uri": "a:1" }));
    let (answer, (three, filter)) = tokio::join!(session.send(&asking), listen(&mut upstream));
    assert_eq!(answer.json()["result"], json!({}));
    assert_eq!(filter["resourceSubscriptions"], json!(["a:2"]));
    two.out.closed().await;
    let asking = request(4, "resources/unsubscribe", json!({ "uri": "a:2" }));
    assert_eq!(session.send(&asking).await.json()["result"], json!({}));
    three.out.closed().await;
}

#[tokio::test]
async fn subscription_that_breaks_is_opened_again_and_says_what_may_have_been_missed() {
    let (mut upstream, _proxy, session) = open().await;
    let (listening, _) = subscribe(&session, &mut upstream, "a:x").await;
    let mut events = session.begin(&session.get()).await.events();
    drop(listening);
    let (mut listening, filter) = listen(&mut upstream).await;
    assert_eq!(filter["resourceSubscriptions"], json!(["a:x"]));
    let said = [events.next_message().await, events.next_message().await];
    assert_eq!(said[0].message()["method"], CHANGED);
    assert_eq!(said[1].message(), note(UPDATED, json!({ "uri": "a:x" })));
    listening.updated("a:x").await;
    assert_eq!(events.next_message().await.message()["method"], UPDATED);
}

#[tokio::test]
async fn unread_change_outlives_the_subscription_that_brought_it() {
    let (mut upstream, _proxy, session) = open().await;
    let (mut one, _) = subscribe(&session, &mut upstream, "a:1").await;
    one.updated("a:1").await;
    let (mut two, _) = subscribe(&session, &mut upstream, "a:2").await;
    one.out.closed().await;
    two.updated("a:1").await;
    two.updated("a:2").await;
    let mut events = session.begin(&session.get()).await.events();
    for uri in ["a:1", "a:2"] {
        assert_eq!(events.next_message().await.message(), note(UPDATED, json!({ "uri": uri })));
    }
}

#[tokio::test]
async fn ended_session_ends_its_subscription() {
    let (mut upstream, _proxy, session) = open().await;
    let (listening, _) = subscribe(&session, &mut upstream, "a:x").await;
    assert_eq!(session.ask(&session.delete()).await.status, 204);
    listening.out.closed().await;
}

#[tokio::test]
async fn change_of_the_list_of_tools_makes_the_bridge_ask_for_it_anew() {
    let (mut upstream, _proxy, session) = open().await;
    let ask = session.get();
    let (begun, (mut listening, _)) = tokio::join!(session.begin(&ask), listen(&mut upstream));
    let mut events = begun.events();
    for _ in 0..2 {
        let calling = call(1, "echo", json!({}));
        let (answer, ()) = tokio::join!(session.send(&calling), async {
            let schema = json!({ "name": "echo", "inputSchema": { "type": "object" } });
            upstream.expect("tools/list").await.result(json!({ "tools": [schema] })).await;
            upstream.expect("tools/call").await.result(tool_text("fine")).await;
        });
        assert_eq!(answer.json()["result"], tool_text("fine"));
        listening.say(CHANGED, json!({})).await;
        events.next_message().await;
    }
}
