//! Messages that come before an answer, and those that belong to none.

use super::*;

fn question() -> Value {
    let params = json!({ "message": "name?", "requestedSchema": { "type": "object" } });
    json!({ "jsonrpc": "2.0", "id": "q", "method": "elicitation/create", "params": params })
}

fn log(data: &str) -> Value {
    let params = json!({ "level": "info", "data": data });
    json!({ "jsonrpc": "2.0", "method": "notifications/message", "params": params })
}

#[tokio::test]
async fn a_question_that_may_not_pass_is_answered_for_the_client() {
    let steps = vec![deny(Phase::Request, "elicitation/create")];
    let stand = Stand::new(Boundary::Upstream, steps, &[question(), answer(&text("done"))]);
    let (answer, before) = stand.ask("tools/call", echo("")).await;
    assert!(!answer.is_error() && before.is_empty());
    let refused = stand.came.lock().last().cloned().unwrap().into_response().unwrap();
    assert_eq!(refused.id().unwrap().as_raw(), "\"q\"");
    assert_eq!(refused.error_object().unwrap().code, -32602);
}

#[tokio::test]
async fn a_question_passes_as_it_was_changed_and_under_its_id() {
    let shout = Interceptor::mutator("shout", |view: &View<'_>| set_upper(view, "/message"));
    let steps = vec![shout.on(Phase::Request, ["elicitation/create"])];
    let stand = Stand::new(Boundary::Downstream, steps, &[question(), answer(&text("done"))]);
    let (_, before) = stand.ask("tools/call", echo("")).await;
    assert_eq!(before[0].id().unwrap().as_raw(), "\"q\"");
    assert_eq!(before[0].decode_params::<Value>().unwrap()["message"], "NAME?");
}

#[tokio::test]
async fn a_client_s_answer_that_may_not_pass_is_an_error_for_the_server() {
    let steps = vec![deny(Phase::Response, "elicitation/create")];
    let stand = Stand::new(Boundary::Downstream, steps, &[]);
    for (result, passes) in [(json!({ "action": "accept" }), false), (json!({ "roots": [] }), true)]
    {
        let response = Response::new(Id::from_text("q"), &result);
        stand.send(Input::Response(response)).await.unwrap();
        let came = stand.came.lock().pop().unwrap().into_response().unwrap();
        assert_eq!(came.is_error(), !passes, "{result}");
        assert_eq!(came.id().unwrap().as_raw(), "\"q\"");
    }
}

#[tokio::test]
async fn notifications_meet_only_steps_that_name_them() {
    let all = vec![deny(Phase::Request, "*")];
    let stand = Stand::new(Boundary::Downstream, all, &[log("a")]);
    let reply = stand.send(Input::Listen { cursor: None }).await.unwrap();
    assert_eq!(messages_of(reply).await.len(), 1);

    let named =
        vec![requires("no-secrets", "public").on(Phase::Request, ["notifications/message"])];
    let stand = Stand::new(Boundary::Downstream, named, &[log("secret"), log("public")]);
    let reply = stand.send(Input::Listen { cursor: None }).await.unwrap();
    let passed = messages_of(reply).await;
    assert_eq!(passed.len(), 1);
    assert_eq!(passed[0].decode_params::<Value>().unwrap()["data"], "public");

    let secret = message(&log("secret")).into_notification().unwrap();
    let reply = stand.send(Input::Notification(secret)).await.unwrap();
    assert!(matches!(reply, Reply::None) && stand.came.lock().is_empty());
}

#[tokio::test]
async fn the_rest_of_a_call_of_an_earlier_process_meets_the_steps_of_what_it_is() {
    let steps = vec![deny(Phase::Response, "tools/call")];
    let stand = Stand::new(Boundary::Downstream, steps, &[answer(&text("secret"))]);
    let input = Input::Resume { request_id: Id::from_number(7), cursor: None };
    let answer = stand.send(input).await.unwrap().answer(drop).await.unwrap();
    assert_eq!(answer.error_object().unwrap().code, -32602);
}

async fn messages_of(reply: Reply) -> Vec<Message> {
    let Reply::Stream(messages) = reply else { panic!("no stream") };
    let items: Vec<_> = futures_util::StreamExt::collect(messages).await;
    items
        .into_iter()
        .filter_map(|it: Result<ReplyItem, Fault>| it.unwrap().into_message())
        .collect()
}
