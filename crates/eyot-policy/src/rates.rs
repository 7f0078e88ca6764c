//! How often requests may come.

use std::sync::Arc;
use std::time::Instant;

use crate::facts::{Counted, Facts, Name};
use crate::policy::Rate;
use crate::refusal::{Part, Refusal};
use eyot_stdx::PacedKeys;

/// A rule, and what it has counted.
#[derive(Clone, Debug)]
pub(crate) struct RateRule {
    pub(crate) rate: Rate,
    pub(crate) counted: Counted,
    /// Shared with the rule that takes its place, if that is equal.
    pub(crate) keys: Arc<PacedKeys>,
}

impl RateRule {
    /// Counts a request.
    ///
    /// # Errors
    /// There were too many.
    pub(crate) fn take(
        &self,
        facts: &Facts,
        name: Name<'_>,
        now: Instant,
    ) -> Result<(), Box<Refusal>> {
        let Some(key) = self.counted.key(facts, name) else { return Ok(()) };
        let taken = self.keys.take(key, now);
        taken.map_err(|wait| Refusal::too_many(Part::Rates, &self.rate.name, wait))
    }
}
