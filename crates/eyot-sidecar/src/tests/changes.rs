//! Lists that change while calls run.

use eyot_interceptors::Decision;
use eyot_upstream::Runtime;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;
use crate::PlanReplaceError;

fn names(plan: &Plan) -> Vec<&str> {
    plan.interceptors().map(|it| it.descriptor().name.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn the_plan_follows_a_change_that_the_server_tells() {
    let mut stand = Stand::offering(json!([validator("one")])).await;
    stand.change(json!([validator("one"), validator("two")])).await;
    assert_eq!(names(&stand.plan()), ["one", "two"]);
}

#[tokio::test(start_paused = true)]
async fn the_list_is_read_again_now_and_then() {
    let mut stand = Stand::offering(json!([validator("one")])).await;
    let start = Instant::now();
    let asked = expect(&mut stand.peer, "interceptors/list").await;
    assert_eq!(start.elapsed().as_secs(), 300);
    stand.peer.answer(&asked, json!({ "interceptors": [validator("two")] })).await;
    settle().await;
    assert_eq!(names(&stand.plan()), ["one", "two"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_tells_of_changes_without_end_is_asked_once_a_second() {
    let mut stand = Stand::offering(json!([])).await;
    let start = Instant::now();
    for _ in 0..5 {
        stand.change(json!([])).await;
    }
    assert!(start.elapsed() >= Duration::from_secs(4), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_interceptor_has_gone_fails_at_once() {
    let mut stand = Stand::offering(json!([validator("one"), validator("two")])).await;
    stand.change(json!([validator("two")])).await;
    let outcome = stand.answered(|asked| judged(asked, true)).await;
    assert_eq!(outcome.decision, Decision::Deny);
    assert!(failure(&outcome).contains("does not offer it any more"));
    stand.change(json!([validator("one"), validator("two")])).await;
    let plan = stand.plan();
    let serving = async {
        for _ in 0..2 {
            let asked = expect(&mut stand.peer, "interceptor/invoke").await;
            stand.peer.answer(&asked, judged(&asked["params"], true)).await;
        }
    };
    assert_eq!(tokio::join!(apply(&plan), serving).0.decision, Decision::Allow);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_runs_while_its_interceptor_goes_gets_its_answer() {
    let mut stand = Stand::offering(json!([validator("one")])).await;
    let plan = stand.plan();
    let serving = async {
        let asked = expect(&mut stand.peer, "interceptor/invoke").await;
        stand.change(json!([])).await;
        stand.peer.answer(&asked, judged(&asked["params"], true)).await;
    };
    assert_eq!(tokio::join!(apply(&plan), serving).0.decision, Decision::Allow);
    assert_eq!(apply(&stand.plan()).await.decision, Decision::Deny);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_no_plan_leaves_that_of_before() {
    let mut stand = Stand::offering(json!([validator("one")])).await;
    let unhookable = json!([{ "events": ["initialize"], "phase": "request" }]);
    let unhookable = json!({ "name": "two", "type": "validation", "hooks": unhookable });
    for bad in [json!([unhookable]), json!([validator("two"), validator("two")])] {
        stand.change(bad).await;
        assert_eq!(names(&stand.plan()), ["one"]);
        let outcome = stand.answered(|asked| judged(asked, true)).await;
        assert_eq!(outcome.decision, Decision::Allow);
    }
}

#[tokio::test(start_paused = true)]
async fn steps_of_this_process_can_be_replaced_if_there_is_a_plan_with_them() {
    let native = |name: &str| {
        let pass = |_: &View<'_>| Ok(Validation::PASS);
        Interceptor::validator(name, pass).on(Phase::Request, ["tools/call"])
    };
    let source = PlanSource::new(PlanOptions::default()).steps([native("old")]);
    let stand = Stand::of_source(source, |it| it, json!([validator("one")])).await;
    stand.live.replace_steps(vec![native("one")]).await.unwrap();
    assert_eq!(names(&stand.plan()), ["one", "side/one"]);
    let twice = vec![native("new"), native("new")];
    assert!(stand.live.replace_steps(twice).await.is_err());
    assert_eq!(names(&stand.plan()), ["one", "side/one"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_audited_is_asked_beside_the_message() {
    let mut audited = validator("one");
    audited["mode"] = "audit".into();
    let mut stand = Stand::offering(json!([audited])).await;
    let start = Instant::now();
    for _ in 0..2 {
        assert_eq!(apply(&stand.plan()).await.decision, Decision::Allow);
    }
    assert_eq!(start.elapsed().as_millis(), 0);
    for _ in 0..2 {
        let asked = expect(&mut stand.peer, "interceptor/invoke").await;
        stand.peer.answer(&asked, judged(&asked["params"], false)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_driver_ends_with_its_runtime() {
    let (remote, mut clients) = server("side");
    let shutdown = CancellationToken::new();
    let runtime = Runtime::new(TaskTracker::new(), shutdown.clone(), Arc::default());
    let source = PlanSource::new(PlanOptions::default()).runtime(runtime);
    let starting = source.server(remote).start();
    let (started, mut peer) =
        tokio::join!(starting, welcome(&mut clients, json!([validator("one")])));
    let (live, driver) = started.unwrap();
    shutdown.cancel();
    driver.run().await;
    assert_eq!(peer.read_or_end().await, None);
    let replaced = live.replace_steps(Vec::new()).await;
    assert!(matches!(replaced, Err(PlanReplaceError::Ended)));
}
