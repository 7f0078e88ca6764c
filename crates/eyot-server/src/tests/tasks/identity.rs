//! The principal of a task, and how many tasks one may have.

use std::sync::Arc;
use std::time::Duration;

use eyot_service::Limits;
use serde_json::{Value, json};

use super::{ask, builder, slow};
use crate::tests::gone;
use crate::{NoArguments, Server, TaskPolicy, tool};

async fn begin(server: &Server, principal: &str) -> Value {
    ask(server, principal, "tools/call", json!({ "name": "slow" })).await
}

#[tokio::test(start_paused = true)]
async fn a_principal_cannot_see_stop_or_answer_the_task_of_another() {
    let server = builder().tool(slow()).build().unwrap();
    let created = begin(&server, "ada").await;
    let id = &created["result"]["taskId"];
    for (method, params) in [
        ("tasks/get", json!({ "taskId": id })),
        ("tasks/update", json!({ "taskId": id, "inputResponses": {} })),
        ("tasks/cancel", json!({ "taskId": id })),
    ] {
        let mut unknown = params.clone();
        unknown["taskId"] = json!("nothing");
        let theirs = ask(&server, "ben", method, params).await;
        // To ben the task does not exist.
        assert_eq!(theirs, ask(&server, "ben", method, unknown).await);
        assert_eq!(theirs["error"]["code"], -32602, "{theirs}");
    }
    let wanted = json!({ "notifications": { "taskIds": [id, "nothing"] } });
    let heard = ask(&server, "ben", "subscriptions/listen", wanted.clone()).await;
    assert_eq!(heard["params"]["notifications"], json!({}), "{heard}");
    let heard = ask(&server, "ada", "subscriptions/listen", wanted).await;
    assert_eq!(heard["params"]["notifications"], json!({ "taskIds": [id] }), "{heard}");
    let own = ask(&server, "ada", "tasks/get", json!({ "taskId": id })).await;
    assert_eq!(own["result"]["status"], "working", "{own}");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_hears_of_so_many_tasks_and_no_more() {
    let server = builder().tool(slow()).tasks_max(2_000).principal_parts(1).build().unwrap();
    let ada: Arc<str> = Arc::from("ada");
    let tasks = &server.parts().tasks;
    let create = || {
        let room = tasks.room(Some(&ada)).unwrap();
        room.create(gone(), Duration::from_secs(60), Duration::from_secs(1))
    };
    let ids: Vec<_> = (0..1_001).map(|_| create().read(|it| it.id().as_ref().to_owned())).collect();
    let wanted = json!({ "notifications": { "taskIds": ids } });
    let heard = ask(&server, "ada", "subscriptions/listen", wanted).await;
    let agreed = heard["params"]["notifications"]["taskIds"].as_array().unwrap();
    assert_eq!(agreed.len(), 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_needs_a_task_is_refused_before_it_runs_when_there_is_no_room() {
    let needy = tool("slow", |_: NoArguments, _| async move {
        tokio::time::sleep(Duration::from_secs(3_600)).await;
        "done"
    });
    let server = builder().tool(needy.task(TaskPolicy::Required)).tasks_max(2).build().unwrap();
    let id = begin(&server, "ada").await["result"]["taskId"].clone();
    let full = begin(&server, "ada").await;
    assert_eq!(
        (&full["error"]["code"], &full["error"]["data"]["limit"]),
        (&json!(1503), &json!("tasks"))
    );
    assert_eq!(begin(&server, "ben").await["result"]["resultType"], "task");
    assert_eq!(begin(&server, "eve").await["error"]["code"], 1503);
    // A task that is over is kept and takes up room until its time is over.
    ask(&server, "ada", "tasks/cancel", json!({ "taskId": id })).await;
    assert_eq!(begin(&server, "ada").await["error"]["code"], 1503);
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert_eq!(begin(&server, "ada").await["result"]["resultType"], "task");
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_can_do_without_a_task_does_when_there_is_no_room() {
    let server = builder().tool(slow()).tasks_max(1).build().unwrap();
    assert_eq!(begin(&server, "ada").await["result"]["resultType"], "task");
    let waited = begin(&server, "ben").await;
    assert_eq!(super::text(&waited["result"]), "done", "{waited}");
}

#[tokio::test(start_paused = true)]
async fn limits_bound_the_tasks_of_a_server() {
    let mut limits = Limits::default();
    limits.memory.tasks_max = 1;
    let server = builder().tool(slow()).limits(limits).build().unwrap();
    assert_eq!(begin(&server, "ada").await["result"]["resultType"], "task");
    let waited = begin(&server, "ben").await;
    assert_eq!(super::text(&waited["result"]), "done", "{waited}");
}
