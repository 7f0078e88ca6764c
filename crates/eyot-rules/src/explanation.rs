//! Why rules decide as they do.

use std::fmt;

use crate::demand::{Answer, Demand};
use crate::evaluation::Progress;
use crate::look::Look;
use crate::rule_set::RuleSet;
use crate::subject::Subject;
use crate::verdict::Verdict;

/// Why rules decide as they do about one message. It has values of the message in it: it is for
/// the operator.
#[non_exhaustive]
pub struct Explanation<'s> {
    /// The rules that were looked at, in their order; all others could not be about the message.
    pub looks: Vec<Look<'s>>,
    /// How many rules there are.
    pub rules_count: usize,
    /// What was asked of the driver, as a file of rules names it, with the answers.
    pub demands: Vec<String>,
    /// What was decided.
    pub verdict: Verdict<'s>,
    /// The payload that came.
    pub before: Option<&'s str>,
}

impl RuleSet {
    /// Evaluates the rules about a message, and tells why they decide so. Demands are answered by
    /// `answer`.
    pub fn explain<'s>(
        &'s self,
        subject: &Subject<'s>,
        mut answer: impl FnMut(&Demand<'s>) -> Answer,
    ) -> Explanation<'s> {
        let mut evaluation = self.evaluate(subject).with_looks();
        let mut demands = Vec::new();
        let verdict = loop {
            match evaluation.poll() {
                Progress::Demand(demand) => {
                    let answer = answer(&demand);
                    demands.push(format!(
                        "`{}`: {} -> {}",
                        demand.rule,
                        shown(&demand),
                        said(&answer)
                    ));
                    evaluation.answer(answer);
                }
                Progress::Done(verdict) => break verdict,
            }
        };
        let looks = evaluation.take_looks();
        let rules_count = self.rules.len();
        Explanation { looks, rules_count, demands, verdict, before: subject.payload }
    }
}

fn shown(demand: &Demand<'_>) -> String {
    use crate::demand::DemandKind as Kind;
    match &demand.kind {
        Kind::Charge { key, limit, per, cost } => {
            format!("rate_limit {cost} of {limit} per {per:?} for {key}")
        }
        Kind::Permit { key, limit } => format!("concurrency {limit} for {key}"),
        Kind::Delay(time) => format!("delay {time:?}"),
        Kind::Ask { message, of: None, .. } => format!("ask {message:?}"),
        Kind::Ask { message, of: Some(of), .. } => format!("ask {message:?} of {of}"),
        Kind::Call { interceptor, .. } => format!("call {interceptor}"),
    }
}

fn said(answer: &Answer) -> &'static str {
    match answer {
        Answer::Pass => "passed",
        Answer::Refuse(_) => "refused",
        Answer::Replace(_) => "passed, with a new payload",
        Answer::Fail(_) => "failed",
    }
}

/// The debug output has no values; what is displayed has.
impl fmt::Debug for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Explanation").field("verdict", &self.verdict).finish_non_exhaustive()
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} of {} rules could be about it", self.looks.len(), self.rules_count)?;
        for look in &self.looks {
            let word = match (look.holds, look.is_audit) {
                (true, true) => "would hold (audit)",
                (true, false) => "holds",
                (false, _) => "does not hold",
            };
            writeln!(f, "{} `{}`: {word}", look.line, look.rule)?;
            for finding in &look.conditions {
                writeln!(f, "    {finding}")?;
            }
        }
        for demand in &self.demands {
            writeln!(f, "asked for by {demand}")?;
        }
        self.fmt_verdict(f)
    }
}

impl Explanation<'_> {
    fn fmt_verdict(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = &self.verdict;
        write!(f, "decision: {}", verdict.decision.as_str())?;
        match verdict.rule {
            Some(rule) => write!(f, ", by rule `{rule}`")?,
            None => f.write_str(", by default")?,
        }
        if let Some(error) = verdict.decision.error() {
            write!(f, ", with error {} \"{}\"", error.code, error.message)?;
        }
        for audit in &verdict.audits {
            let by = audit.rule.map_or_else(|| "by default".to_owned(), |it| format!("`{it}`"));
            let decision = audit.decision.as_ref().map_or("", |it| it.as_str());
            write!(f, "\nin audit, {by}: {decision} {}", audit.actions.join(", "))?;
        }
        for failure in &verdict.failures {
            write!(f, "\nfailed, `{}`: {}", failure.rule, failure.reason)?;
        }
        if let (Some(before), Some(after)) = (self.before, &verdict.payload) {
            write!(f, "\nbefore: {before}\nafter:  {after}")?;
        }
        Ok(())
    }
}
