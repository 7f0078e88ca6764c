//! Interceptors that are called one by one: what they say, and servers that hang, fail, or lie.

use eyot_interceptors::{Edit, Failure, Hook, Overrides, Seen};
use tokio::time::Instant;

use super::*;
use crate::{BreakerOptions, Callees};

/// A server of interceptors that can be called, and is no part of the plan.
struct OnCall {
    callees: Callees,
    stand: Stand,
}

impl OnCall {
    async fn with(used: impl FnOnce(RemoteServer) -> RemoteServer, descriptors: Value) -> Self {
        let callees = Callees::default();
        let source = PlanSource::new(PlanOptions::default()).callees(&callees);
        let stand = Stand::of_source(source, |it| used(it.on_call()), descriptors).await;
        assert!(stand.plan().is_empty());
        Self { callees, stand }
    }

    async fn offering(descriptors: Value) -> Self {
        Self::with(|it| it, descriptors).await
    }

    /// Calls an interceptor that answers so.
    async fn answered(&mut self, answer: impl FnOnce(&Value) -> Value) -> Result<Edit, Failure> {
        let seen = seen().await;
        let serving = async {
            let asked = expect(&mut self.stand.peer, "interceptor/invoke").await;
            self.stand.peer.answer(&asked, answer(&asked["params"])).await;
        };
        tokio::join!(self.callees.call("side/one", seen, None), serving).0
    }

    async fn failure(&self, timeout: Option<Duration>) -> String {
        self.callees.call("side/one", seen().await, timeout).await.unwrap_err().to_string()
    }
}

