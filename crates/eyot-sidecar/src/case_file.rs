//! Reads cases for a plan from a text of YAML or JSON.

use eyot_document::{Format, Member, Node, Position, Value, parse};
use eyot_interceptors::{Decision, Phase};
use eyot_jsonrpc::Json;

use crate::case::{Case, Expected};

/// What is wrong with a file of cases, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {message}")]
pub struct CaseProblem {
    /// The line and the column.
    pub at: Position,
    /// What it is, and what to do.
    pub message: String,
}

impl Case {
    /// The cases of a file: a list, of which each has an event, a phase, a payload and what is expected
    /// of it.
    ///
    /// # Errors
    ///
    /// The first place that is not as it must be.
    pub fn read_all(text: &str) -> Result<Vec<Self>, CaseProblem> {
        let format = match text.trim_start().starts_with(['[', '{']) {
            true => Format::Json,
            false => Format::Yaml,
        };
        let wrong = |it: eyot_document::Fault| CaseProblem { at: it.at, message: it.message };
        let (tree, faults) = parse(text, format).map_err(wrong)?;
        if let Some(fault) = faults.into_iter().next() {
            return Err(wrong(fault));
        }
        match &tree.value {
            Value::List(cases) => cases.iter().map(case).collect(),
            _ => Err(problem(&tree, "expected a list of cases")),
        }
    }
}

fn case(node: &Node) -> Result<Case, CaseProblem> {
    check_members(node, &["name", "event", "phase", "session", "payload", "expect"])?;
    let event = text(node, "event")?.ok_or_else(|| lacks(node, "event"))?;
    let phase = match text(node, "phase")?.as_deref() {
        Some("request") => Phase::Request,
        Some("response") => Phase::Response,
        _ => return Err(lacks(node, "phase: request, or phase: response")),
    };
    let payload = node.member("payload").ok_or_else(|| lacks(node, "payload"))?;
    let expected = node.member("expect").ok_or_else(|| lacks(node, "expect"))?;
    Ok(Case {
        name: text(node, "name")?.unwrap_or_else(|| format!("{event} at line {}", node.at.line)),
        event,
        phase,
        session: text(node, "session")?,
        payload: json(payload)?,
        expected: expect(expected)?,
    })
}

fn expect(node: &Node) -> Result<Expected, CaseProblem> {
    check_members(node, &["decision", "payload", "with", "without"])?;
    let decision = match text(node, "decision")?.as_deref() {
        Some("allow") => Decision::Allow,
        Some("deny") => Decision::Deny,
        _ => return Err(lacks(node, "decision: allow, or decision: deny")),
    };
    let payload = node.member("payload").map(json).transpose()?;
    Ok(Expected { decision, payload, with: texts(node, "with")?, without: texts(node, "without")? })
}

/// Refuses members of other names: a mistake in a name would pass for a case.
fn check_members(node: &Node, known: &[&str]) -> Result<(), CaseProblem> {
    let Value::Map(members) = &node.value else { return Err(problem(node, "expected a map")) };
    match members.iter().find(|it| !known.contains(&it.key.as_str())) {
        Some(other) => {
            let message = format!("unknown member; there are {}", known.join(", "));
            Err(CaseProblem { at: other.at, message })
        }
        None => Ok(()),
    }
}

fn text(node: &Node, name: &str) -> Result<Option<String>, CaseProblem> {
    let Some(member) = node.member(name) else { return Ok(None) };
    match member.text() {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(problem(member, &format!("`{name}` must be a text"))),
    }
}

fn texts(node: &Node, name: &str) -> Result<Vec<String>, CaseProblem> {
    let Some(member) = node.member(name) else { return Ok(Vec::new()) };
    let texts: Option<Vec<_>> = match &member.value {
        Value::List(items) => items.iter().map(|it| it.text().map(str::to_owned)).collect(),
        _ => None,
    };
    texts.ok_or_else(|| problem(member, &format!("`{name}` must be a list of texts")))
}

fn lacks(node: &Node, what: &str) -> CaseProblem {
    problem(node, &format!("`{what}` is missing"))
}

fn problem(node: &Node, message: &str) -> CaseProblem {
    CaseProblem { at: node.at, message: message.to_owned() }
}

/// A part of the file as JSON. Numbers stay to the letter.
fn json(node: &Node) -> Result<String, CaseProblem> {
    Ok(match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(is_true) => is_true.to_string(),
        Value::Number(number) => match Json::parse(number) {
            Some(_) => number.clone(),
            None => return Err(problem(node, "JSON has no such number")),
        },
        Value::Text(text) => quoted(text),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(json).collect::<Result<_, _>>()?;
            format!("[{}]", items.join(","))
        }
        Value::Map(members) => {
            let member =
                |it: &Member| json(&it.node).map(|value| format!("{}:{value}", quoted(&it.key)));
            let members: Vec<String> = members.iter().map(member).collect::<Result<_, _>>()?;
            format!("{{{}}}", members.join(","))
        }
    })
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests;
