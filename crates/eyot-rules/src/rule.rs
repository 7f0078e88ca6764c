//! One rule.

use crate::action::{LogAction, Step, Terminal};
use crate::condition::Condition;
use crate::glob::Globs;
use crate::subject::Phase;
use crate::truth::{Truth, Undecidable};
use crate::view::View;

/// One rule, compiled.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: Box<str>,
    pub(crate) line: usize,
    pub(crate) phase: Phase,
    /// What the index finds it by; its conditions say so again.
    pub(crate) concern: Concern,
    /// All of them hold.
    pub(crate) conditions: Vec<Condition>,
    /// Not all of them hold. Empty: nothing is said.
    pub(crate) unless: Vec<Condition>,
    pub(crate) mode: Mode,
    pub(crate) on_error: OnError,
    pub(crate) terminal: Option<Terminal>,
    /// In the order of the file.
    pub(crate) steps: Vec<Step>,
    pub(crate) tags: Vec<Box<str>>,
    pub(crate) log: Option<LogAction>,
}

/// Which messages a rule could be about.
#[derive(Debug, Default)]
pub(crate) struct Concern {
    /// `None`: of any method.
    pub(crate) methods: Option<Globs>,
    /// `None`: whatever they name.
    pub(crate) items: Option<Globs>,
}

/// Whether rules decide, or only tell what they would decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    #[default]
    Enforce,
    Audit,
}

/// What becomes of a message that a rule cannot be applied to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OnError {
    /// It is denied.
    #[default]
    Deny,
    /// The rule is passed over.
    Skip,
}

impl Rule {
    /// Whether it is about the message.
    pub(crate) fn holds(&self, view: &View<'_>) -> Result<Truth, Undecidable> {
        let held = all(&self.conditions, view)?;
        if held == Truth::No || self.unless.is_empty() {
            return Ok(held);
        }
        Ok(match (held, all(&self.unless, view)?) {
            (_, Truth::Yes) => Truth::No,
            (Truth::Yes, Truth::No) => Truth::Yes,
            _ => Truth::Unknown,
        })
    }
}

/// Whether all of them hold. Those that come behind one that does not hold are not looked at.
fn all(conditions: &[Condition], view: &View<'_>) -> Result<Truth, Undecidable> {
    let mut all = Truth::Yes;
    for condition in conditions {
        match condition.holds(view)? {
            Truth::Yes => {}
            Truth::No => return Ok(Truth::No),
            Truth::Unknown => all = Truth::Unknown,
        }
    }
    Ok(all)
}