/// A call of a tool, as a step sees it.
async fn seen() -> Seen {
    let (sender, mut seen) = mpsc::channel(1);
    let tap = Interceptor::tap("tap", sender).on(Phase::Request, ["tools/call"]);
    apply(&Plan::compile([tap], PlanOptions::default()).unwrap()).await;
    seen.recv().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_validator_lets_a_payload_pass_or_denies_it_in_the_words_of_its_first_error() {
    let mut on_call = OnCall::offering(json!([validator("one")])).await;
    assert!(matches!(on_call.answered(|asked| judged(asked, true)).await, Ok(Edit::Keep)));
    let found = |messages: Value| {
        move |asked: &Value| {
            let mut answer = judged(asked, false);
            answer["messages"] = messages;
            answer
        }
    };
    for (messages, expected) in [
        (
            json!([{ "message": "odd", "severity": "warn" }, { "message": "a key", "severity": "error" }]),
            "a key",
        ),
        (json!([]), ""),
    ] {
        let Ok(Edit::Refuse(error)) = on_call.answered(found(messages)).await else { panic!() };
        assert_eq!(error.message, expected);
    }
    let warned = |asked: &Value| {
        let mut answer = judged(asked, true);
        answer["messages"] = json!([{ "message": "odd", "severity": "warn" }]);
        answer
    };
    assert!(matches!(on_call.answered(warned).await, Ok(Edit::Keep)));
}

#[tokio::test(start_paused = true)]
async fn a_mutator_says_what_becomes_of_the_payload() {
    let mut on_call = OnCall::offering(json!([descriptor("one", "mutation")])).await;
    let made = |payload: &'static str| {
        move |asked: &Value| {
            json!({ "interceptor": "one", "type": "mutation", "phase": asked["phase"],
                "modified": true, "payload": payload })
        }
    };
    let Ok(Edit::Replace(payload)) = on_call.answered(made("x")).await else { panic!() };
    assert_eq!(payload, "\"x\"");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_costs_the_time_of_the_call_and_is_told_that_it_is_over() {
    let mut on_call = OnCall::offering(json!([validator("one")])).await;
    for (timeout, seconds) in [(None, 5), (Some(2), 2), (Some(600), 10)] {
        let start = Instant::now();
        let failure = on_call.failure(timeout.map(Duration::from_secs)).await;
        assert!(failure.contains("took longer"), "{failure}");
        assert_eq!(start.elapsed().as_secs(), seconds);
        let asked = expect(&mut on_call.stand.peer, "interceptor/invoke").await;
        assert_eq!(asked["params"]["timeoutMs"], seconds * 1_000);
        expect(&mut on_call.stand.peer, "notifications/cancelled").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_not_called_for_a_while() {
    let breaker = BreakerOptions { failures_max: 2, pause: Duration::from_secs(30) };
    let mut on_call = OnCall::with(|it| it.breaker(breaker), json!([validator("one")])).await;
    for _ in 0..2 {
        on_call.failure(None).await;
        expect(&mut on_call.stand.peer, "interceptor/invoke").await;
        expect(&mut on_call.stand.peer, "notifications/cancelled").await;
    }
    let start = Instant::now();
    assert!(on_call.failure(None).await.contains("is not asked for a while"));
    assert_eq!(start.elapsed().as_millis(), 0);
    tokio::time::advance(Duration::from_secs(30)).await;
    assert!(on_call.answered(|asked| judged(asked, true)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_error_and_an_answer_to_another_question_are_failures() {
    let mut on_call = OnCall::offering(json!([validator("one")])).await;
    for (member, value) in
        [("interceptor", "two"), ("phase", "response"), ("type", "mutation"), ("valid", "yes")]
    {
        let answer = |asked: &Value| {
            let mut answer = judged(asked, true);
            answer[member] = value.into();
            answer
        };
        assert!(on_call.answered(answer).await.is_err(), "{member}");
    }
    let seen = seen().await;
    let failing = async {
        let asked = expect(&mut on_call.stand.peer, "interceptor/invoke").await;
        on_call.stand.peer.fail(&asked, -32603, "Interceptor execution failed").await;
    };
    let (failed, ()) = tokio::join!(on_call.callees.call("side/one", seen, None), failing);
    assert!(failed.unwrap_err().to_string().contains("Interceptor execution failed"));
}

#[tokio::test(start_paused = true)]
async fn a_call_shows_nothing_that_its_user_does_not_allow_or_that_the_interceptor_does_not_hook() {
    let elsewhere = [Hook::new(Phase::Request, ["prompts/get"])];
    let hooks = json!([{ "events": ["tools/list"], "phase": "request" }]);
    let other = json!({ "name": "one", "type": "validation", "hooks": hooks });
    let narrow = Overrides { hooks: Some(Vec::new()), ..Overrides::default() };
    for on_call in [
        OnCall::with(|it| it.allowing(elsewhere), json!([validator("one")])).await,
        OnCall::with(|it| it.overriding("one", narrow), json!([validator("one")])).await,
        OnCall::offering(json!([other])).await,
    ] {
        let failure = on_call.failure(None).await;
        assert_eq!(failure, "it does not hook tools/call (request), or may not see it");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_told_with_what_there_is() {
    let mut on_call = OnCall::with(
        |it| it.only(["a/b", "one"]),
        json!([validator("one"), validator("a/b"), validator("c")]),
    )
    .await;
    assert_eq!(on_call.callees.check("side/one"), Ok(()));
    assert_eq!(on_call.callees.check("side/a/b"), Ok(()));
    let known = Err(vec!["side/one".to_owned(), "side/a/b".to_owned()]);
    for name in ["one", "side/c", "side/", "sideone", "other/one"] {
        assert_eq!(on_call.callees.check(name), known, "{name}");
        assert!(on_call.callees.call(name, seen().await, None).await.is_err());
    }
    on_call.stand.change(json!([validator("a/b")])).await;
    assert_eq!(on_call.failure(None).await, "its server does not offer it any more");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_may_be_missing_is_called_once_it_is_there() {
    let (remote, mut clients) = server("side");
    let callees = Callees::default();
    let source = PlanSource::new(PlanOptions::default()).callees(&callees);
    let remote = remote.on_call().optional().start_timeout(Duration::from_secs(1));
    let (_live, driver) = source.server(remote).start().await.unwrap();
    let _driving = Driving::of(driver);
    assert_eq!(callees.check("side/any"), Ok(()));
    let missing = callees.call("side/one", seen().await, None).await.unwrap_err().to_string();
    assert_eq!(missing, "its server was not reached yet");
    drop(LinePeer::accept(&mut clients).await);
    let mut peer = welcome(&mut clients, json!([validator("one")])).await;
    settle().await;
    let serving = async {
        let asked = expect(&mut peer, "interceptor/invoke").await;
        peer.answer(&asked, judged(&asked["params"], true)).await;
    };
    let called = tokio::join!(callees.call("side/one", seen().await, None), serving).0;
    assert!(matches!(called, Ok(Edit::Keep)));
}
