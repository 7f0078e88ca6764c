//! How tasks end before they are done: cancelled, too old, or with the server.

use std::sync::Arc;
use std::time::Duration;

use eyot_endpoint::Drained;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{ask, begin, builder, ended, get, slow, with_tasks};
use crate::tests::peer::Peer;
use crate::{CallContext, HandlerResult, NoArguments, Server, ServerTool, TaskPolicy, tool};

/// Sends a signal when it is dropped.
struct Alarm(Option<oneshot::Sender<()>>);

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(alarm) = self.0.take() {
            alarm.send(()).ok();
        }
    }
}

/// A tool that never ends by itself; the receivers hear when the handler of its first call is
/// dropped, and when that call's cancellation has fired.
fn endless() -> (ServerTool, oneshot::Receiver<()>, oneshot::Receiver<()>) {
    let ((dropped, has_dropped), (fired, has_fired)) = (oneshot::channel(), oneshot::channel());
    let alarms = Arc::new(parking_lot::Mutex::new(Some((Alarm(Some(dropped)), fired))));
    let endless = tool("endless", move |_: NoArguments, call: CallContext| {
        let alarms = alarms.lock().take();
        async move {
            let Some((alarm, fired)) = alarms else { return "called twice" };
            let helper = helper(call.clone(), fired);
            std::future::pending::<()>().await;
            drop((alarm, helper));
            "never"
        }
    });
    (endless.task(TaskPolicy::Optional), has_dropped, has_fired)
}

/// Work that a handler has given away.
#[expect(clippy::disallowed_methods, reason = "handlers own the tasks that they start")]
fn helper(call: CallContext, fired: oneshot::Sender<()>) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        call.cancellation().cancelled().await;
        fired.send(()).ok();
    })
}

/// Waits for a signal that is due at once. The clock of the test runs while every task waits.
async fn soon(signal: oneshot::Receiver<()>) {
    tokio::time::timeout(Duration::from_millis(1), signal).await.unwrap().unwrap();
}

async fn cancel(peer: &mut Peer, id: &str) {
    let acknowledged = peer.ask("tasks/cancel", json!({ "taskId": id })).await;
    let result = acknowledged["result"].as_object().unwrap();
    assert_eq!(result.keys().collect::<Vec<_>>(), ["_meta", "resultType"], "{acknowledged}");
}

