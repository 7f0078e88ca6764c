//! Which calls wait, for how long, and what ends a wait, in virtual time.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use eyot_jsonrpc::{Id, Message, Request, Response};
use eyot_service::{
    BoxService, Call, Fault, Input, Messages, OperatorText, Peer, Reply, ReplyFuture,
};
use eyot_types::codes::{self, Outcome};
use eyot_types::{Era, Method};
use futures_util::{StreamExt as _, poll, stream};
use serde_json::json;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

use super::Patience;

const TIME: Duration = Duration::from_secs(60);

/// An upstream whose attempts are counted, and answered by `word` until it is up.
struct Upstream {
    attempts: Arc<AtomicUsize>,
    given_up: CancellationToken,
    service: BoxService,
}

impl Upstream {
    fn new(
        up_after: Duration,
        word: impl Fn() -> Result<Reply, Fault> + Send + Sync + 'static,
    ) -> Self {
        let attempts = Arc::new(AtomicUsize::new(0));
        let (counted, up_at) = (Arc::clone(&attempts), Instant::now() + up_after);
        let service = BoxService::from_fn(move |_| -> ReplyFuture {
            counted.fetch_add(1, Ordering::Relaxed);
            let said = if Instant::now() < up_at { word() } else { Ok(answer()) };
            Box::pin(async move { said })
        });
        let given_up = CancellationToken::new();
        let patience = Patience { time: TIME, given_up: given_up.clone() };
        Self { attempts, given_up, service: patience.before(service) }
    }

    fn attempts(&self) -> usize {
        self.attempts.load(Ordering::Relaxed)
    }

    fn ask(&self, method: &str) -> ReplyFuture {
        self.call(Input::Request(Request::unnumbered(method, &json!({}))))
    }

    fn call(&self, input: Input) -> ReplyFuture {
        self.service.clone().call(Call::new(input, Peer::ourselves(Era::Legacy)))
    }
}

fn answer() -> Reply {
    Reply::One(Message::response(Id::from_number(1), &json!({})).into_response().unwrap())
}

fn refused() -> Fault {
    Fault::upstream(codes::upstream_unreached("Connection refused", false))
}

fn lost(outcome: Outcome) -> Fault {
    Fault::upstream(codes::upstream_lost("HTTP status 503", outcome, true))
}

const NEVER: Duration = Duration::from_secs(1_000_000);

#[tokio::test(start_paused = true)]
async fn call_waits_until_the_upstream_is_reached() {
    let upstream = Upstream::new(Duration::from_secs(20), || Err(refused()));
    let begun = Instant::now();
    assert!(upstream.ask("tools/call").await.is_ok());
    assert!(begun.elapsed() <= Duration::from_secs(22), "{:?}", begun.elapsed());
    assert!(upstream.attempts() >= 10, "{}", upstream.attempts());
    assert!(upstream.attempts() <= 200, "{}", upstream.attempts());
}

#[tokio::test(start_paused = true)]
async fn wait_ends_with_the_time_of_the_call_and_names_the_cause() {
    let upstream = Upstream::new(NEVER, || Err(refused()));
    let begun = Instant::now();
    let fault = upstream.ask("tools/call").await.unwrap_err();
    assert_eq!(begun.elapsed(), TIME);
    assert_eq!(fault.error.data.unwrap()["reason"], "Connection refused");
}

#[tokio::test(start_paused = true)]
async fn operator_need_not_be_told_the_cause_of_a_wait_again() {
    let told_by = |fault: fn() -> Fault| async move {
        let text = OperatorText::new("cannot connect to 10.0.0.1");
        let fault = fault().with_operator_text(text);
        let upstream = Upstream::new(NEVER, move || Err(fault.clone()));
        let fault = upstream.ask("tools/call").await.unwrap_err();
        fault.untold().map(str::to_owned)
    };
    assert_eq!(told_by(refused).await, None);
    let at_once = told_by(|| lost(Outcome::Unknown)).await;
    assert_eq!(at_once.as_deref(), Some("cannot connect to 10.0.0.1"));
}

