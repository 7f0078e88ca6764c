//! What is left of the quotas of rules.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use eyot_rules::Cost;
use eyot_stdx::{Pace, PacedKeys};

use super::KEYS_MAX;

/// A limit of a rule: the rule, how many, in which time.
pub(super) type RateName = (Box<str>, u64, Duration);

/// What one key has of the quota of a rule.
#[derive(Debug)]
pub(super) struct Account {
    keys: Arc<PacedKeys>,
    key: u64,
    limit: u64,
    per: Duration,
}

impl Account {
    pub(super) fn of(
        rates: &mut HashMap<RateName, Arc<PacedKeys>>,
        rate: RateName,
        key: u64,
    ) -> Self {
        let (_, limit, per) = rate;
        let keys = rates.entry(rate).or_insert_with(|| {
            let interval = span_of(1, limit, per);
            let pace = Pace { interval, tolerance: per.saturating_sub(interval) };
            Arc::new(PacedKeys::new(pace, KEYS_MAX))
        });
        Self { keys: Arc::clone(keys), key, limit, per }
    }

    /// Takes what a message costs.
    ///
    /// # Errors
    ///
    /// There is not as much left: what the peer is told.
    pub(super) fn charge(&self, cost: Cost, now: Instant) -> Result<(), String> {
        let Self { limit, per, .. } = *self;
        let units = match cost {
            Cost::Units(0) => return Ok(()),
            Cost::Units(units) if units > limit => {
                return Err(format!("it costs {units}, and there are never more than {limit}"));
            }
            Cost::Units(units) => units,
            // That anything is left is all that is asked.
            Cost::ResponseBytes => {
                let left = self.keys.check_span(self.key, span_of(1, limit, per), now);
                return left.map_err(used_up);
            }
        };
        let taken = self.keys.take_span(self.key, span_of(units, limit, per), now);
        taken.map_err(|wait| match units {
            1 => {
                let secs = wait.as_secs() + 1;
                format!("too many requests: the next one is allowed in {secs} s")
            }
            _ => used_up(wait),
        })
    }

    /// Takes so many units, whether they are left or not.
    pub(super) fn owe(&self, units: usize, now: Instant) {
        let units = u64::try_from(units).unwrap_or(u64::MAX);
        self.keys.owe_span(self.key, span_of(units, self.limit, self.per), now);
    }
}

fn used_up(wait: Duration) -> String {
    format!("the budget is used up: there is enough for this in {} s", wait.as_secs() + 1)
}

/// How long it takes until so many units are there again.
fn span_of(units: u64, limit: u64, per: Duration) -> Duration {
    let nanos = per.as_nanos().saturating_mul(units.into()).div_ceil(limit.max(1).into());
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
