//! What the asker of the two methods of SEP-2624 says, and how much it shows.

use eyot_service::unix_ms;
use eyot_stdx::iso8601;
use serde_json::value::RawValue;

use crate::descriptor::{Descriptor, Hook, Phase};
use crate::event::{common, is_meant};
use crate::failure::Failure;
use crate::invoke::{InvokeContext, InvokeParams, InvokePrincipal};
use crate::plan::are_within;
use crate::plan_error::PlanError;
use crate::view::View;

impl InvokeParams {
    /// Asks the interceptor of this name about a payload. The context has the principal and the time,
    /// but not the session: its id is what lets a client into it.
    ///
    /// # Errors
    ///
    /// The payload is no JSON.
    pub fn asking(name: impl Into<String>, view: &View<'_>) -> Result<Self, Failure> {
        let payload =
            RawValue::from_string(view.payload().to_owned()).map_err(|_| Failure::NotJson)?;
        let principal = match view.origin().peer().principal_name() {
            Some(name) => InvokePrincipal { kind: "user".into(), id: Some(name.to_string()) },
            None => InvokePrincipal { kind: "anonymous".into(), id: None },
        };
        let timestamp = Some(iso8601(unix_ms()));
        let context =
            InvokeContext { principal: Some(principal), timestamp, ..InvokeContext::default() };
        Ok(Self {
            name: name.into(),
            event: view.event().to_owned(),
            phase: view.phase(),
            payload,
            config: None,
            timeout_ms: None,
            context: Some(context),
        })
    }
}

impl Descriptor {
    /// Whether these hooks show nothing that its own do not.
    ///
    /// # Errors
    ///
    /// [`PlanError::Widened`], with the first event that they would show beside.
    pub fn check_within(&self, hooks: &[Hook]) -> Result<(), PlanError> {
        are_within(hooks, &self.hooks)
            .map_err(|event| PlanError::Widened { name: self.name.clone(), event })
    }

    /// Whether its hooks mean an event in a phase.
    #[must_use]
    pub fn hooks_event(&self, event: &str, phase: Phase) -> bool {
        let of_phase = self.hooks.iter().filter(|it| it.phase == phase);
        of_phase.flat_map(|it| &it.events).any(|it| is_meant(it, event))
    }

    /// The descriptor with those of its hooks that these allow: it shows nothing more than before, and
    /// nothing more than they do. It may hook nothing then.
    #[must_use]
    pub fn confined_to(mut self, allowed: &[Hook]) -> Self {
        for hook in &mut self.hooks {
            let of_phase = allowed.iter().filter(|it| it.phase == hook.phase);
            let wide: Vec<&String> = of_phase.flat_map(|it| &it.events).collect();
            let mut events: Vec<String> = Vec::new();
            for event in &hook.events {
                for event in wide.iter().filter_map(|it| common(event, it)) {
                    if !events.iter().any(|it| it == event) {
                        events.push(event.to_owned());
                    }
                }
            }
            hook.events = events;
        }
        self.hooks.retain(|it| !it.events.is_empty());
        self
    }
}

#[cfg(test)]
mod tests;
