//! Names in a file of rules that stand for something outside of it.

use std::sync::Arc;
use std::time::Duration;

use eyot_document::{Position, shown_name};

use crate::action::{Step, Terminal};
use crate::problem::Problem;
use crate::rule_set::RuleSet;
use crate::suggestion::did_you_mean;

/// A name of something outside of the file of rules, and where it stands: whether there is such a thing is
/// known to the user of the rules.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OuterName {
    /// The name, as the file has it.
    pub name: Box<str>,
    /// What it is the name of.
    pub of: OuterThing,
    file: Arc<str>,
    at: Position,
}

/// What rules name outside of their file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OuterThing {
    /// An interceptor, which `call` asks, and how long its answer may take if the rule says that.
    Interceptor(Option<Duration>),
    /// A server, which `route` sends messages to.
    Server,
}

impl RuleSet {
    /// The names of things outside of the file, in its order. Rules on trial name them as well.
    pub fn outer_names(&self) -> impl Iterator<Item = OuterName> {
        let named = |name: &str, of, at| OuterName {
            name: name.into(),
            of,
            file: Arc::clone(&self.file),
            at,
        };
        self.rules.iter().flat_map(move |rule| {
            let called = rule.steps.iter().filter_map(move |it| match it {
                Step::Call { interceptor, timeout, at } => {
                    Some(named(interceptor, OuterThing::Interceptor(*timeout), *at))
                }
                _ => None,
            });
            let routed = rule.terminal.iter().filter_map(move |it| match it {
                Terminal::Route { to, at } => Some(named(to, OuterThing::Server, *at)),
                _ => None,
            });
            called.chain(routed)
        })
    }
}

impl OuterName {
    /// Something that is wrong with it, at its place.
    #[must_use]
    pub fn problem(&self, message: impl Into<String>) -> Problem {
        Problem { file: Arc::clone(&self.file), at: self.at, message: message.into() }
    }

    /// That there is no such thing, and the name that was meant if one of the known ones is near; else those
    /// that there are.
    #[must_use]
    pub fn unknown(&self, what: &str, known: &[&str]) -> Problem {
        let name = shown_name(&self.name);
        let hint = match did_you_mean(&self.name, known.iter().copied()) {
            hint if !hint.is_empty() => hint,
            _ if known.is_empty() => ": there is none".to_owned(),
            _ => {
                let names = known.iter().take(SHOWN_MAX).map(|it| format!("`{}`", shown_name(it)));
                let rest = if known.len() > SHOWN_MAX { ", …" } else { "" };
                format!(": there are {}{rest}", names.collect::<Vec<_>>().join(", "))
            }
        };
        self.problem(format!("there is no {what} `{name}`{hint}"))
    }
}

/// Names that a message shows.
const SHOWN_MAX: usize = 8;