#[tokio::test(start_paused = true)]
async fn call_that_may_have_run_is_not_made_again() {
    let upstream = Upstream::new(NEVER, || Err(lost(Outcome::Unknown)));
    for method in ["tools/call", "tools/list", "ping", "x/y"] {
        assert!(upstream.ask(method).await.is_err());
    }
    assert_eq!(upstream.attempts(), 4);
}

#[tokio::test(start_paused = true)]
async fn call_that_cannot_succeed_later_fails_at_once() {
    let lasting = || Err(Fault::upstream(codes::upstream_unreached("no secure connection", true)));
    let upstream = Upstream::new(NEVER, lasting);
    assert!(upstream.ask("initialize").await.is_err());
    assert_eq!(upstream.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn handshake_is_made_again_whatever_became_of_it() {
    for method in [Method::Initialize, Method::ServerDiscover] {
        let upstream = Upstream::new(TIME / 2, || Err(lost(Outcome::Unknown)));
        assert!(upstream.ask(method.as_str()).await.is_ok(), "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_in_the_place_of_an_answer_are_waited_for() {
    let refusal = || Response::of_error(Some(Id::from_number(1)), &refused().error);
    let in_one = move || Ok(Reply::One(refusal()));
    let in_a_stream = || Ok(Reply::Stream(Messages::new(stream::iter([Err(refused())]))));
    for upstream in [Upstream::new(TIME / 2, in_one), Upstream::new(TIME / 2, in_a_stream)] {
        let Ok(Reply::One(answer)) = upstream.ask("tools/call").await else { panic!("no answer") };
        assert!(answer.result().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_stream_that_has_begun_is_lost_or_repeated() {
    let note = || Message::notification("notifications/progress", &json!({}));
    let upstream = Upstream::new(NEVER, move || {
        let parts = [Ok(note().into()), Err(refused())];
        Ok(Reply::Stream(Messages::new(stream::iter(parts))))
    });
    let Ok(Reply::Stream(parts)) = upstream.ask("tools/call").await else { panic!("no stream") };
    let parts: Vec<_> = parts.collect().await;
    assert!(matches!(parts[..], [Ok(_), Err(_)]), "{parts:?}");
    assert_eq!(upstream.attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn end_of_the_client_ends_every_wait_at_once() {
    let upstream = Upstream::new(NEVER, || Err(refused()));
    let begun = Instant::now();
    let mut waiting = pin!(upstream.ask("initialize"));
    assert!(poll!(waiting.as_mut()).is_pending());
    upstream.given_up.cancel();
    assert!(waiting.await.is_err());
    assert!(upstream.ask("tools/call").await.is_err(), "later ones do not begin to wait");
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn cancellations_and_ends_are_not_waited_with() {
    let upstream = Upstream::new(NEVER, || Err(refused()));
    let begun = Instant::now();
    let cancelled = Message::notification("notifications/cancelled", &json!({ "requestId": 1 }));
    for input in [cancelled.into(), Input::Close, Input::Listen { cursor: None }] {
        assert!(upstream.call(input).await.is_err());
    }
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn call_that_reaches_the_upstream_wakes_those_that_wait() {
    let upstream = Upstream::new(Duration::from_secs(30), || Err(refused()));
    let mut waiting = pin!(upstream.ask("tools/call"));
    tokio::select! {
        biased;
        _ = waiting.as_mut() => panic!("the upstream is not up"),
        () = tokio::time::sleep(Duration::from_millis(29_999)) => {}
    }
    tokio::time::advance(Duration::from_millis(1)).await;
    let begun = Instant::now();
    assert!(upstream.ask("tools/list").await.is_ok());
    assert!(waiting.await.is_ok());
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn without_patience_a_call_fails_at_once() {
    let upstream = Upstream::new(NEVER, || Err(refused()));
    let patience = Patience { time: Duration::ZERO, given_up: CancellationToken::new() };
    let counted = Arc::clone(&upstream.attempts);
    let mut service = patience.before(BoxService::from_fn(move |_| -> ReplyFuture {
        counted.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Err(refused()) })
    }));
    let input = Input::Request(Request::unnumbered("tools/call", &json!({})));
    assert!(service.call(Call::new(input, Peer::ourselves(Era::Legacy))).await.is_err());
    assert_eq!(upstream.attempts(), 1);
}
