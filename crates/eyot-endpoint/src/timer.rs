//! A connection's timer, used by one of its requests after the other.
//!
//! Most requests are answered long before their patience ends. Moving the end of a timer
//! that is running costs a store; making one and taking it back costs a lock each, and
//! wakes the thread that waits for the earliest one.

use std::pin::Pin;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, Sleep};

/// Lends its timer to one request at a time.
#[derive(Debug, Default)]
pub(crate) struct Timer(Mutex<Option<Pin<Box<Sleep>>>>);

impl Timer {
    /// A timer that ends after `patience`: the one of an earlier request, if it is back.
    pub(crate) fn lend(&self, patience: Duration) -> Pin<Box<Sleep>> {
        let kept = self.0.lock().take();
        match kept {
            Some(mut timer) => {
                timer.as_mut().reset(Instant::now() + patience);
                timer
            }
            None => Box::pin(tokio::time::sleep(patience)),
        }
    }

    /// Takes a timer back that has not ended.
    pub(crate) fn take_back(&self, timer: Pin<Box<Sleep>>) {
        *self.0.lock() = Some(timer);
    }
}
