//! Metrics of interceptors. Their names come from the operator's configuration.

use std::time::Duration;

use metrics::{Counter, Histogram, Unit, counter, describe_counter, describe_histogram, histogram};

/// What one interceptor has done. The handles are found once: to count costs an addition.
///
/// Make it after the recorder is installed.
#[derive(Clone, Debug)]
pub struct InterceptorMeter {
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
        let count = |outcome: &'static str| counter!(INVOCATIONS, "interceptor" => name.to_owned(), "outcome" => outcome);
        Self {
            passed: count("passed"),
            changed: count("changed"),
            blocked: count("blocked"),
            failed: count("failed"),
            dropped: count("dropped"),
            seconds: histogram!(SECONDS, "interceptor" => name.to_owned()),
        }
    }

    /// A payload passed as it was.
    pub fn passed(&self) {
        self.passed.increment(1);
    }

    /// A payload was changed, or would have been.
    pub fn changed(&self) {
        self.changed.increment(1);
    }

    /// A payload was blocked, or would have been.
    pub fn blocked(&self) {
        self.blocked.increment(1);
    }

    /// There was no verdict.
    pub fn failed(&self) {
        self.failed.increment(1);
    }

    /// A payload could not be recorded.
    pub fn dropped(&self) {
        self.dropped.increment(1);
    }

    /// An interceptor that takes its time took this long.
    pub fn took(&self, time: Duration) {
        self.seconds.record(time);
    }
}

/// A rule has decided about a message: what it is called in its file, and what it decided.
pub fn rule_decided(rule: &str, decision: &'static str) {
    counter!(RULES, "rule" => rule.to_owned(), "decision" => decision).increment(1);
}

pub(crate) fn describe() {
    let help = "Messages that rules have decided about, by rule and decision.";
    describe_counter!(RULES, Unit::Count, help);
    let help = "Payloads that interceptors have seen, by interceptor and outcome.";
    describe_counter!(INVOCATIONS, Unit::Count, help);
    let help = "Time that interceptors took, of those that take their time.";
    describe_histogram!(SECONDS, Unit::Seconds, help);
}

const INVOCATIONS: &str = "eyot_interceptor_invocations_total";
const RULES: &str = "eyot_rule_decisions_total";
const SECONDS: &str = "eyot_interceptor_seconds";
