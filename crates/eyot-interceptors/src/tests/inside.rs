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
    let started = json!({ "resultType": "task", "taskId": "t", "status": "working" });
    let stand = Stand::new(Boundary::Upstream, steps(), &[answer(&started)]);
    assert_eq!(stand.result("tools/call", echo("")).await, started);

    let done = |note| json!({ "taskId": "t", "status": "completed", "result": text(note) });
    let stand = Stand::new(Boundary::Upstream, steps(), &[answer(&done("quiet"))]);
    assert_eq!(stand.result("tasks/get", json!({ "taskId": "t" })).await, done("QUIET"));

    let stand = Stand::new(Boundary::Upstream, steps(), &[answer(&text("quiet"))]);
    assert_eq!(stand.result("tasks/result", json!({ "taskId": "t" })).await, text("QUIET"));
}

/// What a plan lets through of a notification with this state of a task, on a stream of a client that
/// listens.
async fn told(steps: Vec<Interceptor>, state: Value) -> Option<Value> {
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/tasks", "params": state });
    let stand = Stand::new(Boundary::Upstream, steps, &[note, answer(&json!({}))]);
    let listen = json!({ "notifications": { "taskIds": ["t"] } });
    let (_, before) = stand.ask("subscriptions/listen", listen).await;
    before.first().map(|it| it.decode_params().unwrap())
}

#[tokio::test]
async fn what_a_notification_of_a_task_has_inside_is_judged_as_what_it_is() {
    let done = |note| json!({ "taskId": "t", "status": "completed", "result": text(note) });
    let shout = Interceptor::mutator("shout", |view: &View<'_>| set_upper(view, "/content/0/text"));
    let shout = vec![shout.on(Phase::Response, ["tools/call"])];
    assert_eq!(told(shout, done("quiet")).await, Some(done("QUIET")));
    // The client hears why when it asks for the task.
    assert_eq!(told(vec![deny(Phase::Response, "tools/call")], done("quiet")).await, None);

    let asking = |message| {
        let question = json!({ "method": "elicitation/create", "params": { "message": message } });
        json!({ "taskId": "t", "status": "input_required", "inputRequests": { "who": question } })
    };
    let shout = Interceptor::mutator("shout", |view: &View<'_>| set_upper(view, "/message"));
    let shout = vec![shout.on(Phase::Request, ["elicitation/create"])];
    assert_eq!(told(shout, asking("name?")).await, Some(asking("NAME?")));
    assert_eq!(told(vec![deny(Phase::Request, "*")], asking("name?")).await, None);
}

#[tokio::test]
async fn the_state_of_a_task_is_the_result_of_asking_for_it() {
    let state = |said| json!({ "taskId": "t", "status": "working", "statusMessage": said });
    let shout = Interceptor::mutator("shout", |view: &View<'_>| set_upper(view, "/statusMessage"));
    let steps = vec![shout.on(Phase::Response, ["tasks/get"])];
    let stand = Stand::new(Boundary::Upstream, steps, &[answer(&state("quiet"))]);
    assert_eq!(stand.result("tasks/get", json!({ "taskId": "t" })).await, state("QUIET"));
}

#[tokio::test]
async fn the_error_of_a_task_is_the_error_of_its_call() {
    let failed = |said| {
        let error = json!({ "code": -32603, "message": said });
        json!({ "taskId": "t", "status": "failed", "error": error })
    };
    let shout = Interceptor::mutator("shout", |view: &View<'_>| set_upper(view, "/message"));
    let shout = shout.on(Phase::Response, ["tools/call"]);
    for (step, said) in [(shout.clone(), "quiet"), (shout.sees_errors(), "QUIET")] {
        let stand = Stand::new(Boundary::Upstream, vec![step.clone()], &[answer(&failed("quiet"))]);
        assert_eq!(stand.result("tasks/get", json!({ "taskId": "t" })).await, failed(said));
        assert_eq!(told(vec![step], failed("quiet")).await, Some(failed(said)));
    }
}

/// Clients of the legacy era do not look at the kind, and take `content` for the result.
#[tokio::test]
async fn a_result_beside_a_forged_kind_is_judged_as_one() {
    for kind in ["other", "task", "input_required"] {
        let forged = json!({ "resultType": kind, "taskId": "t", "content": [] });
        let said = [answer(&forged)];
        let steps = || vec![deny(Phase::Response, "tools/call")];
        let stand = Stand::new(Boundary::Upstream, steps(), &said);
        assert_eq!(stand.error("tools/call", echo("")).await["code"], -32602, "{kind}");
        let stand = Stand::new(Boundary::Upstream, steps(), &said);
        let error = stand.error("tasks/result", json!({ "taskId": "t" })).await;
        assert_eq!(error["code"], -32602, "{kind}");
        let state = json!({ "resultType": kind, "taskId": "t", "result": forged });
        let stand = Stand::new(Boundary::Upstream, steps(), &[answer(&state)]);
        let error = stand.error("tasks/get", json!({ "taskId": "t" })).await;
        assert_eq!(error["code"], -32602, "{kind}");
    }
}
