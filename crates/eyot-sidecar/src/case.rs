//! A payload, and what is expected of a plan for it.

use eyot_interceptors::{Decision, Origin, Outcome, Phase, Plan};
use eyot_jsonrpc::canonical;
use eyot_service::Peer;
use eyot_types::Era;

/// A payload, and what is expected of a plan for it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is called.
    pub name: String,
    pub(crate) event: String,
    pub(crate) phase: Phase,
    pub(crate) session: Option<String>,
    pub(crate) payload: String,
    pub(crate) expected: Expected,
}

/// What is expected.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) decision: Decision,
    /// The payload that goes on. `None`: nothing is said of it.
    pub(crate) payload: Option<String>,
    /// Texts that are in it.
    pub(crate) with: Vec<String>,
    /// Texts that are not in it.
    pub(crate) without: Vec<String>,
}

impl Case {
    /// Runs a plan over the payload. What a case leaves behind in interceptors, the next one meets.
    ///
    /// # Errors
    ///
    /// What is not as expected.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends what was begun.
    pub async fn run(&self, plan: &Plan) -> Result<(), String> {
        let origin = Origin::of_client(Peer::ourselves(Era::Modern));
        let origin = match &self.session {
            Some(id) => origin.in_session(id.as_str()),
            None => origin,
        };
        let outcome = plan.apply(&self.event, self.phase, &self.payload, &origin).await;
        let outcome = outcome.map_err(|it| it.to_string())?;
        self.expected.check(&outcome)
    }
}

impl Expected {
    fn check(&self, outcome: &Outcome) -> Result<(), String> {
        if outcome.decision != self.decision {
            let denied = outcome.error.as_ref().map(|it| format!(": {}", it.message));
            let why = denied.unwrap_or_default();
            return Err(format!("it is {}{why}{}", word(outcome.decision), reasons(outcome)));
        }
        let payload = outcome.final_payload.as_ref().map_or("", |it| it.get());
        let is_other = |wanted: &String| canonical(wanted) != canonical(payload);
        if self.payload.as_ref().is_some_and(is_other) {
            return Err(format!("the payload is {payload}"));
        }
        if let Some(missing) = self.with.iter().find(|it| !payload.contains(*it)) {
            return Err(format!("`{missing}` is not in the payload {payload}"));
        }
        match self.without.iter().find(|it| payload.contains(*it)) {
            Some(forbidden) => Err(format!("`{forbidden}` is in the payload {payload}")),
            None => Ok(()),
        }
    }
}

const fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allowed",
        Decision::Deny => "denied",
    }
}

/// What the steps that have not just passed it say.
fn reasons(outcome: &Outcome) -> String {
    let mut text = String::new();
    for step in &outcome.results {
        let said = step.messages.iter().map(|it| it.message.as_ref());
        for said in step.failure.as_deref().into_iter().chain(said) {
            text.push_str(&format!("; {}: {said}", step.interceptor));
        }
    }
    text
}

#[cfg(test)]
mod tests;
