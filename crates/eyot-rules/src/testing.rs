//! The tests that a file of rules carries.

use crate::demand::{Demand, DemandKind};
use crate::evaluation::Progress;
use crate::explanation::Explanation;
use crate::path::Twice;
use crate::rule_set::RuleSet;
use crate::subject::Subject;
use crate::test_case::{Expected, Test};
use crate::verdict::Verdict;

/// How a test of a file went.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestOutcome {
    /// The name of the test.
    pub name: String,
    /// Its line in the file.
    pub line: usize,
    /// What was not as expected. Empty: the test has passed.
    pub failures: Vec<String>,
}

impl TestOutcome {
    /// Whether all was as expected.
    #[must_use]
    pub const fn has_passed(&self) -> bool {
        self.failures.is_empty()
    }
}

impl RuleSet {
    /// Runs the tests of the file, in its order.
    #[must_use]
    pub fn run_tests(&self) -> Vec<TestOutcome> {
        self.tests.iter().map(|it| it.run(self)).collect()
    }

    /// Why rules decide as they do in the test of this name, with the answers that it gives to demands.
    #[must_use]
    pub fn explain_test(&self, name: &str) -> Option<Explanation<'_>> {
        let given = &self.tests.iter().find(|it| it.name == name)?.given;
        Some(self.explain(&given.subject(), |demand| given.answer(demand)))
    }
}

impl Test {
    fn run(&self, set: &RuleSet) -> TestOutcome {
        let subject = self.given.subject();
        let mut evaluation = set.evaluate(&subject);
        let (mut demands, mut costs) = (Vec::new(), Vec::new());
        let verdict = loop {
            match evaluation.poll() {
                Progress::Demand(demand) => {
                    demands.push(action_of(&demand).to_owned());
                    if let DemandKind::Charge { cost, .. } = &demand.kind {
                        costs.push((demand.rule.to_owned(), cost.to_string()));
                    }
                    evaluation.answer(self.given.answer(&demand));
                }
                Progress::Done(verdict) => break verdict,
            }
        };
        let mut failures = Vec::new();
        let expected = &self.expected;
        expected.check_decision(&verdict, &mut failures);
        expected.check_payload(&verdict, subject.payload, &mut failures);
        expected.check_rest(&verdict, &demands, &mut failures);
        if let Some(expected) = &expected.costs {
            check("costs", expected, &costs, &mut failures);
        }
        if let Some(hidden) = expected.hidden {
            let item = crate::view::View::item_of(&subject);
            let hides = set.hides(&Subject { item: subject.item.or(item.as_deref()), ..subject });
            check("hidden", &hidden, &hides, &mut failures);
        }
        TestOutcome { name: self.name.clone(), line: self.line, failures }
    }
}

/// The action that asks for something, as a file of rules names it.
fn action_of(demand: &Demand<'_>) -> &'static str {
    match demand.kind {
        DemandKind::Charge { .. } => "rate_limit",
        DemandKind::Permit { .. } => "concurrency",
        DemandKind::Delay(_) => "delay",
        DemandKind::Ask { .. } => "ask",
        DemandKind::Call { .. } => "call",
    }
}

fn check<T: PartialEq + std::fmt::Debug>(
    what: &str,
    expected: &T,
    found: &T,
    failures: &mut Vec<String>,
) {
    if expected != found {
        failures.push(format!("{what}: expected {expected:?}, found {found:?}"));
    }
}

impl Expected {
    fn check_decision(&self, verdict: &Verdict<'_>, failures: &mut Vec<String>) {
        if let Some(decision) = &self.decision {
            check("decision", &decision.as_str(), &verdict.decision.as_str(), failures);
        }
        if let Some(rule) = &self.rule {
            check("rule", &rule.as_deref(), &verdict.rule, failures);
        }
        let error = verdict.decision.error();
        if let Some(code) = self.code {
            check("code", &Some(code), &error.map(|it| it.code), failures);
        }
        if let Some(message) = &self.message {
            check("message", &Some(&**message), &error.map(|it| &*it.message), failures);
        }
        if let Some(route) = &self.route {
            let found = match verdict.decision {
                crate::verdict::Decision::Route(to) => Some(to),
                _ => None,
            };
            check("route", &Some(route.as_str()), &found, failures);
        }
    }

    fn check_payload(
        &self,
        verdict: &Verdict<'_>,
        before: Option<&str>,
        failures: &mut Vec<String>,
    ) {
        if let Some(changed) = self.changed {
            check("changed", &changed, &verdict.payload.is_some(), failures);
        }
        let after = verdict.payload.as_deref().or(before).unwrap_or("{}");
        for (path, wanted) in &self.after {
            let values = path.values(after, Twice::All).unwrap_or_default();
            if !wanted.holds(values.iter().copied()) {
                let found = values.join(", ");
                failures.push(format!("after: expected that {path} {wanted}, found [{found}]"));
            }
        }
    }

    fn check_rest(&self, verdict: &Verdict<'_>, demands: &[String], failures: &mut Vec<String>) {
        if let Some(tags) = &self.tags {
            check("tags", &texts(tags), &verdict.tags, failures);
        }
        if let Some(expected) = &self.demands {
            check("demands", &expected.as_slice(), &demands, failures);
        }
        if let Some(audits) = &self.audits {
            let found = verdict.audits.iter().map(|it| it.rule.unwrap_or("default")).collect();
            check("audit", &texts(audits), &found, failures);
        }
        if let Some(expected) = &self.failures {
            let found = verdict.failures.iter().map(|it| it.rule).collect();
            check("failed", &texts(expected), &found, failures);
        }
    }
}

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}
