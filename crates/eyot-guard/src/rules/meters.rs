//! What each rule has done, and how long it takes.

use std::collections::HashMap;
use std::time::Instant;

use eyot_metrics::{RuleDecision, RuleMeter, Sampler};
use eyot_rules::{Decision, RuleSet, Verdict};

/// The meters of the rules of a set.
#[derive(Debug, Default)]
pub(super) struct Meters {
    rules: HashMap<Box<str>, RuleMeter>,
    sampler: Sampler,
}

impl Meters {
    pub(super) fn of(set: &RuleSet) -> Self {
        let rules = set.rule_names().map(|it| (it.into(), RuleMeter::default())).collect();
        Self { rules, sampler: Sampler::default() }
    }

    /// Counts what rules made of a message.
    pub(super) fn count(&self, verdict: &Verdict<'_>) {
        let Verdict { rule, applied, audits, failures, .. } = verdict;
        // A message that a rule could not be applied to is denied by that rule: it has failed.
        if let Some(rule) = rule.filter(|it| failures.iter().all(|failed| failed.rule != *it)) {
            self.decided(
                rule,
                match verdict.decision {
                    Decision::Deny(_) => RuleDecision::Deny,
                    Decision::Route(_) => RuleDecision::Route,
                    Decision::Fault(_) => RuleDecision::Fault,
                    _ => RuleDecision::Allow,
                },
            );
        }
        applied.iter().for_each(|it| self.decided(it, RuleDecision::Applied));
        for rule in audits.iter().filter_map(|it| it.rule) {
            self.decided(rule, RuleDecision::Audit);
        }
        failures.iter().for_each(|it| self.decided(it.rule, RuleDecision::Failed));
    }

    fn decided(&self, rule: &str, decision: RuleDecision) {
        if let Some(meter) = self.rules.get(rule) {
            meter.decided(rule, decision);
        }
    }

    /// Measures what each rule takes with the next message, if it is one that is measured.
    pub(super) fn laps(&self) -> Laps<'_, '_> {
        let since = self.sampler.is_next().then(Instant::now);
        Laps { meters: self, lap: since.map(|it| Lap { rule: None, since: it, until: it }) }
    }
}

/// The times that rules take with one message.
pub(super) struct Laps<'m, 's> {
    meters: &'m Meters,
    /// `None`: it is not measured.
    lap: Option<Lap<'s>>,
}

/// How long one rule has taken so far. It has several turns where it does several things.
#[derive(Clone, Copy)]
struct Lap<'s> {
    rule: Option<&'s str>,
    since: Instant,
    until: Instant,
}

impl<'s> Laps<'_, 's> {
    /// A rule has had a turn.
    pub(super) fn behind(&mut self, rule: &'s str) {
        let Some(lap) = self.lap else { return };
        let until = Instant::now();
        self.lap = Some(match lap.rule {
            Some(before) if before != rule => {
                self.end(lap);
                Lap { rule: Some(rule), since: lap.until, until }
            }
            _ => Lap { rule: Some(rule), until, ..lap },
        });
    }

    fn end(&self, Lap { rule, since, until }: Lap<'_>) {
        let Some(rule) = rule else { return };
        if let Some(meter) = self.meters.rules.get(rule) {
            meter.took(rule, until.saturating_duration_since(since));
        }
    }
}

impl Drop for Laps<'_, '_> {
    fn drop(&mut self) {
        if let Some(lap) = self.lap {
            self.end(lap);
        }
    }
}

#[cfg(test)]
mod tests;
