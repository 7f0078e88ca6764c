//! Who is woken when a body goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::{TaskWaker, poll_body};

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The waker that hyper gets of a connection, and how often its task was woken.
fn connection() -> (Waker, Arc<Count>) {
    let wakes = Arc::new(Count::default());
    let (connection, mut inner) = (TaskWaker::new(), None);
    let task = Waker::from(Arc::clone(&wakes));
    let polled = connection.poll(&Context::from_waker(&task), |cx| {
        inner = Some(cx.waker().clone());
        Poll::<()>::Pending
    });
    assert_eq!(polled, Poll::Pending);
    (inner.unwrap(), wakes)
}

#[track_caller]
fn check(wakes: &Count, expected: usize) {
    assert_eq!(wakes.0.load(Ordering::Relaxed), expected);
}

#[test]
fn body_that_has_ended_wakes_no_connection() {
    let (connection, wakes) = connection();
    poll_body(&mut (), |()| connection.wake_by_ref(), |()| true);
    check(&wakes, 0);
    connection.wake_by_ref();
    check(&wakes, 1);
}

#[test]
fn body_that_goes_on_wakes_its_connection_once() {
    let (connection, wakes) = connection();
    poll_body(&mut (), |()| connection.wake_by_ref(), |()| false);
    check(&wakes, 1);
    poll_body(&mut (), |()| (), |()| false);
    check(&wakes, 1);
}

#[test]
fn wake_of_another_thread_passes_while_a_body_is_polled() {
    let (connection, wakes) = connection();
    let wake = |(): &mut ()| {
        std::thread::scope(|it| {
            it.spawn(|| connection.wake_by_ref());
        });
    };
    poll_body(&mut (), wake, |()| true);
    check(&wakes, 1);
}
