//! In which order steps are run, and what of a message they leave alone.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::{DenyAs, Hook, Overrides, PlanError, Priority};

#[tokio::test]
async fn before_a_server_a_request_is_mutated_and_then_validated() {
    let steps =
        || vec![requires("capitals", "HELLO").on(Phase::Request, ["tools/call"]), uppercase()];
    let stand = Stand::new(Boundary::Upstream, steps(), &[answer(&text("done"))]);
    assert_eq!(stand.result("tools/call", echo("hello")).await, text("done"));
    assert_eq!(stand.params_that_came(), [echo("HELLO")]);

    // From a client it is validated first.
    let stand = Stand::new(Boundary::Downstream, steps(), &[answer(&text("done"))]);
    let error = stand.error("tools/call", echo("hello")).await;
    assert_eq!(error["code"], -32602);
    assert!(stand.came.lock().is_empty());
}

#[tokio::test]
async fn an_answer_of_a_server_is_validated_and_then_mutated() {
    let shout = Interceptor::mutator("shout", |view: &View<'_>| set_upper(view, "/content/0/text"))
        .on(Phase::Response, ["tools/call"]);
    let steps =
        || vec![requires("small", "quiet").on(Phase::Response, ["tools/call"]), shout.clone()];
    let stand = Stand::new(Boundary::Upstream, steps(), &[answer(&text("quiet"))]);
    assert_eq!(stand.result("tools/call", echo("")).await, text("QUIET"));

    // To a client it is mutated first, and "QUIET" lacks what is wanted.
    let stand = Stand::new(Boundary::Downstream, steps(), &[answer(&text("quiet"))]);
    assert_eq!(stand.error("tools/call", echo("")).await["code"], -32602);
}

#[tokio::test]
async fn a_denied_request_is_not_sent_and_its_sender_hears_what_was_found() {
    let stand = Stand::new(Boundary::Upstream, vec![deny(Phase::Request, "*")], &[]);
    let error = stand.error("tools/call", echo("")).await;
    let found =
        json!([{ "interceptor": "deny", "severity": "error", "message": "denied by policy" }]);
    assert_eq!(error["message"], "Interceptor validation failed");
    assert_eq!(error["data"], json!({ "validationErrors": found }));
    assert!(stand.came.lock().is_empty());
}

#[tokio::test]
async fn a_model_hears_of_a_denied_call_if_its_operator_wants_that() {
    let options = PlanOptions { deny_as: DenyAs::ToolError, ..PlanOptions::default() };
    let plan = Plan::compile([deny(Phase::Request, "*")], options).unwrap();
    let stand = Stand::with_plan(Boundary::Upstream, plan, &[]);
    let result = stand.result("tools/call", echo("")).await;
    assert_eq!(result["isError"], true);
    assert_eq!(result["resultType"], "complete");
    assert!(stand.ask("prompts/get", json!({ "name": "p" })).await.0.is_error());
}

#[tokio::test]
async fn what_meets_no_step_and_what_no_step_changes_leaves_as_the_bytes_that_came() {
    let look = Interceptor::validator("look", |view: &View<'_>| {
        assert_eq!(view.name().as_deref(), Some("echo"));
        Ok(Validation::PASS)
    });
    for event in ["tools/call", "prompts/get"] {
        let steps = vec![look.clone().on_both([event]), uppercase()];
        let stand = Stand::new(Boundary::Upstream, steps, &[answer(&text("done"))]);
        let request = Request::new(Id::from_number(7), "tools/call", &json!({ "name": "echo" }));
        let sent = request.to_bytes();
        stand.send(Input::Request(request)).await.unwrap();
        let came = stand.came.lock()[0].to_bytes();
        assert_eq!(came.as_ptr(), sent.as_ptr(), "{event}");
    }
}

