//! The two methods of SEP-2624, answered from a plan: any server can offer its interceptors to others.

use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR, INVALID_PARAMS};
use eyot_service::{Peer, Principal};
use eyot_types::{Era, JsonObject};
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use crate::descriptor::{Descriptor, Hook, InterceptorKind, Phase};
use crate::event::is_meant;
use crate::failure::Failure;
use crate::interceptor::{Interceptor, Work};
use crate::origin::Origin;
use crate::outcome::bare;
use crate::plan::Plan;
use crate::subject::Subject;
use crate::trail::raw;
use crate::validation::{Finding, Severity, Validation};
use crate::view::Seen;

/// The extension that a server with interceptors declares.
pub const EXTENSION: &str = "io.modelcontextprotocol/interceptors";

/// Parameters of `interceptors/list`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListParams {
    /// Only those that hook this event. `None`: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
}

/// Result of `interceptors/list`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ListResult {
    /// The interceptors, in the order in which they were registered.
    pub interceptors: Vec<Descriptor>,
}

/// Parameters of `interceptor/invoke`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InvokeParams {
    /// The name of the interceptor.
    pub name: String,
    /// The event.
    pub event: String,
    /// The phase.
    pub phase: Phase,
    /// The payload.
    pub payload: Box<RawValue>,
    /// Settings for this call, which fit the `configSchema`. `None`: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<JsonObject>,
    /// Milliseconds that it may take. `None`: the server decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// What the payload belongs to. `None`: that is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<InvokeContext>,
}

/// What a payload belongs to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InvokeContext {
    /// The client's identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal: Option<InvokePrincipal>,
    /// The trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The span in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<String>,
    /// When it was, in ISO 8601.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// The client's session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
}

/// The identity of a client.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InvokePrincipal {
    /// `user`, `service` or `anonymous`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// Result of `interceptor/invoke`: a `ValidationResult` or a `MutationResult`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InvokeResult {
    /// The name of the interceptor.
    pub interceptor: String,
    /// Its kind, which says what the other members mean.
    #[serde(rename = "type")]
    pub kind: InterceptorKind,
    /// The phase.
    pub phase: Phase,
    /// Of a validator: whether the payload is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
    /// Of a validator: the gravest finding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Of a validator: what it found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Finding>,
    /// Of a mutator: whether it has changed the payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<bool>,
    /// Of a mutator: the payload, changed or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Box<RawValue>>,
}

impl Plan {
    /// Answers `interceptors/list`.
    #[must_use]
    pub fn list(&self, params: &ListParams) -> ListResult {
        let hooks = |it: &&Interceptor| {
            let Some(event) = &params.event else { return true };
            let mut events = it.descriptor.hooks.iter().flat_map(|it: &Hook| &it.events);
            events.any(|it| is_meant(it, event))
        };
        let found = self.interceptors().filter(hooks);
        ListResult { interceptors: found.map(|it| it.descriptor.clone()).collect() }
    }

    /// The events that its interceptors hook, for the declaration of the extension.
    #[must_use]
    pub fn supported_events(&self) -> Vec<String> {
        let hooks = self.interceptors().flat_map(|it| &it.descriptor.hooks);
        let events = hooks.flat_map(|it| it.events.iter().cloned());
        events.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }

    /// Answers `interceptor/invoke`: runs one interceptor, whose word is for the asker to weigh.
    ///
    /// # Errors
    ///
    /// "Invalid params" for an unknown name, an event that the interceptor does not hook or a payload
    /// that is none; the errors that SEP-2624 prescribes when it fails or takes too long.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends what was begun.
    pub async fn invoke(&self, params: &InvokeParams) -> Result<InvokeResult, ErrorObject> {
        let InvokeParams { name, event, phase, payload, timeout_ms, context, .. } = params;
        let interceptor = self
            .interceptor(name)
            .ok_or_else(|| invalid(&format!("there is no interceptor `{name}`")))?;
        let hooks = &interceptor.descriptor.hooks;
        let mut hooks = hooks.iter().filter(|it| it.phase == *phase).flat_map(|it| &it.events);
        if !hooks.any(|it| is_meant(it, event)) {
            let phase = phase.as_str();
            return Err(invalid(&format!("`{name}` does not hook {event} in the phase {phase}")));
        }
        let text = bare(event, *phase, payload.get()).map_err(|it| invalid(&it.to_string()))?;
        let origin = context.as_ref().map_or_else(|| client(None), origin);
        let subject = Subject::part(text);
        let seen = Seen { event: event.as_str().into(), phase: *phase, subject, origin };
        let limit = interceptor.policy.timeout.unwrap_or(self.options.step_timeout);
        let asked = timeout_ms.map_or(limit, Duration::from_millis).min(limit);
        let failed = |failure: &Failure| failed(name, *phase, failure);
        // A panic is the interceptor's own, as in a run of the plan.
        let answer = AssertUnwindSafe(answer(interceptor, seen)).catch_unwind();
        match tokio::time::timeout(asked, answer).await {
            Ok(Ok(Ok(result))) => Ok(result),
            Ok(Ok(Err(failure))) => Err(failed(&failure)),
            Ok(Err(_panic)) => Err(failed(&Failure::Panicked)),
            Err(_elapsed) => Err(failed(&Failure::TimedOut(asked))),
        }
    }
}

