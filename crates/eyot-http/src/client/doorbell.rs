//! A waker that does not wake a task for its own work.
//!
//! The two halves of a connection in hyper wake each other through channels. Here one task polls
//! both, so such a wake would only run the task once more for nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use parking_lot::Mutex;

/// Stands between a connection and the task that polls it.
#[derive(Debug)]
pub(super) struct Doorbell {
    bell: Arc<Bell>,
    waker: Waker,
}

#[derive(Debug)]
struct Bell {
    state: AtomicU8,
    task: Mutex<Waker>,
}

/// The task does not poll: a ring wakes it.
const QUIET: u8 = 0;
/// The task polls: a ring makes it poll again before it returns.
const POLLING: u8 = 1;
/// It rang while the task was polling.
const RUNG: u8 = 2;

impl Doorbell {
    pub(super) fn new() -> Self {
        let task = Mutex::new(Waker::noop().clone());
        let bell = Arc::new(Bell { state: AtomicU8::new(QUIET), task });
        let waker = Waker::from(Arc::clone(&bell));
        Self { bell, waker }
    }

    /// Polls until the future is ready, or until nothing rings any more.
    pub(super) fn poll<T>(
        &self,
        cx: &Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        self.bell.task.lock().clone_from(cx.waker());
        let mut quiet_cx = Context::from_waker(&self.waker);
        loop {
            self.bell.state.store(POLLING, Ordering::Release);
            let polled = poll(&mut quiet_cx);
            let has_rung = self.bell.state.swap(QUIET, Ordering::AcqRel) == RUNG;
            if polled.is_ready() || !has_rung {
                return polled;
            }
        }
    }

    /// Does what may ring. A ring is lost, even one of another thread: a caller that still waits for
    /// something polls afterwards.
    pub(super) fn hushed<T>(&self, ring: impl FnOnce() -> T) -> T {
        self.bell.state.store(POLLING, Ordering::Release);
        let done = ring();
        self.bell.state.store(QUIET, Ordering::Release);
        done
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let rang = self.state.compare_exchange(POLLING, RUNG, Ordering::AcqRel, Ordering::Acquire);
        if rang == Err(QUIET) {
            let task = self.task.lock().clone();
            task.wake();
        }
    }
}

#[cfg(test)]
mod tests;
