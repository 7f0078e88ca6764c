//! What meets what.

use eyot_jsonrpc::Request;

use super::*;
use crate::{Validation, View};

fn step(name: &str, phase: Phase, event: &str) -> Interceptor {
    Interceptor::validator(name, |_: &View<'_>| Ok(Validation::PASS)).on(phase, [event])
}

fn names(plan: &Plan, event: &str, phase: Phase) -> Vec<String> {
    plan.order(event, phase).iter().map(|it| it.descriptor().name.clone()).collect()
}

#[test]
fn each_event_meets_what_hooks_it_in_the_phase_that_is_hooked() {
    let steps = [
        step("call", Phase::Request, "tools/call"),
        step("tools", Phase::Request, "tools/*"),
        step("all", Phase::Response, "*"),
        step("acme", Phase::Request, "acme/sweep"),
    ];
    let plan = Plan::compile(steps, PlanOptions::default()).unwrap();
    assert_eq!(names(&plan, "tools/call", Phase::Request), ["call", "tools"]);
    assert_eq!(names(&plan, "tools/sweep", Phase::Request), ["tools"]);
    assert_eq!(names(&plan, "acme/sweep", Phase::Request), ["acme"]);
    assert_eq!(names(&plan, "acme/other", Phase::Response), ["all"]);
    for unseen in ["initialize", "interceptor/invoke", "notifications/message"] {
        assert!(names(&plan, unseen, Phase::Response).is_empty(), "{unseen}");
    }
}

#[test]
fn a_plan_knows_whether_streams_have_to_be_looked_at() {
    let plan = |it: Interceptor| Plan::compile([it], PlanOptions::default()).unwrap();
    assert!(!plan(step("a", Phase::Request, "tools/call")).sees.streams);
    assert!(plan(step("a", Phase::Request, "roots/list")).sees.streams);
    assert!(plan(step("a", Phase::Request, "notifications/message")).sees.streams);
    assert!(plan(step("a", Phase::Response, "tools/call")).sees.answers);
}

#[test]
fn a_plan_for_lists_alone_leaves_all_else_on_its_way() {
    let lists = ["tools/list", "prompts/list", "resources/list"];
    let step = Interceptor::validator("a", |_: &View<'_>| Ok(Validation::PASS));
    let plan = Plan::compile([step.on(Phase::Response, lists)], PlanOptions::default()).unwrap();
    let sees = |method: &str, params: &serde_json::Value| {
        let id = eyot_jsonrpc::Id::from_number(1);
        plan.sees_call_of(&Request::new(id, method, params))
    };
    let round =
        serde_json::json!({ "name": "a", "inputResponses": { "q": { "action": "accept" } } });
    for (method, params) in [
        ("tools/call", &serde_json::json!({ "name": "a" })),
        ("tools/call", &round),
        ("tasks/get", &serde_json::json!({ "taskId": "1" })),
        ("tasks/result", &serde_json::json!({ "taskId": "1" })),
        ("resources/read", &serde_json::json!({ "uri": "a:b" })),
    ] {
        assert!(!sees(method, params), "{method}");
    }
    assert!(lists.iter().all(|it| sees(it, &serde_json::json!({}))));
    assert!(!plan.sees.answers && !plan.sees.streams && plan.sees.results);
}

#[test]
fn an_interceptor_meets_only_the_events_that_concern_it() {
    let concerned = |event: &str, phase| phase == Phase::Request && event.ends_with("/call");
    let step = |name| step(name, Phase::Request, "*").on(Phase::Response, ["*"]);
    let narrow = step("narrow").concerned_by(concerned);
    let plan = Plan::compile([narrow], PlanOptions::default()).unwrap();
    for met in ["tools/call", "acme/call"] {
        assert_eq!(names(&plan, met, Phase::Request), ["narrow"], "{met}");
        assert!(names(&plan, met, Phase::Response).is_empty(), "{met}");
    }
    for unmet in ["tools/list", "acme/list", "notifications/call", "roots/list"] {
        assert!(names(&plan, unmet, Phase::Request).is_empty(), "{unmet}");
    }
    assert!(!plan.sees.results && !plan.sees.streams);
    let plan = Plan::compile([step("wide")], PlanOptions::default()).unwrap();
    assert!(plan.sees.results && plan.sees.answers && plan.sees.streams);
}
