//! Questions of tasks: they stand in the state, and `tasks/update` answers them.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{begin, builder, ended, get, text, with_questions, with_tasks};
use crate::tests::peer::Peer;
use crate::{
    CallContext, Elicited, HandlerResult, InputRequired, NoArguments, Server, ServerTool,
    TaskPolicy, ToolReply, tool,
};

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

/// Asks two things at once and says both answers.
fn couple() -> ServerTool {
    tool("couple", |_: NoArguments, call: CallContext| async move {
        let (one, other) =
            tokio::try_join!(call.elicit::<Name>("One?"), call.elicit::<Name>("Other?"))?;
        let said = |it| if let Elicited::Accepted(Name { name }) = it { name } else { "".into() };
        HandlerResult::Ok(format!("{} and {}", said(one), said(other)))
    })
    .task(TaskPolicy::Optional)
}

fn accepted(name: &str) -> Value {
    json!({ "action": "accept", "content": { "name": name } })
}

fn keys(task: &Value) -> Vec<String> {
    task["inputRequests"].as_object().map(|it| it.keys().cloned().collect()).unwrap_or_default()
}

async fn update(peer: &mut Peer, id: &str, key: &str, answer: Value) {
    let responses = Map::from_iter([(key.to_owned(), answer)]);
    let params = json!({ "taskId": id, "inputResponses": responses });
    let acknowledged = peer.ask("tasks/update", params).await;
    let result = acknowledged["result"].as_object().unwrap();
    assert_eq!(result.keys().collect::<Vec<_>>(), ["_meta", "resultType"], "{acknowledged}");
    assert_eq!(result["resultType"], "complete");
}

#[tokio::test(start_paused = true)]
async fn a_task_waits_until_every_question_is_answered() {
    let server = builder().tool(couple()).build().unwrap();
    let mut peer = Peer::modern(&server, with_questions());
    // A call that asks becomes a task at once: it does not wait for the patience to end.
    let id = begin(&mut peer, "couple").await;
    let task = get(&mut peer, &id).await;
    assert_eq!(task["status"], "input_required", "{task}");
    let asked = keys(&task);
    assert_eq!(asked.len(), 2, "{task}");
    assert_eq!(task["inputRequests"][&asked[0]]["method"], "elicitation/create");
    assert_eq!(task["inputRequests"][&asked[0]]["params"]["message"], "One?");
    assert_eq!(get(&mut peer, &id).await, task, "to look changes nothing");
    update(&mut peer, &id, "never asked", accepted("Eve")).await;
    update(&mut peer, &id, &asked[0], accepted("Ada")).await;
    let task = get(&mut peer, &id).await;
    assert_eq!((&task["status"], keys(&task)), (&json!("input_required"), vec![asked[1].clone()]));
    // What was answered stays answered.
    update(&mut peer, &id, &asked[0], accepted("Eve")).await;
    update(&mut peer, &id, &asked[1], accepted("Ben")).await;
    assert_eq!(text(&ended(&mut peer, &id).await["result"]), "Ada and Ben");
    update(&mut peer, &id, &asked[1], accepted("Eve")).await;
    assert_eq!(text(&get(&mut peer, &id).await["result"]), "Ada and Ben");
}

/// Asks by returning until the answer is "stop", always under the same key.
fn again() -> ServerTool {
    tool("again", |_: NoArguments, call: CallContext| async move {
        let heard = call.inputs().elicited::<Name>("word");
        if let Some(Elicited::Accepted(Name { name })) = &heard
            && name == "stop"
        {
            return ToolReply::from("stopped");
        }
        if heard.is_some() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        InputRequired::new().elicit::<Name>("word", "What?").into()
    })
    .task(TaskPolicy::Required)
}

