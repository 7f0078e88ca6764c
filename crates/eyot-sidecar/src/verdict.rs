//! What the answer of an interceptor means. Nothing of it is believed that was not asked.

use std::borrow::Cow;

use eyot_interceptors::{
    Edit, Failure, Finding, InterceptorKind, InvokeParams, InvokeResult, Severity, Validation,
};
use eyot_jsonrpc::ErrorObject;
use eyot_types::codes::DENIED;

/// Whether an answer is one to the question: of the interceptor and the phase that were asked, and of
/// its kind.
pub(crate) fn check(
    result: &InvokeResult,
    asked: &InvokeParams,
    kind: InterceptorKind,
) -> Result<(), Failure> {
    let wrong = |member| Failure::new(format!("its answer has another `{member}` than was asked"));
    if result.interceptor != asked.name {
        return Err(wrong("interceptor"));
    }
    if result.phase != asked.phase {
        return Err(wrong("phase"));
    }
    if result.kind != kind {
        return Err(wrong("type"));
    }
    Ok(())
}

/// The judgement of a validator.
///
/// It blocks if the gravest of what it says is an error, at whatever place it says it; that a payload is
/// not valid, and nothing else, is an error.
pub(crate) fn validation(result: InvokeResult) -> Result<Validation, Failure> {
    let valid = result.valid.ok_or_else(|| Failure::new("its answer has no `valid`"))?;
    let in_messages = result.messages.iter().map(|it| it.severity).max();
    let gravest = result.severity.max(in_messages);
    let gravest = match gravest {
        Some(gravest) => gravest,
        None if valid => return Ok(Validation::PASS),
        None => Severity::Error,
    };
    let mut findings = result.messages;
    // What does not fit into the answer to a client is the least grave.
    findings.sort_by_key(|it| std::cmp::Reverse(it.severity));
    findings.truncate(FINDINGS_MAX);
    let mut validation = findings.into_iter().fold(Validation::PASS, |all, it| all.with(short(it)));
    if validation.severity() != Some(gravest) {
        validation = validation.with(Finding::new(gravest, NO_MORE));
    }
    Ok(validation)
}

/// What becomes of a payload by a judgement. One that blocks is told in the words of its first error.
pub(crate) fn as_edit(judged: &Validation) -> Edit {
    let error = judged.findings.iter().find(|it| it.severity == Severity::Error);
    error.map_or(Edit::Keep, |it| {
        let message = if it.message == NO_MORE { "" } else { &it.message };
        Edit::Refuse(Box::new(ErrorObject::new(DENIED, message)))
    })
}

/// Tells the operator of a warning; not in its words, which can hold parts of the payload.
pub(crate) fn tell_warning(judged: &Validation, (interceptor, server): (&str, &str)) {
    if judged.severity() == Some(Severity::Warn) {
        tracing::info!(
            interceptor,
            server,
            "interceptor that a rule has called warned of a payload"
        );
    }
}

/// What a mutator makes of the payload. One that says that it has changed nothing has changed nothing.
pub(crate) fn edit(result: InvokeResult) -> Result<Edit, Failure> {
    match (result.modified, result.payload) {
        (Some(false), _) => Ok(Edit::Keep),
        (Some(true), Some(payload)) => Ok(Edit::Replace(payload.get().to_owned())),
        (Some(true), None) => Err(Failure::new("its answer has no `payload`")),
        (None, _) => Err(Failure::new("its answer has no `modified`")),
    }
}

fn short(mut finding: Finding) -> Finding {
    finding.message = Cow::Owned(cut(&finding.message).to_owned());
    finding.path = finding.path.map(|it| cut(&it).to_owned());
    finding
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(TEXT_BYTES_MAX)).unwrap_or(text)
}

/// The finding of a judgement that has none.
const NO_MORE: &str = "the interceptor says no more of it";
/// Findings of one judgement that go on to the sender of a payload.
const FINDINGS_MAX: usize = 32;
/// Bytes of each text in them.
const TEXT_BYTES_MAX: usize = 1_024;

#[cfg(test)]
mod tests;
