//! The rules of a file, compiled.

use std::sync::Arc;

use eyot_document::Position;
use eyot_types::Method;

use crate::action::{Step, Terminal};
use crate::index::Index;
use crate::problem::{Problem, Problems};
use crate::rule::{Mode, Rule};
use crate::subject::{Phase, Subject};
use crate::test_case::Test;

/// The rules of a file, compiled. Made by [`RuleSet::compile`](crate::RuleSet::compile).
#[derive(Debug)]
pub struct RuleSet {
    pub(crate) file: Arc<str>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) index: Index,
    pub(crate) default: Default,
    /// That of the file, for what it says by default.
    pub(crate) mode: Mode,
    pub(crate) tests: Vec<Test>,
}

/// What becomes of a message that no rule decides about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Default {
    Allow,
    Deny,
}

impl RuleSet {
    /// The file, as it was named.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The names of the rules, in the order of the file.
    pub fn rule_names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|it| &*it.name)
    }

    /// Whether an evaluation can ask for what takes time: a delay, a person, a remote interceptor.
    #[must_use]
    pub fn takes_time(&self) -> bool {
        self.rules.iter().any(|it| {
            let waits = |step: &Step| matches!(step, Step::Delay(_) | Step::Call { .. });
            it.steps.iter().any(waits) || matches!(it.terminal, Some(Terminal::Ask { .. }))
        })
    }

    /// Refuses rules that ask a person or send messages to another server, for a place where that cannot
    /// be done. Rules on trial do neither.
    ///
    /// # Errors
    ///
    /// `why` at each `ask` and `route`, behind the word for it.
    pub fn check_stays_here(&self, why: &str) -> Result<(), Problems> {
        let problem = |(action, at): (&str, Position)| Problem {
            file: Arc::clone(&self.file),
            at,
            message: format!("`{action}` {why}"),
        };
        let problems: Vec<_> = self.leaving().map(problem).collect();
        if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
    }

    /// Whether an evaluation can ask for the consent of a person.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.leaving().any(|(action, _)| action == "ask")
    }

    /// The actions that need a client or other servers, and where they stand in the file.
    fn leaving(&self) -> impl Iterator<Item = (&'static str, Position)> {
        let enforced = self.rules.iter().filter(|it| it.mode == Mode::Enforce);
        enforced.filter_map(|it| match it.terminal.as_ref()? {
            action @ (Terminal::Ask { at, .. } | Terminal::Route { at, .. }) => {
                Some((action.as_str(), *at))
            }
            _ => None,
        })
    }

    /// A rule by its number, which the index has from these rules.
    pub(crate) fn rule(&self, number: u32) -> Option<&Rule> {
        self.rules.get(usize::try_from(number).ok()?)
    }

    /// Whether a message that no rule decides about is denied, if the default is in force.
    pub(crate) fn denies_by_default(&self, subject: &Subject<'_>) -> bool {
        self.default == Default::Deny
            && subject.phase == Phase::Request
            && !subject.method.starts_with("notifications/")
            && !is_list(subject.method)
    }
}

/// Whether it is a method of the protocol itself, without which no peer could say anything: rules
/// are not about it.
pub(crate) fn is_of_the_protocol(method: &str) -> bool {
    matches!(
        Method::parse(method),
        Method::Initialize
            | Method::Initialized
            | Method::Ping
            | Method::Cancelled
            | Method::Progress
            | Method::ServerDiscover
    )
}

/// Whether the answer is what the client may see, or changes of that: what it may not see is left
/// out by itself.
fn is_list(method: &str) -> bool {
    matches!(
        Method::parse(method),
        Method::ToolsList
            | Method::PromptsList
            | Method::ResourcesList
            | Method::ResourcesTemplatesList
            | Method::CompletionComplete
            | Method::SubscriptionsListen
            | Method::SubscriptionsAcknowledged
    )
}
