//! What a request carries until its client is known by name.

use std::sync::Arc;
use std::time::Instant;

use eyot_metrics::policy_refused;
use parking_lot::Mutex;

use crate::compiled::CompiledPolicy;
use crate::concurrency::Permit;
use crate::facts::{Facts, Name};
use crate::refusal::Refusal;

/// What a request carries in its extensions if a rule counts by the name of its client, which only the
/// endpoint finds out. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Ticket(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    policy: Arc<CompiledPolicy>,
    facts: Facts,
    /// The places of the request, until the last byte of its response.
    permits: Mutex<Vec<Permit>>,
}

impl Ticket {
    pub(crate) fn new(policy: Arc<CompiledPolicy>, facts: Facts, permits: Vec<Permit>) -> Self {
        Self(Arc::new(Inner { policy, facts, permits: Mutex::new(permits) }))
    }

    /// Asks the rules that count by the name of the client; `None`: clients need none. To be called
    /// once for a request, as soon as its client is known and before its body is read.
    ///
    /// # Errors
    ///
    /// The request is refused.
    pub fn identify(&self, principal: Option<&str>, now: Instant) -> Result<(), Box<Refusal>> {
        let Inner { policy, facts, permits } = &*self.0;
        let more = policy.count(facts, Name::Known(principal), now).map_err(|mut refusal| {
            refusal.client = facts.address;
            note(&refusal);
            refusal
        })?;
        permits.lock().extend(more);
        Ok(())
    }
}

/// Tells operators of a refusal. The request itself may hold secrets.
pub(crate) fn note(refusal: &Refusal) {
    policy_refused(refusal.part.as_str());
    let Refusal { part, rule, status, client, .. } = refusal;
    let client = client.map(tracing::field::display);
    tracing::debug!(%part, rule, status = status.as_u16(), client, "request is refused");
}

#[cfg(test)]
mod tests;
