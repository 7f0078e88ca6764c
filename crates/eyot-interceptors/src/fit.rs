//! Whether a changed payload is still one of its operation.

use crate::descriptor::Phase;
use crate::failure::Failure;
use crate::subject::Subject;

/// What payloads of an event need: the members, and the first byte of their JSON.
type Needs = &'static [(&'static str, u8)];

/// The members that the schemas of all revisions require.
const NEEDS: &[(&str, Needs, Needs)] = &[
    ("completion/complete", &[("ref", b'{'), ("argument", b'{')], &[("completion", b'{')]),
    ("elicitation/create", &[("message", b'"')], &[("action", b'"')]),
    ("prompts/get", &[("name", b'"')], &[("messages", b'[')]),
    ("prompts/list", &[], &[("prompts", b'[')]),
    ("resources/list", &[], &[("resources", b'[')]),
    ("resources/read", &[("uri", b'"')], &[("contents", b'[')]),
    ("resources/subscribe", &[("uri", b'"')], &[]),
    ("resources/templates/list", &[], &[("resourceTemplates", b'[')]),
    ("roots/list", &[], &[("roots", b'[')]),
    ("sampling/createMessage", &[("messages", b'[')], &[("role", b'"'), ("model", b'"')]),
    ("tools/call", &[("name", b'"')], &[]),
    ("tools/list", &[], &[("tools", b'[')]),
];

/// Checks a payload that a mutator has made.
///
/// # Errors
///
/// It is no object, or lacks what its operation needs.
pub(crate) fn check(event: &str, phase: Phase, subject: &Subject) -> Result<(), Failure> {
    let unfit = |missing| Failure::Unfit { event: event.into(), missing };
    let Some(members) = subject.members() else { return Err(unfit("an object")) };
    let needs = NEEDS.iter().find(|(name, ..)| *name == event).map_or(&[][..], |it| match phase {
        Phase::Request => it.1,
        Phase::Response => it.2,
    });
    if needs.is_empty() {
        return Ok(());
    }
    let members: Vec<_> = members.collect();
    for (name, first) in needs {
        let mut found = members.iter().filter(|(key, _)| key == name);
        if !found.any(|(_, value)| value.as_bytes().first() == Some(first)) {
            return Err(unfit(name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