async fn answer(interceptor: &Interceptor, seen: Seen) -> Result<InvokeResult, Failure> {
    let subject = seen.subject.clone();
    let phase = seen.phase;
    match &interceptor.work {
        Work::Validate(work) => {
            work.validate(&seen.view()).map(|it| judged(interceptor, phase, it))
        }
        Work::ValidateLater(work) => {
            work.validate(seen).await.map(|it| judged(interceptor, phase, it))
        }
        Work::Tap(tap) => {
            let is_taken = tap.try_send(seen).is_ok();
            let refused = || Failure::new("there is no room for another record");
            is_taken.then(|| judged(interceptor, phase, Validation::PASS)).ok_or_else(refused)
        }
        Work::Mutate(work) => {
            let edit = work.mutate(&seen.view())?;
            Ok(mutated(interceptor, phase, &subject, subject.edited(edit)?.as_ref()))
        }
        Work::MutateLater(work) => {
            let edit = work.mutate(seen).await?;
            Ok(mutated(interceptor, phase, &subject, subject.edited(edit)?.as_ref()))
        }
    }
}

fn judged(interceptor: &Interceptor, phase: Phase, judged: Validation) -> InvokeResult {
    let severity = judged.severity();
    let valid = Some(!judged.blocks());
    InvokeResult { valid, severity, messages: judged.findings, ..result(interceptor, phase) }
}

fn mutated(
    interceptor: &Interceptor,
    phase: Phase,
    before: &Subject,
    after: Option<&Subject>,
) -> InvokeResult {
    let modified = Some(after.is_some());
    let payload = raw(after.unwrap_or(before).text());
    InvokeResult { modified, payload, ..result(interceptor, phase) }
}

fn result(interceptor: &Interceptor, phase: Phase) -> InvokeResult {
    InvokeResult {
        interceptor: interceptor.descriptor.name.clone(),
        kind: interceptor.descriptor.kind,
        phase,
        valid: None,
        severity: None,
        messages: Vec::new(),
        modified: None,
        payload: None,
    }
}

fn origin(context: &InvokeContext) -> Origin {
    let principal = context.principal.as_ref().and_then(|it| it.id.as_deref());
    match &context.session_id {
        Some(id) => client(principal).in_session(id.as_str()),
        None => client(principal),
    }
}

fn client(principal: Option<&str>) -> Origin {
    let peer = Peer::ourselves(Era::Modern);
    Origin::of_client(Peer { principal: principal.map(Principal::new), ..peer })
}

fn invalid(message: &str) -> ErrorObject {
    ErrorObject::new(INVALID_PARAMS, message)
}

/// What the asker hears of a failure: never its text, which is for the operator of this server.
fn failed(name: &str, phase: Phase, failure: &Failure) -> ErrorObject {
    tracing::error!(interceptor = name, phase = phase.as_str(), %failure, "interceptor failed");
    match failure {
        Failure::TimedOut(time) => {
            let timeout_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            ErrorObject::new(TIMED_OUT, "Interceptor execution timeout")
                .with_data(json!({ "interceptor": name, "timeoutMs": timeout_ms, "phase": phase }))
        }
        _ => ErrorObject::new(INTERNAL_ERROR, "Interceptor execution failed")
            .with_data(json!({ "interceptor": name, "reason": "it gave no verdict" })),
    }
}

/// The code that SEP-2624 gives a timeout, from the range of the history of SDKs: it is sent in answers
/// to `interceptor/invoke` alone.
const TIMED_OUT: i64 = -32000;
