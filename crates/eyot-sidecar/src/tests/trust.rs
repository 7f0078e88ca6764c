//! How little a server of interceptors is believed and shown.

use eyot_interceptors::{Decision, Hook, Overrides, PlanError};

use super::*;

#[tokio::test(start_paused = true)]
async fn an_answer_to_another_question_is_a_failure() {
    let other = |member: &'static str, value: &'static str| {
        move |asked: &Value| {
            let mut answer = judged(asked, true);
            answer[member] = value.into();
            answer
        }
    };
    for (member, value) in
        [("interceptor", "two"), ("phase", "response"), ("type", "mutation"), ("valid", "yes")]
    {
        let mut stand = Stand::offering(json!([validator("one")])).await;
        let outcome = stand.answered(other(member, value)).await;
        assert_eq!(outcome.decision, Decision::Deny, "{member}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_under_another_id_is_none() {
    let mut stand = Stand::offering(json!([validator("one")])).await;
    let plan = stand.plan();
    let serving = async {
        let mut asked = expect(&mut stand.peer, "interceptor/invoke").await;
        asked["id"] = json!(99_999);
        stand.peer.answer(&asked, judged(&asked["params"], true)).await;
    };
    assert_eq!(tokio::join!(apply(&plan), serving).0.decision, Decision::Deny);
}

#[tokio::test(start_paused = true)]
async fn two_of_one_name_are_told_apart_by_their_servers_and_asked_by_their_own_name() {
    let (one, mut ones) = server("a");
    let (other, mut others) = server("b");
    let starting = PlanSource::new(PlanOptions::default()).server(one).server(other).start();
    let (started, mut at_one, mut at_other) = tokio::join!(
        starting,
        welcome(&mut ones, json!([validator("check")])),
        welcome(&mut others, json!([validator("check")])),
    );
    let (live, _driver) = started.unwrap();
    let plan = live.interceptors().plan();
    let serving = async |peer: &mut LinePeer, valid: bool| {
        let asked = expect(peer, "interceptor/invoke").await;
        assert_eq!(asked["params"]["name"], "check");
        peer.answer(&asked, judged(&asked["params"], valid)).await;
    };
    let (outcome, (), ()) =
        tokio::join!(apply(&plan), serving(&mut at_one, true), serving(&mut at_other, false));
    let names: Vec<_> = outcome.results.iter().map(|it| it.interceptor.as_str()).collect();
    assert_eq!((outcome.decision, names), (Decision::Deny, vec!["a/check", "b/check"]));
}

#[tokio::test(start_paused = true)]
async fn a_server_sees_no_more_than_its_user_allows_whatever_it_hooks_later() {
    let allowed = [Hook::new(Phase::Request, ["tools/call"])];
    let mut stand = Stand::with(|it| it.allowing(allowed), json!([validator("one")])).await;
    let hooks = json!([
        { "events": ["*"], "phase": "request" },
        { "events": ["*"], "phase": "response" },
    ]);
    let wide = |name| json!({ "name": name, "type": "validation", "hooks": hooks });
    stand.change(json!([wide("one"), wide("two")])).await;
    for step in stand.plan().interceptors() {
        assert_eq!(step.descriptor().hooks, [Hook::new(Phase::Request, ["tools/call"])]);
    }
    let elsewhere = json!([{ "events": ["prompts/get"], "phase": "request" }]);
    let elsewhere = json!({ "name": "one", "type": "validation", "hooks": elsewhere });
    stand.change(json!([elsewhere, wide("two")])).await;
    assert!(stand.plan().interceptor("one").is_none());
}

#[tokio::test(start_paused = true)]
async fn what_is_written_of_interceptors_must_fit_those_that_there_are() {
    let start = |used: fn(RemoteServer) -> RemoteServer| async move {
        let (remote, mut clients) = server("side");
        let starting = PlanSource::new(PlanOptions::default()).server(used(remote)).start();
        tokio::join!(starting, welcome(&mut clients, json!([validator("one")]))).0.map(drop)
    };
    let wide = |it: RemoteServer| {
        let hooks = Some(vec![Hook::new(Phase::Request, ["*"])]);
        it.overriding("one", Overrides { hooks, ..Overrides::default() })
    };
    let widened = start(wide).await.unwrap_err();
    assert!(matches!(widened, PlanStartError::Plan(PlanError::Widened { .. })));
    let unknown = start(|it| it.only(["oen"])).await.unwrap_err().to_string();
    assert!(unknown.ends_with("no interceptor `oen`; it offers `one`"), "{unknown}");
    assert!(start(|it| it.only(["one"])).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_mutator_that_was_a_validator_changes_nothing() {
    let mut stand = Stand::offering(json!([validator("one")])).await;
    stand.change(json!([descriptor("one", "mutation")])).await;
    let outcome = apply(&stand.plan()).await;
    assert_eq!(outcome.decision, Decision::Deny);
}

#[tokio::test(start_paused = true)]
async fn a_server_is_shown_a_name_of_the_session_and_not_its_id() {
    let mut stand = Stand::offering(json!([validator("one")])).await;
    let mut shown = Vec::new();
    for _ in 0..2 {
        let plan = stand.plan();
        let serving = async {
            let asked = expect(&mut stand.peer, "interceptor/invoke").await;
            stand.peer.answer(&asked, judged(&asked["params"], true)).await;
            asked["params"]["context"].clone()
        };
        shown.push(tokio::join!(apply(&plan), serving).1);
    }
    let id = shown[0]["sessionId"].as_str().unwrap();
    assert_eq!((id.len(), id == "session"), (32, false));
    assert_eq!(shown[1]["sessionId"], id);
    assert_eq!(shown[0]["principal"]["type"], "anonymous");
}
