//! What was found where a rule was looked at.

use std::fmt;

use crate::condition::Condition;
use crate::rule::{Mode, Rule};
use crate::truth::{Truth, Undecidable};
use crate::view::View;

/// A rule that was looked at.
#[derive(Debug)]
#[non_exhaustive]
pub struct Look<'s> {
    /// The name of the rule.
    pub rule: &'s str,
    /// Its line in the file.
    pub line: usize,
    /// Whether it only tells what it would do.
    pub is_audit: bool,
    /// Its conditions up to the first one that does not hold.
    pub conditions: Vec<Finding>,
    /// Whether it was about the message.
    pub holds: bool,
}

/// A condition, and what was found.
#[non_exhaustive]
pub struct Finding {
    /// The condition, in words.
    pub condition: String,
    /// Whether it holds; an error says why that cannot be said.
    pub holds: Result<bool, String>,
    /// What there is in the message. Empty: nothing to show.
    pub found: String,
}

impl<'s> Look<'s> {
    /// Looks at each condition of a rule.
    pub(crate) fn at(rule: &'s Rule, view: &View<'_>) -> Self {
        let mut conditions = Vec::new();
        let mut holds = findings(&rule.conditions, view, "", &mut conditions);
        if holds && !rule.unless.is_empty() {
            holds = !findings(&rule.unless, view, "unless ", &mut conditions);
        }
        Self {
            rule: &rule.name,
            line: rule.line,
            is_audit: rule.mode == Mode::Audit,
            holds: holds && conditions.iter().all(|it| it.holds.is_ok()),
            conditions,
        }
    }
}

/// Adds what is found, up to the first condition that does not hold; tells whether all hold.
fn findings(
    conditions: &[Condition],
    view: &View<'_>,
    prefix: &str,
    findings: &mut Vec<Finding>,
) -> bool {
    conditions.iter().all(|condition| {
        let holds = match condition.holds(view) {
            Ok(truth) => Ok(truth == Truth::Yes),
            Err(Undecidable(reason)) => Err(reason),
        };
        let is_met = holds == Ok(true);
        let found = condition.found(view);
        findings.push(Finding { condition: format!("{prefix}{condition}"), holds, found });
        is_met
    })
}

/// The debug output has no values; what is displayed has.
impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Finding").field(&self.condition).field(&self.holds).finish()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match &self.holds {
            Ok(true) => "yes",
            Ok(false) => "no",
            Err(_) => "error",
        };
        write!(f, "{word}: {}", self.condition)?;
        if let Err(reason) = &self.holds {
            write!(f, ": {reason}")?;
        } else if !self.found.is_empty() {
            write!(f, " (found {})", self.found)?;
        }
        Ok(())
    }
}
