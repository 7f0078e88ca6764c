//! The clock of one connection's waits for a head.
//!
//! hyper begins such a wait when a request could begin, and ends it with the head. All waits of a
//! connection have one timer. It tells the connection to rest when nothing has come for a moment.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer};
use parking_lot::Mutex;

/// hyper's timer of one connection. Clones are one clock.
#[derive(Clone, Debug)]
pub(crate) struct HeadClock(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// From when in a wait the connection may rest to the end of the wait; `None`: it never rests.
    after_rest: Option<Duration>,
    is_rest_due: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The timer, while no wait has it.
    spare: Option<Pin<Box<tokio::time::Sleep>>>,
    /// The end of the wait that is to be broken off, or goes on.
    end: Option<Instant>,
}

impl HeadClock {
    /// The clock of waits that take so long at most.
    pub(crate) fn new(head_timeout: Duration) -> Self {
        Self(Arc::new(Shared {
            after_rest: head_timeout.checked_sub(REST_AFTER).filter(|it| !it.is_zero()),
            is_rest_due: AtomicBool::new(false),
            state: Mutex::default(),
        }))
    }

    /// The end of the wait in which the connection is to rest from now on. What it has told once it
    /// does not tell again in the wait.
    pub(crate) fn take_rest(&self) -> Option<Instant> {
        let Self(shared) = self;
        if !shared.is_rest_due.load(Ordering::Relaxed) {
            return None;
        }
        shared.is_rest_due.store(false, Ordering::Relaxed);
        shared.state.lock().end.take()
    }

    /// The next wait goes on with one that was broken off: it ends as that one would have.
    pub(crate) fn go_on_until(&self, end: Instant) {
        self.0.state.lock().end = Some(end);
    }
}

impl Timer for HeadClock {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        self.sleep_until(self.now() + duration)
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        let Self(shared) = self;
        let mut state = shared.state.lock();
        let (end, rest) = match state.end.take() {
            // One rest is enough: a client may send a byte now and then.
            Some(end) => (end, None),
            None => (deadline, shared.after_rest.and_then(|it| deadline.checked_sub(it))),
        };
        let spare = state.spare.take();
        drop(state);
        let first = rest.unwrap_or(end).into();
        let timer = match spare {
            Some(mut timer) => {
                timer.as_mut().reset(first);
                timer
            }
            None => Box::pin(tokio::time::sleep_until(first)),
        };
        let clock = Arc::clone(shared);
        Box::pin(Wait { timer: Some(timer), end, may_rest: rest.is_some(), clock })
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into()
    }
}

/// One wait for a head.
struct Wait {
    /// Goes back when the wait is over.
    timer: Option<Pin<Box<tokio::time::Sleep>>>,
    end: Instant,
    may_rest: bool,
    clock: Arc<Shared>,
}

impl Future for Wait {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Self { timer, end, may_rest, clock } = &mut *self;
        let Some(timer) = timer else { return Poll::Ready(()) };
        ready!(timer.as_mut().poll(cx));
        if !std::mem::take(may_rest) {
            return Poll::Ready(());
        }
        clock.state.lock().end = Some(*end);
        clock.is_rest_due.store(true, Ordering::Relaxed);
        timer.as_mut().reset((*end).into());
        timer.as_mut().poll(cx)
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.clock.state.lock().spare = self.timer.take();
    }
}

impl Sleep for Wait {}

impl fmt::Debug for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").field("end", &self.end).finish_non_exhaustive()
    }
}

/// Busy clients pause for less between two calls.
const REST_AFTER: Duration = Duration::from_secs(1);
