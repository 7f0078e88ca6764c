//! Steps that crash, hang, or make what cannot be sent.

use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::mpsc;

use super::*;
use crate::{AsyncValidator, Mode, Overrides};

fn crash() -> Interceptor {
    Interceptor::validator("crash", |_: &View<'_>| -> Result<Validation, Failure> {
        panic!("it crashes")
    })
    .on(Phase::Request, ["tools/call"])
}

fn hang() -> Interceptor {
    let never = |_: crate::Seen| std::future::pending().boxed();
    Interceptor::async_validator("hang", never).on(Phase::Request, ["tools/call"])
}

async fn passes(step: Interceptor) -> bool {
    let stand = Stand::new(Boundary::Upstream, vec![step], &[answer(&text("done"))]);
    !stand.ask("tools/call", echo("note")).await.0.is_error()
}

#[tokio::test(start_paused = true)]
async fn a_step_without_a_verdict_blocks_unless_it_fails_open_or_is_in_audit_mode() {
    let failing = Interceptor::mutator("fails", |_: &View<'_>| Err(Failure::new("no idea")));
    let failing = failing.on(Phase::Request, ["tools/call"]);
    for step in [crash(), hang(), failing] {
        let name = step.descriptor().name.clone();
        assert!(!passes(step.clone()).await, "{name}");
        assert!(passes(step.clone().fail_open()).await, "{name}");
        assert!(passes(step.audit()).await, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_may_take_as_long_as_it_may_and_no_longer() {
    let start = tokio::time::Instant::now();
    assert!(!passes(hang().timeout(Duration::from_secs(2))).await);
    assert_eq!(start.elapsed().as_secs(), 2);
    assert!(!passes(hang().timeout(Duration::from_secs(99))).await);
    assert_eq!(start.elapsed().as_secs(), 12, "all steps of a payload have ten seconds");
}

#[tokio::test]
async fn what_a_peer_hears_of_a_failure_tells_nothing_of_it() {
    let failing = Interceptor::mutator("fails", |_: &View<'_>| Err(Failure::new("/etc/secret")));
    let steps = vec![failing.on(Phase::Request, ["*"])];
    let stand = Stand::new(Boundary::Upstream, steps, &[]);
    let error = stand.error("tools/call", echo("")).await;
    assert_eq!(error["code"], -32603);
    assert_eq!(error["data"], json!({ "failedInterceptor": "fails" }));
    let stand = Stand::new(Boundary::Upstream, vec![crash()], &[]);
    let found = &stand.error("tools/call", echo("")).await["data"]["validationErrors"][0];
    assert_eq!(found["message"], "the interceptor failed");
}

#[tokio::test]
async fn mutations_apply_all_or_not_at_all() {
    let unfit = Interceptor::mutator("unfit", |_: &View<'_>| Ok(Edit::Replace("{}".to_owned())));
    let unfit = unfit.on(Phase::Request, ["tools/call"]).priority(5);
    let stand = Stand::new(Boundary::Upstream, vec![uppercase(), unfit.clone()], &[]);
    assert_eq!(stand.error("tools/call", echo("a")).await["code"], -32603);
    assert!(stand.came.lock().is_empty());
    // One that fails open has not run at all; the others have.
    let steps = vec![uppercase(), unfit.fail_open()];
    let stand = Stand::new(Boundary::Upstream, steps, &[answer(&text(""))]);
    stand.ask("tools/call", echo("a")).await;
    assert_eq!(stand.params_that_came(), [echo("A")]);
}

#[tokio::test]
async fn what_a_mutator_makes_must_be_what_may_be_sent() {
    for made in
        ["", "[]", "{", r#"{"name":"a","name":"b"}"#, r#"{"name":"a"},"id":9"#, r#"{"name":7}"#]
    {
        let step =
            Interceptor::mutator("odd", move |_: &View<'_>| Ok(Edit::Replace(made.to_owned())));
        assert!(!passes(step.on(Phase::Request, ["tools/call"])).await, "{made}");
    }
}

#[tokio::test]
async fn a_mutator_in_audit_mode_changes_nothing() {
    let stand = Stand::new(Boundary::Upstream, vec![uppercase().audit()], &[answer(&text(""))]);
    stand.ask("tools/call", echo("a")).await;
    assert_eq!(stand.params_that_came(), [echo("a")]);
    let audit = Overrides { mode: Some(Mode::Audit), ..Overrides::default() };
    assert!(passes(deny(Phase::Request, "*").overridden(audit).unwrap()).await);
}

#[tokio::test]
async fn all_validators_complete_before_one_of_them_counts() {
    let slow = |_: crate::Seen| {
        async {
            tokio::task::yield_now().await;
            Ok(Validation::deny("slow"))
        }
        .boxed()
    };
    let slow = Interceptor::async_validator("slow", slow).on(Phase::Request, ["tools/call"]);
    let steps = vec![slow, deny(Phase::Request, "tools/call")];
    let stand = Stand::new(Boundary::Upstream, steps, &[]);
    let error = stand.error("tools/call", echo("")).await;
    assert_eq!(error["data"]["validationErrors"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_tap_that_is_full_holds_nothing_up() {
    let (sender, mut seen) = mpsc::channel(1);
    let tap = Interceptor::tap("tap", sender).on(Phase::Request, ["*"]);
    let stand = Stand::new(Boundary::Upstream, vec![tap], &[answer(&text("done"))]);
    for note in ["first", "second"] {
        assert_eq!(stand.result("tools/call", echo(note)).await, text("done"));
    }
    let recorded = seen.recv().await.unwrap();
    assert_eq!(recorded.view().decode::<Value>().unwrap(), echo("first"));
    assert!(seen.try_recv().is_err());
    drop(seen);
    assert_eq!(stand.result("tools/call", echo("third")).await, text("done"));
}

#[tokio::test]
async fn a_warning_blocks_nothing() {
    let warn = Interceptor::validator("warn", |_: &View<'_>| Ok(Validation::warn("look at this")));
    assert!(passes(warn.on(Phase::Request, ["*"])).await);
}

/// Functions and types of one's own are steps alike.
#[tokio::test]
async fn a_type_with_state_of_its_own_can_take_its_time() {
    struct Slow;
    impl AsyncValidator for Slow {
        fn validate(
            &self,
            seen: crate::Seen,
        ) -> futures_util::future::BoxFuture<'static, Result<Validation, Failure>> {
            async move {
                tokio::task::yield_now().await;
                let name = seen.view().name().unwrap().into_owned();
                Ok(if name == "echo" { Validation::PASS } else { Validation::deny("unknown") })
            }
            .boxed()
        }
    }
    assert!(passes(Interceptor::async_validator("slow", Slow).on(Phase::Request, ["*"])).await);
}

#[tokio::test]
async fn a_mutator_that_refuses_a_payload_says_what_its_sender_hears_whatever_its_mode_of_failure()
{
    let error = eyot_jsonrpc::ErrorObject::new(1403, "not on Sundays");
    let refuse = move |_: &View<'_>| Ok(Edit::Refuse(Box::new(error.clone())));
    let step = Interceptor::mutator("refuse", refuse).on(Phase::Request, ["*"]).fail_open();
    let stand = Stand::new(Boundary::Upstream, vec![uppercase(), step.clone()], &[]);
    let told = stand.error("tools/call", echo("")).await;
    assert_eq!(told, json!({ "code": 1403, "message": "not on Sundays" }));
    assert!(passes(step.audit()).await);
}

#[tokio::test]
async fn what_a_step_keeps_is_kept_until_the_call_is_over() {
    let kept = Arc::new(());
    let weak = Arc::downgrade(&kept);
    let keep = move |view: &View<'_>| {
        view.origin().keep(Arc::clone(&kept));
        Ok(Validation::PASS)
    };
    let step = Interceptor::validator("keep", keep).on(Phase::Request, ["*"]).keeping();
    let log = json!({ "jsonrpc": "2.0", "method": "notifications/message", "params": {} });
    let stand = Stand::new(Boundary::Upstream, vec![step], &[log, answer(&text("done"))]);
    let request = Request::new(Id::from_number(7), "tools/call", &echo(""));
    let reply = stand.send(Input::Request(request)).await.unwrap();
    assert_eq!(weak.strong_count(), 2);
    reply.answer(drop).await.unwrap();
    assert_eq!(weak.strong_count(), 1);
}
