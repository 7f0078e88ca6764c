//! What a result answers, by its members, where the question is not known any more.
//!
//! A client's answer does not name what it answers, and the process that has asked may be gone. So a
//! result meets the steps of every event that it could be the result of: what it is taken for later, it
//! has passed as that.

use eyot_jsonrpc::Members;

use crate::event::QUESTIONS;

/// Members that tell what a client has answered.
const ANSWERS: &[(&str, &str)] = &[
    ("action", "elicitation/create"),
    ("role", "sampling/createMessage"),
    ("model", "sampling/createMessage"),
    ("roots", "roots/list"),
];

/// Members that tell what a server has answered.
const RESULTS: &[(&str, &str)] = &[
    ("content", "tools/call"),
    ("structuredContent", "tools/call"),
    ("contents", "resources/read"),
    ("messages", "prompts/get"),
    ("completion", "completion/complete"),
    ("tools", "tools/list"),
    ("prompts", "prompts/list"),
    ("resources", "resources/list"),
    ("resourceTemplates", "resources/templates/list"),
];

/// The questions of a server that a client's result can be the answer to; all of them when nothing tells
/// which.
pub(crate) fn questions_answered_by(result: &str) -> Vec<&'static str> {
    let found = matches(result, ANSWERS);
    if found.is_empty() { QUESTIONS.to_vec() } else { found }
}

/// The requests of a client that a server's result can be the answer to.
pub(crate) fn requests_answered_by(result: &str) -> Vec<&'static str> {
    matches(result, RESULTS)
}

fn matches(result: &str, table: &[(&str, &'static str)]) -> Vec<&'static str> {
    let Some(members) = Members::of(result) else { return Vec::new() };
    let mut found = Vec::new();
    for (name, _) in members {
        for (_, event) in table.iter().filter(|(member, _)| *member == name) {
            if !found.contains(event) {
                found.push(*event);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests;
