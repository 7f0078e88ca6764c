//! Whole files of rules.

mod cost;
mod decisions;
mod example;
mod files;
mod hidden;
mod prices;
mod properties;

use crate::{Answer, Decision, Progress, RuleSet, Subject, Verdict};

/// Compiles rules; the first lines of their file are added.
#[track_caller]
pub(crate) fn compile(rules: &str) -> RuleSet {
    let text = format!("version: 1\ndefault: allow\n{rules}");
    match RuleSet::compile("rules.yaml", &text) {
        Ok(set) => set,
        Err(problems) => panic!("{problems}"),
    }
}

/// Evaluates with answers that are given in turn.
fn run<'s>(set: &'s RuleSet, subject: &Subject<'s>, answers: &[Answer]) -> Verdict<'s> {
    let mut evaluation = set.evaluate(subject);
    let mut answers = answers.iter();
    loop {
        match evaluation.poll() {
            Progress::Demand(_) => evaluation.answer(answers.next().unwrap().clone()),
            Progress::Done(verdict) => return verdict,
        }
    }
}

/// A call of a tool.
fn call<'a>(params: &'a str) -> Subject<'a> {
    Subject { method: "tools/call", payload: Some(params), ..Subject::default() }
}

/// What was decided, and by which rule.
fn outcome<'v>(verdict: &'v Verdict<'_>) -> (&'static str, Option<&'v str>) {
    (verdict.decision.as_str(), verdict.rule)
}

fn message<'v>(decision: &'v Decision<'_>) -> (i64, &'v str) {
    let error = decision.error().unwrap();
    (error.code, &error.message)
}