#[tokio::test]
async fn mutators_run_by_priority_and_then_by_name() {
    let adding = |name: &'static str| {
        Interceptor::mutator(name, move |view: &View<'_>| {
            let old: String = serde_json::from_str(view.at("/arguments/note")?.unwrap()).unwrap();
            let new = eyot_jsonrpc::Json::of(&format!("{old}{name}")).unwrap();
            view.set("/arguments/note", &new)
        })
        .on(Phase::Request, ["tools/call"])
    };
    let late = Priority { request: 9, response: -9 };
    let steps =
        vec![adding("z").priorities(late), adding("b"), adding("a"), adding("y").priority(-1)];
    let stand = Stand::new(Boundary::Upstream, steps, &[answer(&text(""))]);
    stand.ask("tools/call", echo("")).await;
    assert_eq!(stand.params_that_came(), [echo("yabz")]);
}

#[tokio::test]
async fn a_call_keeps_the_plan_that_it_began_with_for_its_answer() {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let counting = Interceptor::validator("count", move |_: &View<'_>| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok(Validation::PASS)
    });
    let steps = vec![counting.on_both(["tools/call"])];
    let stand =
        Stand::new(Boundary::Upstream, steps, &[answer(&text("one")), answer(&text("two"))]);
    let request = Request::new(Id::from_number(7), "tools/call", &echo(""));
    let reply = stand.send(Input::Request(request)).await.unwrap();
    stand.interceptors.replace(Plan::default());
    reply.answer(drop).await.unwrap();
    assert_eq!(seen.load(Ordering::Relaxed), 2);
    stand.ask("tools/call", echo("")).await;
    assert_eq!(seen.load(Ordering::Relaxed), 2);
}

#[test]
fn hooks_can_be_narrowed_and_not_widened() {
    let narrow = |event: &str| {
        let hooks = Some(vec![Hook::new(Phase::Request, [event])]);
        deny(Phase::Request, "tools/*").overridden(Overrides { hooks, ..Overrides::default() })
    };
    assert_eq!(narrow("tools/call").unwrap().descriptor().hooks[0].events, ["tools/call"]);
    for wide in ["*", "prompts/get"] {
        assert!(matches!(narrow(wide), Err(PlanError::Widened { .. })), "{wide}");
    }
    let hooks = Some(vec![Hook::new(Phase::Response, ["tools/call"])]);
    let other_phase = Overrides { hooks, ..Overrides::default() };
    assert!(deny(Phase::Request, "*").overridden(other_phase).is_err());
}

#[test]
fn interceptors_that_are_no_plan_are_refused_by_name() {
    let compile = |steps: Vec<Interceptor>| {
        Plan::compile(steps, PlanOptions::default()).unwrap_err().to_string()
    };
    let twice = vec![deny(Phase::Request, "*"), deny(Phase::Response, "*")];
    assert_eq!(compile(twice), "two interceptors are called `deny`");
    let unhooked = Interceptor::validator("idle", |_: &View<'_>| Ok(Validation::PASS));
    assert!(compile(vec![unhooked]).contains("`idle` hooks no event"));
    for event in ["initialize", "tools*call", ""] {
        assert!(compile(vec![deny(Phase::Request, event)]).contains("cannot hook"), "{event}");
    }
}

#[tokio::test]
async fn a_result_that_an_interceptor_has_seen_is_kept_for_no_other_client() {
    let listed = json!({ "tools": [], "ttlMs": 5, "cacheScope": "public" });
    let look = Interceptor::validator("look", |_: &View<'_>| Ok(Validation::PASS));
    let look = look.on(Phase::Response, ["tools/list"]);
    let stand = Stand::new(Boundary::Upstream, vec![look.clone()], &[answer(&listed)]);
    let private = json!({ "tools": [], "ttlMs": 0, "cacheScope": "private" });
    assert_eq!(stand.result("tools/list", json!({})).await, private);
    let stand = Stand::new(Boundary::Upstream, vec![look.pure()], &[answer(&listed)]);
    assert_eq!(stand.result("tools/list", json!({})).await, listed);
}
