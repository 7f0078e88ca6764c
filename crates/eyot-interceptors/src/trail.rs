//! What each step of a run has said, for those who ask.

use eyot_jsonrpc::ErrorObject;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::descriptor::{InterceptorKind, Mode, Phase};
use crate::failure::Failure;
use crate::plan::Step;
use crate::subject::Subject;
use crate::validation::{Finding, Severity, Validation};

/// What each step of a run has said. Off by default: then nothing is kept.
#[derive(Debug, Default)]
pub(crate) struct Trail(Option<Vec<StepResult>>);

impl Trail {
    /// A trail that is kept.
    pub(crate) fn kept() -> Self {
        Self(Some(Vec::new()))
    }

    /// Whether anything is noted.
    pub(crate) const fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn into_results(self) -> Vec<StepResult> {
        self.0.unwrap_or_default()
    }

    #[inline]
    pub(crate) fn judged(
        &mut self,
        step: &Step,
        phase: Phase,
        judged: &Result<Validation, Failure>,
    ) {
        let Some(results) = &mut self.0 else { return };
        let mut result = StepResult::of(step, phase);
        match judged {
            Ok(validation) => {
                result.valid = Some(!validation.blocks());
                result.severity = validation.severity();
                result.messages.clone_from(&validation.findings);
            }
            Err(failure) => result.failure = Some(failure.to_string()),
        }
        results.push(result);
    }

    #[inline]
    pub(crate) fn mutated(
        &mut self,
        step: &Step,
        phase: Phase,
        edited: &Result<Option<Subject>, Failure>,
    ) {
        let Some(results) = &mut self.0 else { return };
        let mut result = StepResult::of(step, phase);
        match edited {
            Ok(edited) => {
                result.modified = Some(edited.is_some());
                result.payload = edited.as_ref().and_then(|it| raw(it.text()));
            }
            Err(failure) => result.failure = Some(failure.to_string()),
        }
        results.push(result);
    }

    pub(crate) fn refused(&mut self, step: &Step, phase: Phase, error: &ErrorObject) {
        let Some(results) = &mut self.0 else { return };
        let mut result = StepResult::of(step, phase);
        result.valid = Some(false);
        result.severity = Some(Severity::Error);
        result.messages = vec![Finding::new(Severity::Error, error.message.clone())];
        results.push(result);
    }
}

pub(crate) fn raw(text: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(text.to_owned()).ok()
}

/// What one step has said of a payload: a `ValidationResult` or a `MutationResult` of SEP-2624, and how
/// the step was run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct StepResult {
    /// The name of the interceptor.
    pub interceptor: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: InterceptorKind,
    /// The phase.
    pub phase: Phase,
    /// Whether its word counts.
    pub mode: Mode,
    /// Of a validator: whether the payload may pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid: Option<bool>,
    /// Of a validator: the gravest of its findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Of a validator: what it found.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Finding>,
    /// Of a mutator: whether it changes the payload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<bool>,
    /// Of a mutator that changes the payload: what it makes of it, also if it is not applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Box<RawValue>>,
    /// Why there is no verdict, for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl StepResult {
    fn of(step: &Step, phase: Phase) -> Self {
        Self {
            interceptor: step.name.to_string(),
            kind: step.interceptor.descriptor.kind,
            phase,
            mode: step.interceptor.descriptor.mode,
            valid: None,
            severity: None,
            messages: Vec::new(),
            modified: None,
            payload: None,
            failure: None,
        }
    }
}
