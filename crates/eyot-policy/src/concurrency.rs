//! How many requests may run at once.

use std::sync::Arc;
use std::time::Duration;

use crate::facts::{Counted, Facts, Name};
use crate::policy::Concurrency;
use crate::refusal::{Part, Refusal};
use eyot_stdx::RunningKeys;

/// A rule, and what runs by it.
#[derive(Clone, Debug)]
pub(crate) struct ConcurrencyRule {
    pub(crate) concurrency: Concurrency,
    pub(crate) counted: Counted,
    /// Shared with the rule that takes its place, if that counts alike.
    pub(crate) keys: Arc<RunningKeys>,
}

/// The place of one running request. Dropping it makes room for another.
#[derive(Debug)]
pub struct Permit {
    keys: Arc<RunningKeys>,
    key: Option<u64>,
}

impl ConcurrencyRule {
    /// A place for a request; none if it is not counted.
    ///
    /// # Errors
    /// Too many run.
    pub(crate) fn begin(
        &self,
        facts: &Facts,
        name: Name<'_>,
    ) -> Result<Option<Permit>, Box<Refusal>> {
        let Some(key) = self.counted.key(facts, name) else { return Ok(None) };
        let keys = Arc::clone(&self.keys);
        match keys.begin(key, self.concurrency.max) {
            Some(key) => Ok(Some(Permit { keys, key })),
            None => {
                let name = &self.concurrency.name;
                Err(Refusal::too_many(Part::Concurrency, name, RETRY))
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.keys.end(self.key);
    }
}

/// When a request may have ended.
const RETRY: Duration = Duration::from_secs(1);
