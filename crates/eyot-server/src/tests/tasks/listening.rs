//! `notifications/tasks`, in subscriptions.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{begin, builder, get, slow, with_questions};
use crate::tests::peer::Peer;
use crate::{CallContext, HandlerResult, NoArguments, TaskPolicy, tool};

#[derive(Deserialize, JsonSchema)]
struct Sure {
    #[expect(dead_code, reason = "the question counts")]
    sure: bool,
}

/// The state that a notification tells, as `tasks/get` has it.
fn state(notice: &Value) -> Value {
    assert_eq!(notice["method"], "notifications/tasks", "{notice}");
    let mut state = notice["params"].clone();
    let meta = state.as_object_mut().unwrap().remove("_meta").unwrap();
    assert_eq!(meta, json!({ "io.modelcontextprotocol/subscriptionId": "s1" }));
    state
}

async fn listen(peer: &mut Peer, ids: &[&str]) -> Value {
    let params = peer.with_meta(json!({ "notifications": { "taskIds": ids } }));
    peer.start("s1", "subscriptions/listen", params).await;
    peer.next().await["params"]["notifications"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_subscription_tells_every_state_as_tasks_get_would() {
    let asks = tool("asks", |_: NoArguments, call: CallContext| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        call.elicit::<Sure>("Sure?").await?;
        call.set_status_message("sure");
        tokio::time::sleep(Duration::from_secs(1)).await;
        HandlerResult::Ok("done")
    });
    let server = builder().tool(asks.task(TaskPolicy::Optional)).build().unwrap();
    let mut client = Peer::modern(&server, with_questions());
    let mut listener = Peer::modern(&server, with_questions());
    let id = begin(&mut client, "asks").await;
    let agreed = listen(&mut listener, &[&id, "unknown", &id]).await;
    assert_eq!(agreed, json!({ "taskIds": [id] }));
    // The listener first gets the state of the task as it is now.
    let mut now = state(&listener.next().await);
    let mut statuses = vec![now["status"].clone()];
    while now["status"] != "completed" {
        now = state(&listener.next().await);
        statuses.push(now["status"].clone());
        let mut got = get(&mut client, &id).await;
        for name in ["_meta", "resultType"] {
            got.as_object_mut().unwrap().remove(name);
        }
        assert_eq!(now, got);
        if now["status"] == "input_required" {
            let answer = json!({ "action": "accept", "content": { "sure": true } });
            let params = json!({ "taskId": id, "inputResponses": { "q0": answer } });
            client.ask("tasks/update", params).await;
        }
    }
    statuses.dedup();
    assert_eq!(statuses, ["working", "input_required", "working", "completed"]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_was_over_before_is_told_and_then_no_more() {
    let server = builder().tool(slow()).build().unwrap();
    let mut client = Peer::modern(&server, with_questions());
    let (over, open) = (begin(&mut client, "slow").await, begin(&mut client, "slow").await);
    client.ask("tasks/cancel", json!({ "taskId": over })).await;
    let mut listener = Peer::modern(&server, with_questions());
    listen(&mut listener, &[&over, &open]).await;
    let mut told = [state(&listener.next().await), state(&listener.next().await)];
    told.sort_by_key(|it| it["status"].to_string());
    assert_eq!([&told[0]["taskId"], &told[1]["taskId"]], [&over, &open]);
    assert_eq!([&told[0]["status"], &told[1]["status"]], ["cancelled", "working"]);
    client.ask("tasks/cancel", json!({ "taskId": open })).await;
    let last = state(&listener.next().await);
    assert_eq!((&last["taskId"], &last["status"]), (&json!(open), &json!("cancelled")));
    server.shutdown().drain();
    let farewell = listener.next().await;
    assert_eq!(farewell["id"], "s1", "{farewell}");
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_time_is_over_says_so_last() {
    let server = builder().tool(slow()).task_ttl(Duration::from_secs(60)).build().unwrap();
    let mut client = Peer::modern(&server, with_questions());
    let id = begin(&mut client, "slow").await;
    listen(&mut client, &[&id]).await;
    assert_eq!(state(&client.next().await)["status"], "working");
    let last = state(&client.next().await);
    let expected = json!({ "code": -32603, "message": "the task took longer than it is kept" });
    assert_eq!((&last["status"], &last["error"]), (&json!("failed"), &expected));
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_reads_slowly_is_told_the_present_and_keeps_no_past() {
    let busy = tool("busy", |_: NoArguments, call: CallContext| async move {
        for part in 0..100_000 {
            call.set_status_message(format!("part {part}"));
            if part % 1_000 == 0 {
                tokio::time::sleep(Duration::from_millis(150)).await;
            }
        }
        "done"
    });
    let server = builder().tool(busy.task(TaskPolicy::Optional)).build().unwrap();
    let mut client = Peer::modern(&server, with_questions());
    let mut listener = Peer::modern(&server, with_questions());
    let id = begin(&mut client, "busy").await;
    listen(&mut listener, &[&id]).await;
    let mut told = 0;
    while state(&listener.next().await)["status"] == "working" {
        told += 1;
    }
    assert!((1..=110).contains(&told), "{told}");
}
