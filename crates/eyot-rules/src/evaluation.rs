//! The evaluation of rules, as a machine: it says what it needs, and goes on with the answer.

use std::borrow::Cow;

use eyot_jsonrpc::Json;
use eyot_types::codes::{DENIED, OVERLOADED};

use crate::action::{Step, Terminal};
use crate::demand::{Answer, Demand, DemandKind, key_of};
use crate::index::Candidates;
use crate::look::Look;
use crate::rule::{Mode, OnError, Rule};
use crate::rule_set::{RuleSet, is_of_the_protocol};
use crate::subject::{Phase, Subject};
use crate::truth::{Truth, Undecidable};
use crate::verdict::{
    Audit, Decision, Denial, Failure, LogLine, NOT_ALLOWED, Verdict, decision_of, denial,
};
use crate::view::View;

/// An evaluation of rules about one message.
///
/// It allocates nothing while no rule is about the message. When it asks for nothing, the first
/// [`poll`](Self::poll) ends it.
///
/// ```
/// use eyot_rules::{Answer, Progress, RuleSet, Subject};
///
/// let text = "
/// version: 1
/// default: allow
/// rules:
///   - {name: quota, match: {tool: '*'}, rate_limit: {limit: 60, per: 1m}}
///   - {name: no-admin, match: {tool: 'admin_*'}, unless: {scopes: admin}, deny: no such tool}
/// ";
/// let rules = RuleSet::compile("rules.yaml", text)?;
/// let params = r#"{"name":"admin_reset"}"#;
/// let subject = Subject { method: "tools/call", payload: Some(params), ..Subject::default() };
/// let mut evaluation = rules.evaluate(&subject);
/// let verdict = loop {
///     match evaluation.poll() {
///         Progress::Demand(_) => evaluation.answer(Answer::Pass),
///         Progress::Done(verdict) => break verdict,
///         _ => unreachable!(),
///     }
/// };
/// assert_eq!((verdict.decision.as_str(), verdict.rule), ("deny", Some("no-admin")));
/// # Ok::<(), eyot_rules::Problems>(())
/// ```
#[derive(Debug)]
pub struct Evaluation<'s> {
    set: &'s RuleSet,
    /// The rules that could be about it.
    candidates: Candidates<'s>,
    subject: Subject<'s>,
    /// What the message names, once a rule has asked for it.
    item: Option<Cow<'s, str>>,
    state: State<'s>,
    /// The payload is the one that rules have made by now.
    verdict: Verdict<'s>,
    /// The payload as it was before the rule that is being applied has changed it.
    undo: Option<Option<String>>,
    /// Whether a rule in audit mode would have ended it: what comes behind it would not have been.
    is_audit_over: bool,
    /// What was looked at, if that is wanted.
    looks: Option<Vec<Look<'s>>>,
}

/// How far an evaluation is.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "its driver must do all that it says")]
pub enum Progress<'s> {
    /// The driver must do this and say how it went, with [`Evaluation::answer`].
    Demand(Demand<'s>),
    /// It is over. Polled once more, it gives a denial.
    Done(Verdict<'s>),
}

#[derive(Clone, Copy, Debug)]
enum State<'s> {
    Start,
    /// The next rule to look for.
    Next(u32),
    /// A rule is about the message.
    In(Place<'s>),
    /// The driver has been asked for this action.
    Asked(Place<'s>),
    Decided,
    Over,
}

/// A rule that is about the message, and its next action.
#[derive(Clone, Copy, Debug)]
struct Place<'s> {
    rule: &'s Rule,
    at: usize,
    /// The rule to look for behind it.
    next: u32,
}

impl Place<'_> {
    const fn behind(self) -> Self {
        Self { at: self.at + 1, ..self }
    }
}

impl RuleSet {
    /// Starts an evaluation of the rules about a message.
    #[must_use]
    pub fn evaluate<'s>(&'s self, subject: &Subject<'s>) -> Evaluation<'s> {
        Evaluation {
            set: self,
            candidates: self.index.candidates(subject.phase, subject.method),
            subject: *subject,
            item: subject.item.map(Cow::Borrowed),
            state: State::Start,
            verdict: Verdict::default(),
            undo: None,
            is_audit_over: false,
            looks: None,
        }
    }
}

