//! Metrics of interceptors and rules. Their names come from the operator's configuration.

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{
    Counter, Histogram, SharedString, Unit, counter, describe_counter, describe_histogram,
    histogram,
};

use crate::tools;

/// What one interceptor has done. The handles are found once: to count costs an addition.
///
/// Make it after the recorder is installed.
#[derive(Clone, Debug)]
pub struct InterceptorMeter {
    name: SharedString,
    passed: Counter,
    changed: Counter,
    blocked: Counter,
    failed: Counter,
    dropped: Counter,
    seconds: Histogram,
}

impl InterceptorMeter {
    /// The meter of the interceptor of this name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let name: SharedString = name.to_owned().into();
        let count = |outcome: &'static str| counter!(INVOCATIONS, "interceptor" => name.clone(), "outcome" => outcome);
        Self {
            passed: count("passed"),
            changed: count("changed"),
            blocked: count("blocked"),
            failed: count("failed"),
            dropped: count("dropped"),
            seconds: histogram!(SECONDS, "interceptor" => name.clone()),
            name,
        }
    }

    /// A payload passed as it was.
    pub fn passed(&self) {
        self.passed.increment(1);
    }

    /// A payload was changed, or would have been; `tool` is the name of the tool that is called.
    pub fn changed(&self, tool: Option<&str>) {
        self.changed.increment(1);
        self.decided("changed", tool);
    }

    /// A payload was blocked, or would have been; `tool` as for [`changed`](Self::changed).
    pub fn blocked(&self, tool: Option<&str>) {
        self.blocked.increment(1);
        self.decided("blocked", tool);
    }

    /// There was no verdict; `tool` as for [`changed`](Self::changed).
    pub fn failed(&self, tool: Option<&str>) {
        self.failed.increment(1);
        self.decided("failed", tool);
    }

    /// A payload could not be recorded.
    pub fn dropped(&self) {
        self.dropped.increment(1);
    }

    /// An interceptor took this long.
    pub fn took(&self, time: Duration) {
        self.seconds.record(time);
    }

    fn decided(&self, decision: &'static str, tool: Option<&str>) {
        let Some(tool) = tool else { return };
        let (interceptor, tool) = (self.name.clone(), tools::label(tool));
        counter!(TOOLS, "interceptor" => interceptor, "decision" => decision, "tool" => tool)
            .increment(1);
    }
}

/// What one rule has done. Its handles are found when they are first needed: a file may have many rules
/// that never do anything.
#[derive(Debug, Default)]
pub struct RuleMeter {
    counts: [OnceLock<Counter>; RuleDecision::COUNT],
    seconds: OnceLock<Histogram>,
}

/// What a rule made of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the values of a label")]
pub enum RuleDecision {
    /// It let it pass.
    Allow,
    /// It refused it.
    Deny,
    /// It chose its server.
    Route,
    /// It let it fail, for a test.
    Fault,
    /// It did something else, and others decided.
    Applied,
    /// It is on trial, and would have done something.
    Audit,
    /// It could not be applied.
    Failed,
}

impl RuleDecision {
    const COUNT: usize = 7;

    const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Route => "route",
            Self::Fault => "fault",
            Self::Applied => "applied",
            Self::Audit => "audit",
            Self::Failed => "failed",
        }
    }
}

impl RuleMeter {
    /// The rule of this name, whose meter this is, made this of a message.
    pub fn decided(&self, rule: &str, decision: RuleDecision) {
        let make = || counter!(RULES, "rule" => rule.to_owned(), "decision" => decision.as_str());
        if let Some(count) = self.counts.get(decision as usize) {
            count.get_or_init(make).increment(1);
        }
    }

    /// The rule of this name took this long with a message: to find out whether it is about it, and to do
    /// what it says.
    pub fn took(&self, rule: &str, time: Duration) {
        let make = || histogram!(RULE_SECONDS, "rule" => rule.to_owned());
        self.seconds.get_or_init(make).record(time);
    }
}

/// The upper bounds of the buckets of all histograms: from what a native step takes to what a person waits.
pub const SECONDS_BUCKETS: &[f64] =
    &[2.5e-7, 1e-6, 4e-6, 1.6e-5, 6.4e-5, 2.5e-4, 1e-3, 4e-3, 1.6e-2, 6.4e-2, 0.25, 1.0, 4.0, 16.0];

pub(crate) fn describe() {
    let help = "Messages that rules have decided about, by rule and decision.";
    describe_counter!(RULES, Unit::Count, help);
    let help = "Time that rules took, of one message in 61.";
    describe_histogram!(RULE_SECONDS, Unit::Seconds, help);
    let help = "Payloads that interceptors have seen, by interceptor and outcome.";
    describe_counter!(INVOCATIONS, Unit::Count, help);
    let help = "Decisions of interceptors about calls of tools and their results, by interceptor, \
                decision and tool; tools that no list has told are `other`.";
    describe_counter!(TOOLS, Unit::Count, help);
    let help = "Time that interceptors took: each time for those that wait, of one payload in 61 for \
                those that do not.";
    describe_histogram!(SECONDS, Unit::Seconds, help);
}

const INVOCATIONS: &str = "eyot_interceptor_invocations_total";
const TOOLS: &str = "eyot_interceptor_tool_decisions_total";
const RULES: &str = "eyot_rule_decisions_total";
const RULE_SECONDS: &str = "eyot_rule_seconds";
const SECONDS: &str = "eyot_interceptor_seconds";
