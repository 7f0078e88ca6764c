//! A policy that can be replaced while requests run.

use std::sync::Arc;

use parking_lot::RwLock;

use crate::compiled::CompiledPolicy;
use crate::policy::Policy;
use crate::problems::PolicyProblems;

/// The policy that holds now. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct LivePolicy(Arc<RwLock<Arc<CompiledPolicy>>>);

impl LivePolicy {
    /// Begins with this policy.
    #[must_use]
    pub fn new(policy: CompiledPolicy) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(policy))))
    }

    /// The policy that holds now. A request that has begun with it goes on with it.
    #[must_use]
    pub fn current(&self) -> Arc<CompiledPolicy> {
        Arc::clone(&self.0.read())
    }

    /// Puts another policy in its place. Rules that are as they were go on with what they have counted,
    /// and requests that run still take their places.
    ///
    /// # Errors
    ///
    /// All that is wrong with the new policy; the old one stays.
    pub fn replace(&self, policy: &Policy) -> Result<(), PolicyProblems> {
        let compiled = policy.compile_after(&self.current())?;
        *self.0.write() = Arc::new(compiled);
        Ok(())
    }
}
