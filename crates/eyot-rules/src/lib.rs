//! Rules of a YAML file, compiled to decisions about messages, with the reason of each.
//!
//! **Invariant:** this crate does no I/O, reads no clock and spawns nothing: an evaluation says what it needs of its
//! driver. No text leaves it that the strict scan has not accepted, and what rules do not name keeps its bytes.
//!
//! - [`RuleSet`]: [compiled](RuleSet::compile) from a text, or all [`Problems`] of it.
//! - [`Subject`]: what rules can look at; [`Evaluation`]: the machine that does it, with [`Demand`]s.
//! - [`RuleSet::hides`] and [`RuleSet::visible`]: what clients see in lists, by these rules.
//! - [`RuleSet::concerns`] and [`RuleSet::needs`]: what they could be about, before any message comes.
//! - [`RuleSet::explain`] and [`RuleSet::run_tests`]: why, and whether it is as it should be.
#![doc = include_str!("../GRAMMAR.md")]

mod action;
mod cel;
mod check;
mod concern;
mod condition;
mod demand;
mod edit;
mod evaluation;
mod explanation;
mod glob;
mod hiding;
mod index;
mod json;
mod load;
mod look;
mod outer_name;
mod path;
mod pattern;
mod price;
mod principals;
mod problem;
mod rule;
mod rule_set;
mod subject;
mod suggestion;
mod test_case;
mod testing;
mod truth;
mod verdict;
mod view;

pub use crate::action::LogLevel;
pub use crate::concern::Need;
pub use crate::demand::{Answer, Demand, DemandKind};
pub use crate::evaluation::{Evaluation, Progress};
pub use crate::explanation::Explanation;
pub use crate::look::{Finding, Look};
pub use crate::outer_name::{OuterName, OuterThing};
pub use crate::price::Cost;
pub use crate::principals::Principals;
pub use crate::problem::{Problem, Problems};
pub use crate::rule_set::RuleSet;
pub use crate::subject::{Direction, Phase, Subject, Transport};
pub use crate::testing::TestOutcome;
pub use crate::verdict::{Audit, Decision, Denial, Failure, LogLine, Verdict};

#[cfg(test)]
mod tests;
