//! Messages reach the calls that they belong to, and none else.

use std::time::Duration;

use eyot_era::parked::{ParkedCall, ParkedConfig};
use eyot_jsonrpc::Id;
use eyot_service::Limits;
use eyot_types::{ListToolsResult, Revision, Tool};

use super::*;

fn router(capabilities: serde_json::Value) -> (SessionRouter, Arc<KnownTools>) {
    let tools = Arc::new(KnownTools::new(true, &Limits::default()));
    let lists = Arc::new(KnownLists::new(&Limits::default()));
    let known = Known { tools: Arc::clone(&tools), lists };
    let capabilities = serde_json::from_value(capabilities).unwrap();
    (SessionRouter::new(capabilities, Arc::default(), known), tools)
}

fn call(id: u64, may_be_asked: bool) -> Arc<CallShared> {
    let config = ParkedConfig {
        revision: Revision::LATEST_LEGACY,
        question_timeout: Duration::from_secs(60),
        questions_max: 32,
    };
    Arc::new(CallShared::new(UpstreamId::new(id), may_be_asked, ParkedCall::new(config)))
}

fn roots(id: u64) -> Message {
    Message::request(Id::from_number(id), "roots/list", &json!({}))
}

/// Whether the call has a question: it waits a moment for further ones.
fn is_asked(call: &CallShared) -> bool {
    call.look(ParkedCall::poll_timeout).is_some()
}

#[test]
fn a_question_is_asked_in_the_only_call_that_can_be_asked() {
    let (router, _) = router(json!({ "roots": {} }));
    let (mute, one) = (call(1, false), call(2, true));
    router.begin(&mute);
    router.begin(&one);
    assert!(router.route(roots(7), None).is_none());
    assert!(is_asked(&one) && !is_asked(&mute));
}

#[test]
fn a_question_that_could_be_of_several_calls_is_refused() {
    let (router, _) = router(json!({ "roots": {} }));
    let calls = [call(1, true), call(2, true)];
    calls.iter().for_each(|it| router.begin(it));
    let answer = router.route(roots(7), None).unwrap();
    assert_eq!(answer.error_object().unwrap().code, INVALID_REQUEST);
    assert!(calls.iter().all(|it| !is_asked(it)));
    // On the stream of a call it is that call's.
    let own = Some(AskTarget::Call(Arc::clone(&calls[0])));
    assert!(router.route(roots(8), own).is_none());
    assert_eq!(calls.map(|it| is_asked(&it)), [true, false]);
}

#[test]
fn a_question_that_the_client_has_not_declared_is_refused_and_noted() {
    let (router, _) = router(json!({}));
    let one = call(1, true);
    router.begin(&one);
    let own = Some(AskTarget::Call(Arc::clone(&one)));
    let answer = router.route(roots(7), own).unwrap();
    assert_eq!(answer.error_object().unwrap().code, -32601);
    assert!(one.unmet().0.contains_key("roots"));
}

#[test]
fn a_change_of_the_list_makes_tools_due() {
    let (router, tools) = router(json!({}));
    let tool: Tool = serde_json::from_value(json!({ "name": "t", "inputSchema": {} })).unwrap();
    let mut page = ListToolsResult::new(vec![tool]);
    tools.learn_page(None, &mut page);
    let asked = std::cell::Cell::new(false);
    let list = |_| {
        asked.set(true);
        std::future::ready(Ok(Response::new(Id::from_number(1), &json!({ "tools": [] }))))
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(tools.look_up(None, "t", list)).unwrap();
    assert!(!asked.get());
    let change = Message::notification("notifications/tools/list_changed", &json!({}));
    assert!(router.route(change, None).is_none());
    runtime.block_on(tools.look_up(None, "t", list)).unwrap();
    assert!(asked.get());
}

#[test]
fn a_ping_is_answered_and_an_unknown_request_is_not_found() {
    let (router, _) = router(json!({}));
    let ping = Message::request(Id::from_number(1), "ping", &json!({}));
    assert!(!router.route(ping, None).unwrap().is_error());
    let unknown = Message::request(Id::from_number(2), "moon/phase", &json!({}));
    let answer = router.route(unknown, None).unwrap();
    assert_eq!(answer.error_object().unwrap().code, -32601);
    assert_eq!(answer.id(), Some(Id::from_number(2)));
}

fn withdrawn(id: u64) -> Message {
    Message::notification("notifications/cancelled", &json!({ "requestId": id }))
}

fn asked_ids(call: &CallShared) -> Vec<Id> {
    call.open_questions()
}

#[test]
fn a_question_that_is_taken_back_is_that_of_the_call_that_was_asked() {
    let (router, _) = router(json!({ "roots": {} }));
    let calls = [call(1, true), call(2, true), call(3, true)];
    for (question, call) in (7..).zip(&calls) {
        router.begin(call);
        assert!(router.route(roots(question), Some(AskTarget::Call(Arc::clone(call)))).is_none());
    }
    assert!(router.route(withdrawn(8), None).is_none());
    assert!(router.route(withdrawn(8), None).is_none(), "it is taken back once");
    let open = calls.map(|it| asked_ids(&it).len());
    assert_eq!(open, [1, 0, 1]);
}

/// The first call asks again and again; the second waits with one question for all that time.
#[test]
fn a_question_can_be_taken_back_however_many_came_and_went_since() {
    let (router, _) = router(json!({ "roots": {} }));
    let [first, second] = [call(1, true), call(2, true)];
    let targets = [&first, &second].map(|it| Some(AskTarget::Call(Arc::clone(it))));
    [&first, &second].into_iter().for_each(|it| router.begin(it));
    assert!(router.route(roots(0), targets[1].clone()).is_none());
    for question in 1..=1_000 {
        assert!(router.route(roots(question), targets[0].clone()).is_none());
        // Most often an answer closes it, of which the router hears nothing.
        first.withdraw(&Id::from_number(question));
    }
    assert!(router.state.lock().asked.due().is_none(), "those that were closed are forgotten");
    router.route(withdrawn(0), None);
    assert_eq!(asked_ids(&second), []);
}

#[test]
fn a_call_with_a_task_is_asked_in_the_task_alone() {
    let (router, _) = router(json!({ "roots": {} }));
    let [one, with_task] = [call(1, true), call(2, true)];
    [&one, &with_task].into_iter().for_each(|it| router.begin(it));
    router.begin_task("t", AskTarget::Call(Arc::clone(&with_task)));
    assert!(router.route(roots(7), None).is_none());
    assert!(is_asked(&one) && !is_asked(&with_task));
    router.end_task("t");
    assert!(router.route(roots(8), None).is_some(), "it could be of both");
    router.end(one.id);
    assert!(router.route(roots(9), None).is_none());
    assert!(is_asked(&with_task));
}
