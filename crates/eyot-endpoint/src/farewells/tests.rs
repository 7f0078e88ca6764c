//! A service that never answers holds up nobody.

use std::time::Duration;

use eyot_service::{Input, Peer, Reply};
use eyot_types::Era;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;

impl Farewells {
    /// Farewells of a test, each within ten seconds.
    pub(crate) fn of_test(service: BoxService) -> Self {
        let detached = DetachedCalls::new(TaskTracker::new(), CancellationToken::new());
        Self::new(Services::one("/mcp", service), Arc::new(detached), Duration::from_secs(10))
    }
}

fn farewell(service: &BoxService) -> Farewell {
    let call = Call::new(Input::Close, Peer::ourselves(Era::Legacy));
    Farewell { call, service: service.clone() }
}

/// A service that hands out the answer that each call waits for.
fn asking() -> (BoxService, mpsc::Receiver<oneshot::Sender<()>>) {
    let (sender, calls) = mpsc::channel(10_000);
    let service = BoxService::from_fn(move |_call| {
        let sender = sender.clone();
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            sender.send(answer).await.unwrap();
            drop(answered.await);
            Ok(Reply::None)
        })
    });
    (service, calls)
}

#[tokio::test(start_paused = true)]
async fn farewell_that_nobody_answers_makes_room_for_the_next_one() {
    let (service, mut calls) = asking();
    let farewells = Farewells::of_test(service.clone());
    (0..=SPEAKERS_MAX).for_each(|_| farewells.say(farewell(&service)));
    let mut unanswered = Vec::new();
    for _ in 0..SPEAKERS_MAX {
        unanswered.push(calls.recv().await.unwrap());
    }
    assert!(calls.try_recv().is_err(), "no more than this at once");
    let began = tokio::time::Instant::now();
    unanswered.push(calls.recv().await.unwrap());
    assert_eq!(began.elapsed(), Duration::from_secs(10), "the deadline of those before it");
}

#[tokio::test(start_paused = true)]
async fn farewells_that_wait_are_bounded_and_the_oldest_is_left_out() {
    let (service, mut calls) = asking();
    let farewells = Farewells::of_test(service.clone());
    let all = SPEAKERS_MAX + WAITING_MAX + 1;
    (0..all).for_each(|_| farewells.say(farewell(&service)));
    for _ in 0..all - 1 {
        calls.recv().await.unwrap().send(()).unwrap();
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(calls.try_recv().is_err(), "one was left out");
    assert_eq!(farewells.queue.lock().speakers, 0, "no task is left");
}
