//! Servers made of handlers, over HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eyot::{CallContext, Drained, NoArguments, Server, ServerTool, tool};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::support::{Session, call};

/// A server that listens. Dropping it stops accepting.
struct Served {
    address: SocketAddr,
    _serving: JoinSet<Drained>,
}

async fn serve(tool: ServerTool) -> Served {
    let server = Server::builder("handlers", "1").tool(tool).build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut serving = JoinSet::new();
    serving.spawn(server.http().serve(listener));
    Served { address, _serving: serving }
}

/// A tool that closes its stream, then waits for the signal to go on.
fn patient(go_on: &Arc<Notify>) -> ServerTool {
    let go_on = Arc::clone(go_on);
    tool("patient", move |_: NoArguments, call: CallContext| {
        let go_on = Arc::clone(&go_on);
        async move {
            call.close_stream(Duration::from_millis(500)).await;
            go_on.notified().await;
            "done"
        }
    })
}

#[tokio::test]
async fn client_comes_back_for_the_answer_of_a_call_whose_stream_was_closed() {
    let go_on = Arc::new(Notify::new());
    let served = serve(patient(&go_on)).await;
    let session = Session::open(served.address, "2025-11-25").await;
    let calling = session.begin(&session.post(&call(1, "patient", json!({})))).await;
    let events = calling.events().rest().await;
    let [priming, closing] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((priming.id(), priming.retry), (closing.id(), Some(1_000)));
    assert_eq!((closing.retry, closing.data.as_deref()), (Some(500), Some("")));
    let mut rest = session.begin(&session.get_after(closing.id())).await.events();
    go_on.notify_one();
    let answer = rest.next_message().await.message();
    assert_eq!(
        (&answer["id"], &answer["result"]["content"][0]["text"]),
        (&json!(1), &json!("done"))
    );
}

#[tokio::test]
async fn answer_of_a_call_whose_stream_was_closed_is_kept_until_its_client_comes() {
    let go_on = Arc::new(Notify::new());
    go_on.notify_one();
    let served = serve(patient(&go_on)).await;
    let session = Session::open(served.address, "2025-11-25").await;
    let calling = session.begin(&session.post(&call(1, "patient", json!({})))).await;
    let events = calling.events().rest().await;
    let rest = session.begin(&session.get_after(events[0].id())).await.events().rest().await;
    assert_eq!(rest.last().unwrap().message()["result"]["content"][0]["text"], "done");
}

#[tokio::test]
async fn stream_of_a_client_that_would_not_come_back_stays_open() {
    for revision in ["2025-03-26", "2025-06-18"] {
        let go_on = Arc::new(Notify::new());
        let served = serve(patient(&go_on)).await;
        let session = Session::open(served.address, revision).await;
        let calling = session.begin(&session.post(&call(1, "patient", json!({})))).await;
        go_on.notify_one();
        let events = calling.events().rest().await;
        let [answer] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(answer.message()["result"]["content"][0]["text"], "done");
    }
}

#[tokio::test]
async fn client_that_takes_json_alone_gets_the_answer_as_json() {
    let go_on = Arc::new(Notify::new());
    go_on.notify_one();
    let served = serve(patient(&go_on)).await;
    let session = Session::open(served.address, "2025-11-25").await;
    let ask = session.post(&call(1, "patient", json!({}))).header("accept", "application/json");
    let answer = session.ask(&ask).await;
    assert_eq!(answer.json()["result"]["content"][0]["text"], "done");
}
