//! Rings from inside and from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::Doorbell;

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn ring_from_inside_polls_again_and_wakes_no_task() {
    let wakes = Arc::new(Count::default());
    let task = Waker::from(Arc::clone(&wakes));
    let mut polls = 0;
    let polled = Doorbell::new().poll(&Context::from_waker(&task), |cx| {
        polls += 1;
        if polls == 3 {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    });
    assert_eq!((polled, polls), (Poll::Ready(()), 3));
    assert_eq!(wakes.0.load(Ordering::Relaxed), 0);
}

#[test]
fn ring_from_outside_wakes_the_task_that_polled_last() {
    let bell = Doorbell::new();
    let mut inner = None;
    let counts = [Arc::new(Count::default()), Arc::new(Count::default())];
    for count in &counts {
        let task = Waker::from(Arc::clone(count));
        let polled = bell.poll(&Context::from_waker(&task), |cx| {
            inner = Some(cx.waker().clone());
            Poll::<()>::Pending
        });
        assert_eq!(polled, Poll::Pending);
    }
    inner.unwrap().wake();
    assert_eq!(counts[0].0.load(Ordering::Relaxed), 0);
    assert_eq!(counts[1].0.load(Ordering::Relaxed), 1);
}

#[test]
fn ring_in_a_hush_wakes_no_task() {
    let bell = Doorbell::new();
    let wakes = Arc::new(Count::default());
    let task = Waker::from(Arc::clone(&wakes));
    let mut inner = None;
    let polled = bell.poll(&Context::from_waker(&task), |cx| {
        inner = Some(cx.waker().clone());
        Poll::<()>::Pending
    });
    assert_eq!(polled, Poll::Pending);
    let inner = inner.unwrap();
    bell.hushed(|| inner.wake_by_ref());
    assert_eq!(wakes.0.load(Ordering::Relaxed), 0);
    inner.wake();
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
}
