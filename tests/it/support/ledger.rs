//! What an upstream has executed.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts, for each call by its mark, how often the upstream was told to execute it.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    executed: Mutex<HashMap<String, usize>>,
    resumed: AtomicUsize,
}

impl Ledger {
    /// Notes that a call is executed.
    pub(crate) fn execute(&self, mark: &str) {
        *self.executed.lock().unwrap().entry(mark.to_owned()).or_default() += 1;
    }

    /// Notes that the stream of a call is resumed.
    pub(crate) fn resume(&self) {
        self.resumed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn resumed(&self) -> usize {
        self.resumed.load(Ordering::Relaxed)
    }

    /// How often a call was executed.
    pub(crate) fn times(&self, mark: &str) -> usize {
        self.executed.lock().unwrap().get(mark).copied().unwrap_or_default()
    }

    /// The calls that were executed more than once.
    pub(crate) fn executed_twice(&self) -> Vec<String> {
        let executed = self.executed.lock().unwrap();
        executed.iter().filter(|(_, times)| **times > 1).map(|(mark, _)| mark.clone()).collect()
    }
}
