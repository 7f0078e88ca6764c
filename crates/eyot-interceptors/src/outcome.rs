//! A plan that is run over a payload by itself: for command lines, tests and explanations.

use eyot_jsonrpc::{Json, Members};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::descriptor::Phase;
use crate::origin::Origin;
use crate::plan::Plan;
use crate::run::{Crossing, Run};
use crate::subject::Subject;
use crate::trail::{StepResult, Trail, raw};

/// What came of a payload.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Outcome {
    /// Whether it may pass.
    pub decision: Decision,
    /// The event.
    pub event: String,
    /// The phase.
    pub phase: Phase,
    /// What each step has said, in the order in which they were run.
    pub results: Vec<StepResult>,
    /// The payload that goes on. `None`: none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_payload: Option<Box<RawValue>>,
    /// The error that the sender of the payload gets. `None`: it passes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<eyot_jsonrpc::ErrorObject>,
}

/// Whether a payload may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "it passes or it does not")]
pub enum Decision {
    /// It may.
    Allow,
    /// It may not.
    Deny,
}

/// Text that is no payload.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a payload is one JSON object that every reader reads alike")]
pub struct NoPayload;

impl Plan {
    /// Runs the plan over a payload: `params` or a result by themselves, or a whole request or answer
    /// with them inside.
    ///
    /// A request is sent (mutated, then validated), and an answer is received (validated, then mutated),
    /// as SEP-2624 has it for the side of the client.
    ///
    /// # Errors
    ///
    /// The text is no JSON object that may be sent.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends what was begun.
    pub async fn apply(
        &self,
        event: &str,
        phase: Phase,
        payload: &str,
        origin: &Origin,
    ) -> Result<Outcome, NoPayload> {
        let payload = bare(event, phase, payload)?;
        let steps = self.steps_of(event);
        let crossing = match phase {
            Phase::Request => Crossing::Sending,
            Phase::Response => Crossing::Receiving,
        };
        let run = Run { plan: self, steps: steps.of(phase), crossing, event, phase, origin };
        let mut trail = Trail::kept();
        let passed = run.pass_noting(Subject::part(payload), &mut trail).await;
        let error = passed.as_ref().err().map(|it| it.error());
        Ok(Outcome {
            decision: if error.is_none() { Decision::Allow } else { Decision::Deny },
            event: event.to_owned(),
            phase,
            results: trail.into_results(),
            final_payload: passed.ok().and_then(|it| raw(it.subject.text())),
            error,
        })
    }
}

/// The payload itself. The examples of SEP-2624 wrap it in a request, its fixtures do not.
pub(crate) fn bare<'a>(event: &str, phase: Phase, payload: &'a str) -> Result<&'a str, NoPayload> {
    let payload = payload.trim();
    Json::parse(payload).ok_or(NoPayload)?;
    let members: Vec<_> = Members::of(payload).ok_or(NoPayload)?.collect();
    let find = |name: &str| members.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
    Ok(match phase {
        Phase::Request if find("method").is_some_and(|it| is_text(it, event)) => {
            find("params").unwrap_or("{}")
        }
        Phase::Response if find("jsonrpc").is_some() => find("result").unwrap_or(payload),
        _ => payload,
    })
}

fn is_text(raw: &str, text: &str) -> bool {
    serde_json::from_str::<String>(raw).is_ok_and(|it| it == text)
}
