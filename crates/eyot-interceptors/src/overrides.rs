//! What the user of an interceptor decides about it.

use std::time::Duration;

use crate::descriptor::{Hook, Mode, Priority};
use crate::interceptor::Interceptor;
use crate::plan_error::PlanError;

/// What the user of an interceptor decides about it. `None`: what it says of itself.
///
/// "The invoker overrides policy": an interceptor declares what it can do and what it would like; how it
/// is run is not its decision.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "made by its users, from its default")]
pub struct Overrides {
    /// Whether its word counts.
    pub mode: Option<Mode>,
    /// Whether messages pass when it fails.
    pub fail_open: Option<bool>,
    /// Its place among the mutators.
    pub priority: Option<Priority>,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// What it sees: nothing that it does not hook itself.
    pub hooks: Option<Vec<Hook>>,
}

impl Interceptor {
    /// The interceptor as its user wants it.
    ///
    /// # Errors
    ///
    /// It would see more than it hooks: "Override hooks beyond the declared hooks MUST be rejected".
    pub fn overridden(mut self, overrides: Overrides) -> Result<Self, PlanError> {
        let Overrides { mode, fail_open, priority, timeout, hooks } = overrides;
        let descriptor = &mut self.descriptor;
        if let Some(hooks) = hooks {
            descriptor.check_within(&hooks)?;
            descriptor.hooks = hooks;
        }
        descriptor.mode = mode.unwrap_or(descriptor.mode);
        descriptor.fail_open = fail_open.unwrap_or(descriptor.fail_open);
        descriptor.priority_hint = priority.unwrap_or(descriptor.priority_hint);
        self.policy.timeout = timeout.or(self.policy.timeout);
        Ok(self)
    }
}
