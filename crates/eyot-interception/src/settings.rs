//! The form of the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use eyot_config::{Document, Value};
use eyot_interceptors::{Boundary, DenyAs, Mode, Overrides, PlanOptions, Priority};
use serde::{Deserialize, Deserializer};

use crate::rule_source::{RuleSource, rules};

/// What a file says of interceptors: for all servers, or for one.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Settings {
    /// The boundary where guards and rules stand.
    pub boundary: At,
    /// A denied call of a tool is answered with a result that is an error, which models see. The default
    /// is an error of JSON-RPC, as SEP-2624 says.
    pub deny_as_result: Option<bool>,
    /// How long a step may take that says nothing of it. The default is 5 seconds.
    #[serde(deserialize_with = "time")]
    pub step_timeout: Option<Duration>,
    /// How long all steps of a message may take. The default is 10 seconds.
    #[serde(deserialize_with = "time")]
    pub run_timeout: Option<Duration>,
    /// The guards that come with the program.
    pub guard: GuardSettings,
    /// Files of rules, and rules in place. Their rules are applied in this order.
    #[serde(deserialize_with = "rules")]
    pub rules: Vec<RuleSource>,
    /// Servers of interceptors, by the names that stand before those of their interceptors.
    pub servers: BTreeMap<String, ServerSettings>,
}

/// A boundary of the proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a proxy has two sides")]
pub enum At {
    /// That to clients: their sessions are known there, and many servers are one.
    Downstream,
    /// That to servers, each of which is known by its name.
    #[default]
    Upstream,
}

impl From<At> for Boundary {
    fn from(at: At) -> Self {
        match at {
            At::Downstream => Self::Downstream,
            At::Upstream => Self::Upstream,
        }
    }
}

/// The guards that come with the program. All are off by default but one: hidden characters in
/// definitions are reported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct GuardSettings {
    /// Takes secrets of known forms out of messages. `None`: it does not.
    pub secrets: Option<SecretSettings>,
    /// What one server has told is not sent to another.
    pub taint: bool,
    /// A file of approved definitions of tools (`eyot pin` writes it), or `first-sight`: what a tool is
    /// when this process sees it first. `None`: tools may change.
    pub pins: Option<String>,
    /// Holds arguments against the schema of their tool.
    pub arguments: bool,
    /// What is done about hidden characters in definitions. `None`: they are reported; for one server:
    /// what is done for all.
    pub hidden: Option<Hidden>,
    /// Records words that speak to the model rather than to its user.
    pub injection: bool,
    /// Bytes that a result may have. `None`: as many as a message.
    pub response_bytes_max: Option<usize>,
    /// Gives each request a span of its own in the trace of its client. `None`: what clients say of traces
    /// is passed on as it is.
    pub trace: Option<TraceSettings>,
}

/// How requests without a trace begin one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TraceSettings {
    /// Those who collect spans should keep it.
    pub sampled: bool,
}

impl Default for TraceSettings {
    fn default() -> Self {
        Self { sampled: true }
    }
}

/// Which messages are looked through for secrets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SecretSettings {
    /// Those that go to servers.
    pub calls: bool,
    /// Those that come from them.
    pub results: bool,
    /// Forms of secrets besides the known ones: a regular expression for each name.
    pub forms: BTreeMap<String, String>,
}

impl Default for SecretSettings {
    fn default() -> Self {
        Self { calls: true, results: true, forms: BTreeMap::new() }
    }
}

/// What is done about hidden characters in definitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Hidden {
    /// They are recorded.
    #[default]
    Report,
    /// Tools that have them are held.
    Hold,
    /// Nothing.
    Off,
}

/// A server of interceptors, and how they are run.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ServerSettings {
    /// Where it is. Either this or `command`.
    pub url: Option<String>,
    /// The program that it is, and its arguments.
    pub command: Vec<String>,
    /// The boundary where its interceptors stand. `None`: that of guards and rules.
    pub boundary: Option<At>,
    /// Only these of its interceptors. `None`: all.
    pub only: Option<Vec<String>>,
    /// Its interceptors are asked only when a rule calls them. By default they are steps, which see all that
    /// they hook, and rules can call them as well.
    pub on_call: bool,
    /// Begins without it if it is not there.
    pub optional: bool,
    /// How long an answer may take. The default is 5 seconds.
    #[serde(deserialize_with = "time")]
    pub timeout: Option<Duration>,
    /// Decisions about single interceptors, by their names.
    pub interceptors: BTreeMap<String, StepSettings>,
}

/// A decision about one interceptor. What is not said is as the interceptor would like it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct StepSettings {
    /// Whether its word counts: `active` or `audit`.
    pub mode: Option<Mode>,
    /// Whether messages pass when it fails.
    pub fail_open: Option<bool>,
    /// Its place among the mutators: a number, or one for each phase.
    pub priority: Option<Priority>,
    /// How long it may take.
    #[serde(deserialize_with = "time")]
    pub timeout: Option<Duration>,
}

impl Settings {
    /// The files that they name.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let pins = self.guard.pins.iter().filter(|it| *it != FIRST_SIGHT).map(PathBuf::from);
        self.rules.iter().filter_map(RuleSource::file).map(Path::to_owned).chain(pins).collect()
    }

    /// These settings of one server, which has of those for all what it does not say of how plans are run.
    pub(crate) fn within(mut self, all: &Self) -> Self {
        self.deny_as_result = self.deny_as_result.or(all.deny_as_result);
        self.step_timeout = self.step_timeout.or(all.step_timeout);
        self.run_timeout = self.run_timeout.or(all.run_timeout);
        self
    }

    /// Gives rules in place the places that they have in their file.
    pub(crate) fn locate_rules(&mut self, document: &Document) {
        let Some(node) = document.root().member("rules") else { return };
        let nodes = match node.value {
            Value::List(_) => node.elements(),
            _ => std::slice::from_ref(node),
        };
        for (source, node) in self.rules.iter_mut().zip(nodes) {
            source.locate(document.source(), node);
        }
    }

    /// How the plans are run.
    #[must_use]
    pub fn options(&self) -> PlanOptions {
        let default = PlanOptions::default();
        PlanOptions {
            step_timeout: self.step_timeout.unwrap_or(default.step_timeout),
            run_timeout: self.run_timeout.unwrap_or(default.run_timeout),
            deny_as: match self.deny_as_result {
                Some(true) => DenyAs::ToolError,
                _ => DenyAs::Error,
            },
        }
    }
}

impl From<&StepSettings> for Overrides {
    fn from(it: &StepSettings) -> Self {
        let StepSettings { mode, fail_open, priority, timeout } = *it;
        Self { mode, fail_open, priority, timeout, hooks: None }
    }
}

/// A time like `5s`.
fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    let unreadable = || serde::de::Error::custom("a time is a number and ms, s, m, h or d");
    eyot_stdx::parse_duration(&text).map(Some).ok_or_else(unreadable)
}

/// Trust in what a tool is when it is first seen.
pub(crate) const FIRST_SIGHT: &str = "first-sight";

#[cfg(test)]
mod tests;