impl<'s> Evaluation<'s> {
    /// Goes on until something is needed of the driver, or until it is over.
    pub fn poll(&mut self) -> Progress<'s> {
        self.poll_noting(|_| {})
    }

    /// As [`poll`](Self::poll), and tells the name of a rule behind each look at it and each thing that it
    /// does: a driver with a clock can tell how long a rule takes.
    pub fn poll_noting(&mut self, mut behind: impl FnMut(&'s str)) -> Progress<'s> {
        loop {
            match self.state {
                State::Start => self.start(),
                State::Next(from) => {
                    if let Some(rule) = self.look_for(from) {
                        behind(&rule.name);
                    }
                }
                State::In(place) => {
                    self.act(place);
                    behind(&place.rule.name);
                }
                State::Asked(place) => match self.demand(place) {
                    Ok(Some(demand)) => return Progress::Demand(demand),
                    Ok(None) => self.state = State::In(place.behind()),
                    Err(reason) => self.fail(place.rule, reason),
                },
                State::Decided => {
                    self.state = State::Over;
                    if self.verdict.decision.error().is_some() {
                        self.verdict.payload = None;
                    }
                    return Progress::Done(std::mem::take(&mut self.verdict));
                }
                State::Over => {
                    let decision = denial(DENIED, "the message was decided about before");
                    return Progress::Done(Verdict { decision, ..Verdict::default() });
                }
            }
        }
    }

    /// Takes the answer to the demand that is open. Without one, nothing happens.
    pub fn answer(&mut self, answer: Answer) {
        let State::Asked(place) = self.state else { return };
        let Place { rule, at, .. } = place;
        let next = State::In(place.behind());
        match answer {
            Answer::Pass => self.state = next,
            Answer::Refuse(reason) => self.refused(rule, at, reason),
            Answer::Replace(payload) => match self.check_replacement(rule, at, &payload) {
                Ok(()) => {
                    self.change(payload);
                    self.state = next;
                }
                Err(reason) => self.fail(rule, reason.to_owned()),
            },
            Answer::Fail(reason) => self.fail(rule, reason),
        }
    }

    /// Whether an interceptor may put this payload in the place of the one there is.
    fn check_replacement(&self, rule: &Rule, at: usize, payload: &str) -> Result<(), &'static str> {
        if !matches!(rule.steps.get(at), Some(Step::Call { .. })) {
            return Err("only an interceptor can replace the payload");
        }
        if Json::parse(payload).is_none() {
            return Err("the new payload is no valid JSON");
        }
        // Rules were looked up by what the message named.
        let before = View::item_of(&Subject { payload: self.payload(), ..self.subject });
        let after = View::item_of(&Subject { payload: Some(payload), ..self.subject });
        if before != after {
            return Err("the new payload names another tool, prompt or resource");
        }
        Ok(())
    }

    /// The payload as it is by now.
    #[must_use]
    pub fn payload(&self) -> Option<&str> {
        self.verdict.payload.as_deref().or(self.subject.payload)
    }

    /// Keeps what is looked at.
    pub(crate) fn with_looks(mut self) -> Self {
        self.looks = Some(Vec::new());
        self
    }

    /// What was looked at.
    pub(crate) fn take_looks(&mut self) -> Vec<Look<'s>> {
        self.looks.take().unwrap_or_default()
    }

    fn start(&mut self) {
        self.state = State::Next(0);
        let subject = &self.subject;
        if is_of_the_protocol(subject.method) {
            self.state = State::Decided;
        } else if let Some((rule, decision)) = self.set.hides_what_is_completed(subject) {
            self.decide(rule, decision);
        } else if self.item.is_none() && self.candidates.need_item() {
            self.item = View::item_of(subject);
        }
    }

    /// Looks at the next rule, and tells which that is.
    fn look_for(&mut self, from: u32) -> Option<&'s Rule> {
        let set = self.set;
        let Some(number) = self.candidates.next(from, self.item.as_deref()) else {
            self.decide_by_default();
            return None;
        };
        self.state = State::Next(number + 1);
        let rule = set.rule(number)?;
        let subject = Subject { item: self.item.as_deref(), ..self.subject };
        let view = View::new(&subject, self.verdict.payload.as_deref().or(subject.payload));
        let held = rule.holds(&view);
        if let Some(looks) = &mut self.looks {
            looks.push(Look::at(rule, &view));
        }
        match held {
            Ok(Truth::Yes) if rule.mode == Mode::Audit => self.audit(rule),
            Ok(Truth::Yes) => {
                self.note(rule);
                self.undo = None;
                self.state = State::In(Place { rule, at: 0, next: number + 1 });
            }
            // A message is known: nothing of it is unknown.
            Ok(Truth::No | Truth::Unknown) => {}
            Err(Undecidable(reason)) => self.fail(rule, reason),
        }
        Some(rule)
    }

    /// Takes the tags and the log line of a rule that is about the message.
    fn note(&mut self, rule: &'s Rule) {
        self.verdict.tags.extend(rule.tags.iter().map(|it| &**it));
        self.verdict.log.extend(rule.log.as_ref().map(|it| LogLine {
            rule: &rule.name,
            level: it.level,
            message: &it.message,
        }));
    }

    fn act(&mut self, place: Place<'s>) {
        let Place { rule, at, next } = place;
        match (rule.steps.get(at), &rule.terminal) {
            (Some(Step::Edit(edit)), _) => {
                // A request without parameters can get some.
                let payload = self.payload().unwrap_or("{}");
                match edit.apply(payload, self.subject.phase) {
                    Err(reason) => return self.fail(rule, reason),
                    // Whatever is wrong with it, no text leaves that a reader would refuse.
                    Ok(Some(text)) if !is_valid(&text) => {
                        return self.fail(rule, "the payload would be no valid JSON".to_owned());
                    }
                    Ok(Some(text)) => self.change(text),
                    Ok(None) => {}
                }
                self.state = State::In(place.behind());
            }
            (Some(_), _) => self.state = State::Asked(place),
            (None, Some(Terminal::Ask { .. })) if at == rule.steps.len() => {
                self.state = State::Asked(place);
            }
            (None, Some(terminal)) => match decision_of(terminal) {
                // It is where it should go already: other rules decide.
                Decision::Route(to) if self.subject.server == Some(to) => {
                    self.state = State::Next(next);
                }
                decision => self.decide(Some(&rule.name), decision),
            },
            (None, None) => {
                self.verdict.applied.push(&rule.name);
                self.state = State::Next(next);
            }
        }
    }

    /// Puts a payload in the place of the one there is, which is kept until the rule is through.
    fn change(&mut self, payload: String) {
        if self.subject.phase == Phase::Request {
            self.subject.arguments = None;
        }
        let before = self.verdict.payload.replace(payload);
        self.undo.get_or_insert(before);
    }

    /// What a rule asks of the driver. An error is why it cannot be applied.
    fn demand(&self, Place { rule, at, .. }: Place<'s>) -> Result<Option<Demand<'s>>, String> {
        let subject = Subject { item: self.item.as_deref(), ..self.subject };
        let view = View::new(&subject, self.payload());
        let kind = match (rule.steps.get(at), &rule.terminal) {
            (Some(Step::RateLimit { key, limit, per, price }), _) => {
                let cost = price.of(&view, self.payload())?;
                DemandKind::Charge { key: key_of(key, &view), limit: *limit, per: *per, cost }
            }
            (Some(Step::Concurrency { key, limit }), _) => {
                DemandKind::Permit { key: key_of(key, &view), limit: *limit }
            }
            (Some(Step::Delay(time)), _) => DemandKind::Delay(*time),
            (Some(Step::Call { interceptor, timeout, .. }), _) => {
                DemandKind::Call { interceptor, timeout: *timeout }
            }
            (None, Some(Terminal::Ask { message, timeout, of, .. })) => {
                DemandKind::Ask { message, timeout: *timeout, of: of.as_ref() }
            }
            _ => return Ok(None),
        };
        Ok(Some(Demand { rule: &rule.name, kind }))
    }

    fn refused(&mut self, rule: &'s Rule, at: usize, reason: String) {
        let (code, ours) = match rule.steps.get(at) {
            Some(Step::RateLimit { .. }) => (OVERLOADED, "too many requests in this time"),
            Some(Step::Concurrency { .. }) => (OVERLOADED, "too many requests at once"),
            Some(_) => (DENIED, NOT_ALLOWED),
            None => (DENIED, "it was not consented to"),
        };
        let message = if reason.is_empty() { Cow::Borrowed(ours) } else { Cow::Owned(reason) };
        self.decide(Some(&rule.name), Decision::Deny(Denial { code, message }));
    }

    /// The rule cannot be applied: what it has changed so far is undone.
    fn fail(&mut self, rule: &'s Rule, reason: String) {
        self.verdict.failures.push(Failure { rule: &rule.name, reason });
        if let State::In(place) | State::Asked(place) = self.state {
            self.state = State::Next(place.next);
            if let Some(before) = self.undo.take() {
                self.verdict.payload = before;
            }
        }
        if rule.on_error == OnError::Deny && rule.mode == Mode::Enforce {
            let decision = denial(DENIED, "a rule could not be applied to this message");
            self.decide(Some(&rule.name), decision);
        }
    }

    fn audit(&mut self, rule: &'s Rule) {
        if self.is_audit_over {
            return;
        }
        let decision = rule.terminal.as_ref().map(decision_of);
        self.is_audit_over = decision.is_some();
        let actions = rule.steps.iter().map(Step::as_str);
        let actions = actions.chain(rule.terminal.as_ref().map(Terminal::as_str)).collect();
        self.verdict.audits.push(Audit { rule: Some(&rule.name), decision, actions });
    }

    fn decide_by_default(&mut self) {
        self.state = State::Decided;
        if !self.set.denies_by_default(&self.subject) {
            return;
        }
        let decision = denial(DENIED, NOT_ALLOWED);
        match self.set.mode {
            Mode::Enforce => self.verdict.decision = decision,
            Mode::Audit if self.is_audit_over => {}
            Mode::Audit => {
                let decision = Some(decision);
                self.verdict.audits.push(Audit { rule: None, decision, actions: Vec::new() });
            }
        }
    }

    fn decide(&mut self, rule: Option<&'s str>, decision: Decision<'s>) {
        self.verdict.rule = rule;
        self.verdict.decision = decision;
        self.state = State::Decided;
    }
}

/// Whether the scan accepts it. Half a surrogate pair passes, as it does in what servers send.
fn is_valid(text: &str) -> bool {
    Json::parse(text).is_some()
        || Json::parse(&eyot_jsonrpc::replace_lone_surrogates(text)).is_some()
}