#[tokio::test(start_paused = true)]
async fn what_a_handler_asks_by_returning_comes_before_the_task_or_stands_in_it() {
    let server = builder().tool(again()).build().unwrap();
    let mut peer = Peer::modern(&server, with_questions());
    let first = peer.ask("tools/call", json!({ "name": "again" })).await;
    assert_eq!(first["result"]["resultType"], "input_required", "{first}");
    assert!(first["result"].get("taskId").is_none(), "{first}");
    assert_eq!(server.parts().tasks.count(), 0);
    let round = json!({
        "name": "again",
        "inputResponses": { "word": accepted("go") },
        "requestState": first["result"]["requestState"],
    });
    let created = peer.ask("tools/call", round).await;
    assert_eq!(created["result"]["resultType"], "task", "{created}");
    let id = created["result"]["taskId"].as_str().unwrap();
    let mut seen = BTreeSet::new();
    for word in ["go", "go on", "stop"] {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let task = get(&mut peer, id).await;
        let [key] = &keys(&task)[..] else { panic!("{task}") };
        assert!(seen.insert(key.clone()), "`{key}` was asked before");
        update(&mut peer, id, key, accepted(word)).await;
    }
    assert_eq!(text(&ended(&mut peer, id).await["result"]), "stopped");
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_withdrawn_is_no_longer_asked() {
    let hasty = tool("hasty", |_: NoArguments, call: CallContext| async move {
        let asking = call.elicit::<Name>("Quick?");
        let answer = tokio::time::timeout(Duration::from_secs(1), asking).await;
        tokio::time::sleep(Duration::from_secs(9)).await;
        if answer.is_ok() { "answered" } else { "too late" }
    });
    let server = builder().tool(hasty.task(TaskPolicy::Optional)).build().unwrap();
    let mut peer = Peer::modern(&server, with_questions());
    let id = begin(&mut peer, "hasty").await;
    let task = get(&mut peer, &id).await;
    assert_eq!(task["status"], "input_required");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let later = get(&mut peer, &id).await;
    assert_eq!((&later["status"], keys(&later)), (&json!("working"), vec![]));
    update(&mut peer, &id, &keys(&task)[0], accepted("Ada")).await;
    assert_eq!(text(&ended(&mut peer, &id).await["result"]), "too late");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_cannot_be_asked_is_not_asked_in_a_task_either() {
    let late = tool("late", |_: NoArguments, call: CallContext| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        call.elicit::<Name>("Who?").await.map(|_| "asked")
    });
    let server = builder().tool(late.task(TaskPolicy::Optional)).build().unwrap();
    let mut peer = Peer::modern(&server, with_tasks());
    let id = begin(&mut peer, "late").await;
    let task = ended(&mut peer, &id).await;
    assert_eq!((&task["status"], &task["error"]["code"]), (&json!("failed"), &json!(-32021)));
}

#[tokio::test(start_paused = true)]
async fn the_time_that_a_client_takes_for_an_answer_is_not_the_handlers() {
    let timed = couple().timeout(Duration::from_secs(1));
    let server = builder().tool(timed).build().unwrap();
    let mut peer = Peer::modern(&server, with_questions());
    let id = begin(&mut peer, "couple").await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    for key in keys(&get(&mut peer, &id).await) {
        update(&mut peer, &id, &key, accepted("Ada")).await;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(text(&ended(&mut peer, &id).await["result"]), "Ada and Ada");
}

/// Runs tasks whose questions have the same keys, and answers them in the given order.
async fn answer_in_order(server: &Server, order: &[(usize, usize)], tasks: usize) -> Vec<String> {
    let mut peer = Peer::modern(server, with_questions());
    let mut ids = Vec::new();
    for _ in 0..tasks {
        ids.push(begin(&mut peer, "couple").await);
    }
    let mut asked = BTreeSet::new();
    for (task, key) in order {
        let id = &ids[*task];
        asked.extend(keys(&get(&mut peer, id).await));
        update(&mut peer, id, ["q0", "q1"][*key], accepted(&format!("{task}.{key}"))).await;
    }
    assert_eq!(asked, BTreeSet::from(["q0".to_owned(), "q1".to_owned()]));
    let mut said = Vec::new();
    for id in &ids {
        said.push(text(&ended(&mut peer, id).await["result"]).to_owned());
    }
    said
}

const TASKS: usize = 5;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_answer_reaches_the_task_that_asked(
        order in Just((0..TASKS).flat_map(|it| [(it, 0), (it, 1)]).collect::<Vec<_>>())
            .prop_shuffle(),
    ) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(true).build().unwrap();
        let said = runtime.block_on(async {
            let server = builder().tool(couple()).build().unwrap();
            answer_in_order(&server, &order, TASKS).await
        });
        let expected: Vec<_> = (0..TASKS).map(|it| format!("{it}.0 and {it}.1")).collect();
        prop_assert_eq!(said, expected);
    }
}
