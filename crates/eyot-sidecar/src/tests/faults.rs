//! Servers that hang, crash, flap, or say too much.

use eyot_interceptors::{Decision, Overrides};
use eyot_service::Limits;
use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::*;
use crate::BreakerOptions;

fn fail_open() -> Overrides {
    Overrides { fail_open: Some(true), ..Overrides::default() }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_costs_its_time_and_is_told_that_it_is_over() {
    let mut stand = Stand::offering(json!([validator("one")])).await;
    let (plan, start) = (stand.plan(), Instant::now());
    let outcome = apply(&plan).await;
    assert_eq!((outcome.decision, start.elapsed().as_secs()), (Decision::Deny, 5));
    let asked = expect(&mut stand.peer, "interceptor/invoke").await;
    assert_eq!(asked["params"]["timeoutMs"], 5_000);
    let cancelled = expect(&mut stand.peer, "notifications/cancelled").await;
    assert_eq!(cancelled["params"]["requestId"], asked["id"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_crashes_fails_the_step_by_its_mode() {
    for (used, decision) in [(Overrides::default(), Decision::Deny), (fail_open(), Decision::Allow)]
    {
        let with = |it: RemoteServer| it.overriding("one", used);
        let mut stand = Stand::with(with, json!([validator("one")])).await;
        let plan = stand.plan();
        let crashing = async {
            expect(&mut stand.peer, "interceptor/invoke").await;
            drop(stand.peer);
            // The client comes back.
            welcome(&mut stand.clients, json!([validator("one")])).await
        };
        let (outcome, mut peer) = tokio::join!(apply(&plan), crashing);
        assert_eq!(outcome.decision, decision);
        settle().await;
        let serving = async {
            let asked = expect(&mut peer, "interceptor/invoke").await;
            peer.answer(&asked, judged(&asked["params"], true)).await;
        };
        let outcome = tokio::join!(apply(&plan), serving).0;
        assert_eq!(outcome.decision, Decision::Allow);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_not_asked_for_a_while() {
    let breaker = BreakerOptions { failures_max: 2, pause: Duration::from_secs(30) };
    let mut stand = Stand::with(|it| it.breaker(breaker), json!([validator("one")])).await;
    let plan = stand.plan();
    for _ in 0..2 {
        apply(&plan).await;
        expect(&mut stand.peer, "interceptor/invoke").await;
        expect(&mut stand.peer, "notifications/cancelled").await;
    }
    let start = Instant::now();
    let outcome = apply(&plan).await;
    assert_eq!((outcome.decision, start.elapsed().as_millis()), (Decision::Deny, 0));
    assert!(failure(&outcome).contains("is not asked for a while"));
    tokio::time::advance(Duration::from_secs(30)).await;
    let outcome = stand.answered(|asked| judged(asked, true)).await;
    assert_eq!(outcome.decision, Decision::Allow);
    let outcome = stand.answered(|asked| judged(asked, true)).await;
    assert_eq!(outcome.decision, Decision::Allow);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_goes_again_and_again_is_not_asked_for_a_while() {
    let breaker = BreakerOptions { failures_max: 3, pause: Duration::from_secs(30) };
    let mut stand = Stand::with(|it| it.breaker(breaker), json!([validator("one")])).await;
    let plan = stand.plan();
    for _ in 0..3 {
        let crashing = async {
            expect(&mut stand.peer, "interceptor/invoke").await;
            let next = welcome(&mut stand.clients, json!([validator("one")]));
            drop(std::mem::replace(&mut stand.peer, LinePeer::over(tokio::io::duplex(1).0)));
            stand.peer = next.await;
        };
        assert_eq!(tokio::join!(apply(&plan), crashing).0.decision, Decision::Deny);
    }
    assert!(failure(&apply(&plan).await).contains("is not asked for a while"));
    tokio::time::advance(Duration::from_secs(30)).await;
    let outcome = stand.answered(|asked| judged(asked, true)).await;
    assert_eq!(outcome.decision, Decision::Allow);
}

#[tokio::test(start_paused = true)]
async fn errors_are_answers_and_do_not_stop_the_questions() {
    let breaker = BreakerOptions { failures_max: 1, pause: Duration::from_secs(30) };
    let mut stand = Stand::with(|it| it.breaker(breaker), json!([validator("one")])).await;
    let plan = stand.plan();
    for _ in 0..3 {
        let failing = async {
            let asked = expect(&mut stand.peer, "interceptor/invoke").await;
            stand.peer.fail(&asked, -32603, "Interceptor execution failed").await;
        };
        assert_eq!(tokio::join!(apply(&plan), failing).0.decision, Decision::Deny);
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_too_many_fails_at_once() {
    let mut stand = Stand::with(|it| it.in_flight_max(1), json!([validator("one")])).await;
    let plan = stand.plan();
    let first = apply(&plan);
    tokio::pin!(first);
    assert!((&mut first).now_or_never().is_none());
    let start = Instant::now();
    let second = apply(&plan).await;
    assert_eq!((second.decision, start.elapsed().as_millis()), (Decision::Deny, 0));
    assert!(failure(&second).contains("1 answers are awaited already"));
    let serving = async {
        let asked = expect(&mut stand.peer, "interceptor/invoke").await;
        stand.peer.answer(&asked, judged(&asked["params"], true)).await;
    };
    assert_eq!(tokio::join!(first, serving).0.decision, Decision::Allow);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_given_up_takes_its_question_back_and_is_no_failure() {
    let breaker = BreakerOptions { failures_max: 1, pause: Duration::from_secs(30) };
    let mut stand = Stand::with(|it| it.breaker(breaker), json!([validator("one")])).await;
    let plan = stand.plan();
    let given_up = tokio::time::timeout(Duration::from_secs(1), apply(&plan)).await;
    assert!(given_up.is_err());
    expect(&mut stand.peer, "interceptor/invoke").await;
    expect(&mut stand.peer, "notifications/cancelled").await;
    let outcome = stand.answered(|asked| judged(asked, true)).await;
    assert_eq!(outcome.decision, Decision::Allow);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_long_or_too_deep_is_none() {
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    for payload in [format!("\"{}\"", "x".repeat(1 << 16)), deep] {
        let mut limits = Limits::default();
        limits.messages.bytes_max = 1 << 15;
        let with = |it: RemoteServer| it.limits(limits);
        let mut stand = Stand::with(with, json!([descriptor("one", "mutation")])).await;
        let plan = stand.plan();
        let serving = async {
            let asked = expect(&mut stand.peer, "interceptor/invoke").await;
            let result = json!({ "interceptor": "one", "type": "mutation", "phase": "request",
                "modified": true, "payload": "PAYLOAD" });
            let answer = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result });
            stand.peer.write_text(&answer.to_string().replace("\"PAYLOAD\"", &payload)).await;
        };
        let start = Instant::now();
        let outcome = tokio::join!(apply(&plan), serving).0;
        assert_eq!((outcome.decision, start.elapsed().as_secs()), (Decision::Deny, 0));
        assert!(outcome.final_payload.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_is_none_of_its_method_any_more_is_a_failure() {
    for payload in ["{}", r#"{"name":7}"#, "[]", "null"] {
        let mut stand = Stand::offering(json!([descriptor("one", "mutation")])).await;
        let plan = stand.plan();
        let serving = async {
            let asked = expect(&mut stand.peer, "interceptor/invoke").await;
            let result = json!({ "interceptor": "one", "type": "mutation", "phase": "request",
                "modified": true, "payload": "PAYLOAD" });
            let answer = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result });
            stand.peer.write_text(&answer.to_string().replace("\"PAYLOAD\"", payload)).await;
        };
        let outcome = tokio::join!(apply(&plan), serving).0;
        assert_eq!(outcome.decision, Decision::Deny, "{payload}");
        assert!(outcome.final_payload.is_none(), "{payload}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_there_lets_nothing_begin_unless_it_may_be_missing() {
    let start = |used: fn(RemoteServer) -> RemoteServer| async move {
        let (remote, clients) = server("side");
        drop(clients);
        PlanSource::new(PlanOptions::default()).server(used(remote)).start().await
    };
    assert!(matches!(start(|it| it).await, Err(PlanStartError::Unusable { .. })));
    let (live, _driver) = start(RemoteServer::optional).await.unwrap();
    assert!(live.interceptors().plan().is_empty());
    let (remote, _clients) = server("side");
    let silent = PlanSource::new(PlanOptions::default()).server(remote).start().await;
    assert!(matches!(silent, Err(PlanStartError::TooLate { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_missing_is_a_part_of_the_plan_once_it_is_there() {
    let (remote, mut clients) = server("side");
    let source = PlanSource::new(PlanOptions::default());
    let starting = source.server(remote.optional().start_timeout(Duration::from_secs(1))).start();
    let (live, driver) = starting.await.unwrap();
    assert!(live.interceptors().plan().is_empty());
    let _driving = Driving::of(driver);
    // The connection that the start has given up.
    drop(LinePeer::accept(&mut clients).await);
    let _peer = welcome(&mut clients, json!([validator("one")])).await;
    settle().await;
    assert!(live.interceptors().plan().interceptor("one").is_some());
}