async fn is_unknown(peer: &mut Peer, id: &str) -> bool {
    let answer = peer.ask("tasks/get", json!({ "taskId": id })).await;
    answer["error"]["code"] == -32602
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_cancelled_stops_and_says_so() {
    let (endless, has_dropped, has_fired) = endless();
    let server = builder().tool(endless).build().unwrap();
    let mut peer = Peer::modern(&server, with_tasks());
    let id = begin(&mut peer, "endless").await;
    cancel(&mut peer, &id).await;
    assert_eq!(get(&mut peer, &id).await["status"], "cancelled");
    soon(has_dropped).await;
    soon(has_fired).await;
}

#[tokio::test(start_paused = true)]
async fn a_task_that_waits_for_its_client_is_cancelled_as_well() {
    let (dropped, has_dropped) = oneshot::channel();
    let alarm = Arc::new(parking_lot::Mutex::new(Some(Alarm(Some(dropped)))));
    let asks = tool("asks", move |_: NoArguments, call: CallContext| {
        let alarm = alarm.lock().take();
        async move {
            let answer = call.list_roots().await.map(|_| "answered");
            drop(alarm);
            answer
        }
    });
    let server = builder().tool(asks.task(TaskPolicy::Optional)).build().unwrap();
    let mut capabilities = with_tasks();
    capabilities["roots"] = json!({});
    let mut peer = Peer::modern(&server, capabilities);
    let id = begin(&mut peer, "asks").await;
    assert_eq!(get(&mut peer, &id).await["status"], "input_required");
    cancel(&mut peer, &id).await;
    soon(has_dropped).await;
    let task = get(&mut peer, &id).await;
    assert_eq!((&task["status"], task.get("inputRequests")), (&json!("cancelled"), None));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_over_is_not_cancelled_any_more() {
    let server = builder().tool(slow()).task_ttl(Duration::from_secs(7_200)).build().unwrap();
    let mut peer = Peer::modern(&server, with_tasks());
    let id = begin(&mut peer, "slow").await;
    let done = ended(&mut peer, &id).await;
    assert_eq!(done["status"], "completed");
    cancel(&mut peer, &id).await;
    assert_eq!(get(&mut peer, &id).await, done);
}

#[tokio::test(start_paused = true)]
async fn a_result_is_kept_until_the_time_of_its_task_is_over() {
    let minute = tool("minute", |_: NoArguments, _| async move {
        tokio::time::sleep(Duration::from_secs(60)).await;
        "done"
    });
    let minute = minute.task(TaskPolicy::Optional).task_ttl(Duration::from_secs(100));
    let server = builder().tool(minute).build().unwrap();
    let mut peer = Peer::modern(&server, with_tasks());
    let id = begin(&mut peer, "minute").await;
    tokio::time::sleep(Duration::from_secs(99)).await;
    assert_eq!(get(&mut peer, &id).await["status"], "completed");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(is_unknown(&mut peer, &id).await);
    // The server sweeps by itself, without any request.
    begin(&mut peer, "minute").await;
    tokio::time::sleep(Duration::from_secs(110)).await;
    assert_eq!(server.parts().tasks.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn work_that_takes_longer_than_its_task_is_kept_is_ended() {
    let (endless, has_dropped, has_fired) = endless();
    let server = builder().tool(endless).task_ttl(Duration::from_secs(30)).build().unwrap();
    let mut peer = Peer::modern(&server, with_tasks());
    let id = begin(&mut peer, "endless").await;
    tokio::time::sleep(Duration::from_secs(29)).await;
    assert_eq!(get(&mut peer, &id).await["status"], "working");
    tokio::time::sleep(Duration::from_secs(1)).await;
    soon(has_dropped).await;
    soon(has_fired).await;
    assert!(is_unknown(&mut peer, &id).await);
}

#[tokio::test(start_paused = true)]
async fn a_task_outlives_the_connection_of_its_client() {
    let server = builder().tool(slow()).task_ttl(Duration::from_secs(7_200)).build().unwrap();
    let mut peer = Peer::modern(&server, with_tasks());
    let id = begin(&mut peer, "slow").await;
    assert_eq!(peer.hang_up().await, Vec::<Value>::new());
    let mut peer = Peer::modern(&server, with_tasks());
    assert_eq!(ended(&mut peer, &id).await["status"], "completed");
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_client_goes_before_there_is_a_task_is_cancelled() {
    let (endless, has_dropped, has_fired) = endless();
    let server = builder().tool(endless).build().unwrap();
    let mut peer = Peer::modern(&server, with_tasks());
    let params = peer.with_meta(json!({ "name": "endless" }));
    peer.start(1, "tools/call", params).await;
    peer.notify("notifications/cancelled", json!({ "requestId": 1 })).await;
    soon(has_dropped).await;
    soon(has_fired).await;
    assert_eq!(server.parts().tasks.count(), 0);
}

#[tokio::test]
async fn the_end_of_a_server_is_the_end_of_its_tasks() {
    let (endless, has_dropped, has_fired) = endless();
    let server = builder().tool(endless).build().unwrap();
    let mut peer = Peer::modern(&server, with_tasks());
    let id = begin(&mut peer, "endless").await;
    let task = server.parts().tasks.find(&id, None).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    server.shutdown().drain();
    assert_eq!(server.http().serve(listener).await, Drained::Complete);
    // When the server has ended nothing runs any more.
    assert!(server.parts().detached.tasks().is_empty());
    has_dropped.await.unwrap();
    has_fired.await.unwrap();
    let shown = task.read(|it| serde_json::to_value(it.view(None)).unwrap());
    assert_eq!((&shown["status"], &shown["error"]["code"]), (&json!("failed"), &json!(-32603)));
}

/// Lets answer and cancellation of one task run against each other; the state that it ends in.
#[expect(clippy::disallowed_methods, reason = "the test lets requests run against each other")]
async fn race(server: &Server, number: u32) -> Value {
    let who = format!("client {}", number % 7);
    let created = ask(server, &who, "tools/call", json!({ "name": "asks" })).await;
    let id = &created["result"]["taskId"];
    let roots = json!({ "roots": [{ "uri": format!("file:///{number}") }] });
    let update = json!({ "taskId": id, "inputResponses": { "q0": roots } });
    let of_task = json!({ "taskId": id });
    let beside = |method: &'static str, params: Value| {
        let (server, who) = (server.clone(), who.clone());
        tokio::spawn(async move { ask(&server, &who, method, params).await })
    };
    let answering = beside("tasks/update", update);
    let cancelling = beside("tasks/cancel", of_task.clone());
    let (answered, cancelled) = tokio::try_join!(answering, cancelling).unwrap();
    for acknowledged in [answered, cancelled] {
        assert_eq!(acknowledged["result"]["resultType"], "complete", "{acknowledged}");
    }
    ask(server, &who, "tasks/get", of_task).await["result"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[expect(clippy::disallowed_methods, reason = "the test lets clients run against each other")]
async fn a_task_ends_once_under_a_race() {
    let asks = tool("asks", |_: NoArguments, call: CallContext| async move {
        let roots = call.list_roots().await?;
        call.set_status_message("answered");
        HandlerResult::Ok(roots.roots[0].uri.clone())
    });
    let server = builder().tool(asks.task(TaskPolicy::Required)).build().unwrap();
    let clients: Vec<_> = (0..200)
        .map(|number| {
            let server = server.clone();
            tokio::spawn(async move { (number, race(&server, number).await) })
        })
        .collect();
    for client in clients {
        let (number, task) = client.await.unwrap();
        match task["status"].as_str() {
            Some("completed") => {
                assert_eq!(super::text(&task["result"]), format!("file:///{number}"));
            }
            status => assert_eq!(status, Some("cancelled"), "{task}"),
        }
    }
    // No work is left.
    server.parts().detached.tasks().close();
    server.parts().detached.tasks().wait().await;
}
