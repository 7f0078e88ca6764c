//! Operations inside of others: rounds and tasks.

use super::*;

fn waiting() -> Value {
    json!({
        "resultType": "input_required",
        "inputRequests": {
            "who": { "method": "elicitation/create", "params": { "message": "name?" } },
            "where": { "method": "roots/list" },
        },
        "requestState": "s",
    })
}

#[tokio::test]
async fn a_result_that_waits_for_input_is_no_result_yet_and_its_questions_are_operations() {
    let steps = vec![
        deny(Phase::Response, "tools/call"),
        Interceptor::mutator("shout", |view: &View<'_>| set_upper(view, "/message"))
            .on(Phase::Request, ["elicitation/create"]),
        Interceptor::mutator("add", |_: &View<'_>| Ok(Edit::Replace(r#"{"x":1}"#.to_owned())))
            .on(Phase::Request, ["roots/list"]),
    ];
    let stand = Stand::new(Boundary::Upstream, steps, &[answer(&waiting())]);
    let mut expected = waiting();
    expected["inputRequests"]["who"]["params"]["message"] = "NAME?".into();
    expected["inputRequests"]["where"]["params"] = json!({ "x": 1 });
    assert_eq!(stand.result("tools/call", echo("")).await, expected);
}

#[tokio::test]
async fn a_question_of_a_round_that_may_not_pass_fails_the_call() {
    let steps = vec![deny(Phase::Request, "roots/list")];
    let stand = Stand::new(Boundary::Upstream, steps, &[answer(&waiting())]);
    assert_eq!(stand.error("tools/call", echo("")).await["code"], -32602);
}

#[tokio::test]
async fn answers_of_a_round_are_operations_in_the_request_that_brings_them() {
    let shout = Interceptor::mutator("shout", |view: &View<'_>| set_upper(view, "/content/name"))
        .on(Phase::Response, ["elicitation/create"]);
    let steps =
        vec![shout, requires("polite", "accept").on(Phase::Response, ["elicitation/create"])];
    let stand = Stand::new(Boundary::Upstream, steps, &[answer(&text("done"))]);
    let round = |action: &str| {
        let who = json!({ "action": action, "content": { "name": "ann" } });
        json!({ "name": "echo", "inputResponses": { "who": who }, "requestState": "s" })
    };
    assert_eq!(stand.result("tools/call", round("accept")).await, text("done"));
    assert_eq!(stand.params_that_came()[0]["inputResponses"]["who"]["content"]["name"], "ANN");
    assert_eq!(stand.error("tools/call", round("decline")).await["code"], -32602);
    assert_eq!(stand.params_that_came().len(), 1);
}

#[tokio::test]
async fn the_result_of_a_task_is_the_result_of_its_call() {
    let shout = Interceptor::mutator("shout", |view: &View<'_>| set_upper(view, "/content/0/text"));
    let steps = || vec![shout.clone().on(Phase::Response, ["tools/call"])];
    let started =
        json!({ "resultType": "task", "taskId": "t", "status": "working", "content": [] });
    let stand = Stand::new(Boundary::Upstream, steps(), &[answer(&started)]);
    assert_eq!(stand.result("tools/call", echo("")).await, started);

    let done = |note| json!({ "taskId": "t", "status": "completed", "result": text(note) });
    let stand = Stand::new(Boundary::Upstream, steps(), &[answer(&done("quiet"))]);
    assert_eq!(stand.result("tasks/get", json!({ "taskId": "t" })).await, done("QUIET"));

    let stand = Stand::new(Boundary::Upstream, steps(), &[answer(&text("quiet"))]);
    assert_eq!(stand.result("tasks/result", json!({ "taskId": "t" })).await, text("QUIET"));
}

#[tokio::test]
async fn a_result_beside_a_forged_kind_is_judged_as_one() {
    let steps = vec![deny(Phase::Response, "tools/call")];
    let forged = json!({ "resultType": "other", "content": [] });
    let stand = Stand::new(Boundary::Upstream, steps, &[answer(&forged)]);
    assert_eq!(stand.error("tools/call", echo("")).await["code"], -32602);
}
