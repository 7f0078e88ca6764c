//! What an upstream says on other streams than that of the call that it belongs to.

use std::sync::atomic::{AtomicBool, Ordering};

/// What was heard aside so far: then it does not say which call it belongs to.
#[derive(Debug, Default)]
pub struct Aside {
    asks: AtomicBool,
    logs: AtomicBool,
}

impl Aside {
    /// The upstream has asked something on the session's own stream.
    pub fn note_question(&self) {
        self.asks.store(true, Ordering::Relaxed);
    }

    /// The upstream has logged something on the session's own stream.
    pub fn note_log(&self) {
        self.logs.store(true, Ordering::Relaxed);
    }

    /// Whether it asks aside.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.asks.load(Ordering::Relaxed)
    }

    /// Whether it logs aside.
    #[must_use]
    pub fn logs(&self) -> bool {
        self.logs.load(Ordering::Relaxed)
    }
}
