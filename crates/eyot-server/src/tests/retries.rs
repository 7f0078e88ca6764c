//! Modern clients that bring a round once more, because they have lost the reply.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eyot_types::LogLevel;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::peer::Peer;
use crate::{CallContext, Elicited, HandlerResult, NoArguments, Progress, Server, tool};

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

/// The work that the handler of [`porter`] has done.
#[derive(Debug, Default)]
struct Work {
    begun: AtomicUsize,
    /// Names that it was told.
    heard: AtomicUsize,
    /// Handlers that have ended, done or not.
    gone: AtomicUsize,
    /// Lets one handler that has heard a name go on.
    door: Notify,
}

/// Counts when it is dropped.
struct Gone(Arc<Work>);

impl Drop for Gone {
    fn drop(&mut self) {
        self.0.gone.fetch_add(1, Ordering::Relaxed);
    }
}

/// A server with one tool, which asks for a name and then waits at the door.
fn porter() -> (Server, Arc<Work>) {
    let work = Arc::new(Work::default());
    let shared = Arc::clone(&work);
    let enter = tool("enter", move |_: NoArguments, call: CallContext| {
        let gone = Gone(Arc::clone(&shared));
        async move {
            let work = &gone.0;
            work.begun.fetch_add(1, Ordering::Relaxed);
            let name = call.elicit::<Name>("Who is it?").await?;
            work.heard.fetch_add(1, Ordering::Relaxed);
            call.progress(Progress::new(1.0)).await;
            call.log(LogLevel::Info, "at the door").await;
            work.door.notified().await;
            HandlerResult::Ok(match name {
                Elicited::Accepted(Name { name }) => format!("Come in, {name}!"),
                _ => "Stay out!".to_owned(),
            })
        }
    });
    (Server::builder("porter", "1").tool(enter).build().unwrap(), work)
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_default()
}

/// The answers of a client to what it was asked.
fn round(asked: &Value, name: &str) -> Value {
    let requests = asked["result"]["inputRequests"].as_object().unwrap();
    let answer = json!({ "action": "accept", "content": { "name": name } });
    let responses: serde_json::Map<_, _> =
        requests.keys().map(|key| (key.clone(), answer.clone())).collect();
    let state = &asked["result"]["requestState"];
    json!({ "name": "enter", "inputResponses": responses, "requestState": state })
}

const LATE: &str = "Invalid params: this round has been answered already";

/// A client that was asked for its name.
async fn asked(server: &Server) -> (Peer, Value) {
    let mut peer = Peer::modern(server, json!({ "elicitation": {} }));
    let asked = peer.ask("tools/call", json!({ "name": "enter" })).await;
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    (peer, asked)
}

/// Lets virtual time pass: what can happen until then has happened.
async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

#[tokio::test]
async fn a_round_that_comes_again_after_the_end_gets_the_same_answer() {
    let (server, work) = porter();
    let (mut peer, asked) = asked(&server).await;
    work.door.notify_one();
    let answer = peer.ask("tools/call", round(&asked, "Ada")).await;
    assert_eq!(text(&answer), "Come in, Ada!", "{answer}");
    let params = peer.with_meta(round(&asked, "Ada"));
    peer.start("again", "tools/call", params).await;
    let again = peer.next().await;
    assert_eq!((&again["id"], &again["result"]), (&json!("again"), &answer["result"]));
    let other = peer.ask("tools/call", round(&asked, "Eve")).await;
    assert_eq!(other["error"]["message"], LATE, "{other}");
    assert_eq!((work.begun.load(Ordering::Relaxed), work.heard.load(Ordering::Relaxed)), (1, 1));
}

#[tokio::test]
async fn a_round_that_comes_again_while_it_runs_shares_the_one_answer() {
    let (server, work) = porter();
    let (mut peer, asked) = asked(&server).await;
    for (id, token) in [(2, "second"), (3, "third")] {
        let mut params = round(&asked, "Ada");
        params["_meta"] = json!({ "progressToken": token });
        let params = peer.with_meta(params);
        peer.start(id, "tools/call", params).await;
    }
    let progress = peer.next().await;
    assert_eq!(progress["params"]["progressToken"], "second", "the one that leads hears it");
    let other = peer.ask("tools/call", round(&asked, "Eve")).await;
    assert_eq!(other["error"]["message"], LATE, "{other}");
    work.door.notify_one();
    let mut answers = [peer.next().await, peer.next().await];
    answers.sort_by_key(|it| it["id"].as_u64());
    assert_eq!([&answers[0]["id"], &answers[1]["id"]], [2, 3]);
    assert_eq!(text(&answers[0]), "Come in, Ada!", "{answers:?}");
    assert_eq!(answers[0]["result"], answers[1]["result"]);
    assert_eq!((work.begun.load(Ordering::Relaxed), work.heard.load(Ordering::Relaxed)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_round_that_comes_again_when_its_client_has_gone_goes_on() {
    let (server, work) = porter();
    let (mut first, asked) = asked(&server).await;
    let params = first.with_meta(round(&asked, "Ada"));
    first.start(2, "tools/call", params).await;
    pass(Duration::from_secs(1)).await;
    assert_eq!(work.heard.load(Ordering::Relaxed), 1);
    first.notify("notifications/cancelled", json!({ "requestId": 2 })).await;
    pass(Duration::from_secs(1)).await;
    let mut second = Peer::modern(&server, json!({ "elicitation": {} }));
    work.door.notify_one();
    let answer = second.ask("tools/call", round(&asked, "Ada")).await;
    assert_eq!(text(&answer), "Come in, Ada!", "{answer}");
    assert_eq!((work.begun.load(Ordering::Relaxed), work.heard.load(Ordering::Relaxed)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_beside_another_goes_on_in_its_place() {
    let (server, work) = porter();
    let (mut peer, asked) = asked(&server).await;
    for id in [2, 3] {
        let params = peer.with_meta(round(&asked, "Ada"));
        peer.start(id, "tools/call", params).await;
    }
    pass(Duration::from_secs(1)).await;
    peer.notify("notifications/cancelled", json!({ "requestId": 2 })).await;
    pass(Duration::from_secs(60)).await;
    work.door.notify_one();
    let answer = peer.next().await;
    assert_eq!((&answer["id"], text(&answer)), (&json!(3), "Come in, Ada!"));
    assert_eq!((work.begun.load(Ordering::Relaxed), work.gone.load(Ordering::Relaxed)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_in_a_round_and_stays_away_has_cancelled() {
    let (server, work) = porter();
    let (mut peer, asked) = asked(&server).await;
    let params = peer.with_meta(round(&asked, "Ada"));
    peer.start(2, "tools/call", params).await;
    pass(Duration::from_secs(1)).await;
    peer.notify("notifications/cancelled", json!({ "requestId": 2 })).await;
    pass(Duration::from_millis(1_900)).await;
    assert_eq!(work.gone.load(Ordering::Relaxed), 0, "it may have lost its connection");
    pass(Duration::from_millis(200)).await;
    assert_eq!(work.gone.load(Ordering::Relaxed), 1);
    let answer = peer.ask("tools/call", round(&asked, "Ada")).await;
    assert_eq!(answer["error"]["message"], "Invalid or expired requestState", "{answer}");
}
