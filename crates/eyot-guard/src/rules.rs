//! Rules of a file as a step of a plan.

mod accounts;
mod callees;
mod meters;

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use eyot_interceptors::{
    Approvers, ClientProgram, Consent, Edit, Failure, Interceptor, Mutator, Phase, Seen, View,
};
use eyot_jsonrpc::ErrorObject;
use eyot_rules::{
    Answer, Cost, Decision, Demand, DemandKind, Evaluation, LogLevel, Need, Progress, RuleSet,
    Subject, Verdict,
};
use eyot_stdx::{PacedKeys, RunningKeys};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;

use crate::tools::Tools;

use self::accounts::{Account, RateName};
pub use self::callees::Callees;
use self::meters::Meters;

/// Rules of a file, with what they have counted, as a step of a plan.
#[derive(Debug)]
pub struct Rules {
    set: RuleSet,
    looks_at: LooksAt,
    /// Knows the annotations of tools.
    tools: Arc<Tools>,
    counts: Arc<Counts>,
    meters: Meters,
    /// The interceptors that can be called. `None`: there are none here.
    callees: Option<Arc<dyn Callees>>,
}

/// What rules look at that has to be looked for.
#[derive(Clone, Copy, Debug)]
struct LooksAt {
    client: bool,
    remote: bool,
    annotations: bool,
}

/// What rules have counted: who has sent how much, and what runs. It outlives a set of rules, so that a
/// reload forgives nothing.
#[derive(Debug, Default)]
pub struct Counts {
    hasher: RandomState,
    rates: Mutex<HashMap<RateName, Arc<PacedKeys>>>,
    running: Mutex<HashMap<Box<str>, Arc<RunningKeys>>>,
}

impl Rules {
    /// Rules that count on with `counts`.
    #[must_use]
    pub fn new(set: RuleSet, tools: Arc<Tools>, counts: Arc<Counts>) -> Self {
        let looks_at = LooksAt {
            client: set.needs(Need::Client),
            remote: set.needs(Need::Remote),
            annotations: set.needs(Need::Annotations),
        };
        let meters = Meters::of(&set);
        Self { set, looks_at, tools, counts, meters, callees: None }
    }

    /// Rules that can call these interceptors.
    #[must_use]
    pub fn calling(mut self, callees: Arc<dyn Callees>) -> Self {
        self.callees = Some(callees);
        self
    }

    /// The rules as an interceptor. They see all messages that a rule could be about, and keep what they have
    /// decided in order: the first that ends a message's way counts.
    #[must_use]
    pub fn interceptor(self, name: &str) -> Interceptor {
        let (takes_time, asks) = (self.set.takes_time(), self.set.asks());
        let (keeps, needs_client) = (self.set.needs(Need::Permits), self.looks_at.client);
        let rules = Arc::new(self);
        let concerning = Arc::clone(&rules);
        let step = match takes_time {
            true => {
                Interceptor::async_mutator(name, move |seen: Seen| later(Arc::clone(&rules), seen))
            }
            false => Interceptor::mutator(name, AtOnce(rules)),
        };
        let step = if asks { step.asking() } else { step };
        let step = if keeps { step.keeping() } else { step };
        let step = if needs_client { step.needing_client() } else { step };
        step.description("the rules of a file")
            .on_both(["*"])
            .on(Phase::Request, ["notifications/*"])
            .concerned_by(move |event, phase| concerning.set.concerns(event, phase_of(phase)))
            .sees_errors()
            .timeout(PATIENCE)
    }

    /// What becomes of a payload, where nothing takes time.
    fn decide(&self, view: &View<'_>) -> Result<Edit, Failure> {
        let facts = Facts::of(view, self);
        let subject = facts.subject(view);
        let visible = self.visible(view, &subject);
        let subject = Subject { payload: visible.as_deref().or(subject.payload), ..subject };
        let mut evaluation = self.set.evaluate(&subject);
        let mut laps = self.meters.laps();
        loop {
            match evaluation.poll_noting(|rule| laps.behind(rule)) {
                Progress::Demand(demand) => match self.meet(&demand, view) {
                    Met::Answer(answer) => evaluation.answer(answer),
                    Met::Unasked(consent) => return Ok(Edit::Ask(consent)),
                },
                Progress::Done(verdict) => return self.edit(view, verdict, visible.as_deref()),
            }
        }
    }

    /// The same, where something can.
    async fn decide_later(&self, view: &View<'_>) -> Result<Edit, Failure> {
        let facts = Facts::of(view, self);
        let subject = facts.subject(view);
        let visible = self.visible(view, &subject);
        let subject = Subject { payload: visible.as_deref().or(subject.payload), ..subject };
        let mut evaluation: Evaluation<'_> = self.set.evaluate(&subject);
        let mut laps = self.meters.laps();
        loop {
            match evaluation.poll_noting(|rule| laps.behind(rule)) {
                Progress::Demand(Demand { kind: DemandKind::Delay(time), .. }) => {
                    tokio::time::sleep(time).await;
                    evaluation.answer(Answer::Pass);
                }
                Progress::Demand(Demand {
                    kind: DemandKind::Call { interceptor, timeout },
                    ..
                }) => {
                    let (callees, payload) = (self.callees.as_ref(), evaluation.payload());
                    let called = callees::call(callees, (interceptor, timeout), (view, payload));
                    let answer = called.await;
                    evaluation.answer(answer);
                }
                Progress::Demand(demand) => match self.meet(&demand, view) {
                    Met::Answer(answer) => evaluation.answer(answer),
                    Met::Unasked(consent) => return Ok(Edit::Ask(consent)),
                },
                Progress::Done(verdict) => return self.edit(view, verdict, visible.as_deref()),
            }
        }
    }

    /// A list without what the client may not use. `None`: it stays as it is.
    fn visible(&self, view: &View<'_>, subject: &Subject<'_>) -> Option<String> {
        let is_list = view.phase() == Phase::Response && !view.is_error();
        if is_list { self.set.visible(subject, view.payload()) } else { None }
    }

    /// What a verdict makes of a payload. `visible`: what was made of it before.
    fn edit(
        &self,
        view: &View<'_>,
        verdict: Verdict<'_>,
        visible: Option<&str>,
    ) -> Result<Edit, Failure> {
        self.meters.count(&verdict);
        tell(view, &verdict);
        let route = match &verdict.decision {
            Decision::Allow => None,
            Decision::Deny(denial) | Decision::Fault(denial) => {
                let error = ErrorObject::new(denial.code, denial.message.clone().into_owned());
                return Ok(Edit::Refuse(Box::new(error)));
            }
            Decision::Route(to) if view.origin().can_route() => Some(Arc::from(*to)),
            Decision::Route(_) => return Err(Failure::CannotRoute),
            _ => return Err(Failure::new("the decision of the rules is not known here")),
        };
        let payload = verdict.payload.or_else(|| visible.map(str::to_owned));
        let edit = payload.map_or(Edit::Keep, Edit::Replace);
        Ok(match route {
            Some(to) => Edit::Route { to, edit: Box::new(edit) },
            None => edit,
        })
    }

    /// Does what a rule asks for, if that can be done at once.
    fn meet(&self, demand: &Demand<'_>, view: &View<'_>) -> Met {
        Met::Answer(match &demand.kind {
            DemandKind::Charge { key, limit, per, cost } => {
                let account = self.counts.account((demand.rule.into(), *limit, *per), key);
                match account.charge(*cost, Instant::now()) {
                    Ok(()) if *cost == Cost::ResponseBytes => {
                        view.origin().on_answer(move |bytes| account.owe(bytes, Instant::now()));
                        Answer::Pass
                    }
                    Ok(()) => Answer::Pass,
                    Err(reason) => Answer::Refuse(reason),
                }
            }
            DemandKind::Permit { key, limit } => match self.counts.permit(demand.rule, key, *limit)
            {
                Some(permit) => {
                    view.origin().keep(permit);
                    Answer::Pass
                }
                None => Answer::Refuse(String::new()),
            },
            DemandKind::Ask { message, timeout, of } => {
                let consent =
                    Consent::new(format!("{}: {}", self.set.file(), demand.rule), *message);
                let consent = match timeout {
                    Some(timeout) => consent.within(*timeout),
                    None => consent,
                };
                let consent = match of.cloned() {
                    Some(of) => {
                        consent.of(Approvers::new(of.to_string(), move |it| of.matches(it)))
                    }
                    None => consent,
                };
                match view.origin() {
                    origin if origin.has_consent(&consent) => Answer::Pass,
                    origin if origin.can_ask() => return Met::Unasked(consent),
                    _ => Answer::Fail(Failure::CannotAsk.to_string()),
                }
            }
            _ => Answer::Fail("what the rule asks for cannot be done here".to_owned()),
        })
    }
}

/// What comes of a demand.
enum Met {
    Answer(Answer),
    /// A person has to be asked; then the rules are applied anew.
    Unasked(Consent),
}

/// Rules that take no time.
struct AtOnce(Arc<Rules>);

impl Mutator for AtOnce {
    fn mutate(&self, view: &View<'_>) -> Result<Edit, Failure> {
        self.0.decide(view)
    }
}

fn later(rules: Arc<Rules>, seen: Seen) -> BoxFuture<'static, Result<Edit, Failure>> {
    async move { rules.decide_later(&seen.view()).await }.boxed()
}

/// What rules can look at, as far as it is not in the view itself and a rule looks at it.
struct Facts<'a> {
    item: Option<Cow<'a, str>>,
    client: Option<ClientProgram>,
    remote: Option<String>,
    annotations: Option<String>,
}

impl<'a> Facts<'a> {
    fn of(view: &View<'a>, Rules { looks_at, tools, .. }: &Rules) -> Self {
        let origin = view.origin();
        let server = origin.server().map_or("", |it| &**it);
        let item = match view.event() {
            "tools/call" | "prompts/get" => view.name(),
            "resources/read" | "resources/subscribe" | "resources/unsubscribe" => view.uri(),
            _ => None,
        };
        let tool = item.as_deref().filter(|_| view.event() == "tools/call");
        let address = origin.peer().address.filter(|_| looks_at.remote);
        let is_annotated = looks_at.annotations;
        Self {
            client: looks_at.client.then(|| view.client()).flatten(),
            remote: address.map(|it| it.ip().to_string()),
            annotations: tool.filter(|_| is_annotated).and_then(|it| tools.annotations(server, it)),
            item,
        }
    }

    fn subject(&'a self, view: &View<'a>) -> Subject<'a> {
        let origin = view.origin();
        let peer = origin.peer();
        Subject {
            method: view.event(),
            phase: phase_of(view.phase()),
            direction: match origin.direction() {
                eyot_interceptors::Direction::ToServer => eyot_rules::Direction::ToServer,
                eyot_interceptors::Direction::ToClient => eyot_rules::Direction::ToClient,
            },
            item: self.item.as_deref(),
            payload: Some(view.payload()),
            request: origin.request().and_then(|it| it.params()),
            arguments: view.arguments(),
            server: origin.server().map(|it| &**it),
            session: origin.session_id(),
            principal: peer.principal_name().map(|it| &**it),
            scopes: peer.principal.as_ref().and_then(|it| it.scopes()),
            client: self.client.as_ref().map(|it| &*it.name),
            client_version: self.client.as_ref().map(|it| &*it.version),
            era: Some(peer.era),
            transport: transport(peer.transport),
            remote: self.remote.as_deref(),
            annotations: self.annotations.as_deref(),
        }
    }
}

const fn phase_of(phase: Phase) -> eyot_rules::Phase {
    match phase {
        Phase::Request => eyot_rules::Phase::Request,
        Phase::Response => eyot_rules::Phase::Response,
    }
}

fn transport(carrier: eyot_service::Transport) -> Option<eyot_rules::Transport> {
    Some(match carrier {
        eyot_service::Transport::Http => eyot_rules::Transport::Http,
        eyot_service::Transport::WebSocket => eyot_rules::Transport::WebSocket,
        eyot_service::Transport::Pipe => eyot_rules::Transport::Pipe,
        _ => return None,
    })
}

/// Tells the operator what rules say; never what they have looked at.
fn tell(view: &View<'_>, verdict: &Verdict<'_>) {
    let (event, phase) = (view.event(), view.phase().as_str());
    for line in &verdict.log {
        let (rule, message) = (line.rule, line.message);
        match line.level {
            LogLevel::Debug => tracing::debug!(rule, event, phase, message),
            LogLevel::Warn => tracing::warn!(rule, event, phase, message),
            LogLevel::Info => tracing::info!(rule, event, phase, message),
        }
    }
    for audit in &verdict.audits {
        let decision = audit.decision.as_ref().map(Decision::as_str);
        let actions = audit.actions.join(", ");
        tracing::info!(rule = audit.rule, event, phase, decision, actions, "a rule on trial holds");
    }
    for failure in &verdict.failures {
        let (rule, reason) = (failure.rule, &failure.reason);
        tracing::error!(rule, event, phase, reason, "a rule cannot be applied");
    }
    if verdict.decision.error().is_some() {
        let (rule, tags) = (verdict.rule, &verdict.tags);
        let trace_id = view.trace().map(|it| tracing::field::display(it.trace_id()));
        tracing::info!(rule, event, phase, ?tags, trace_id, "a rule denies");
    } else if !verdict.tags.is_empty() {
        tracing::info!(event, phase, tags = ?verdict.tags, "rules have tagged a message");
    }
}

/// A place among those that run. Dropping it makes room for another.
#[derive(Debug)]
struct Permit {
    keys: Arc<RunningKeys>,
    key: Option<u64>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.keys.end(self.key);
    }
}

impl Counts {
    fn account(&self, rate: RateName, key: &str) -> Account {
        Account::of(&mut self.rates.lock(), rate, self.hasher.hash_one(key))
    }

    fn permit(&self, rule: &str, key: &str, limit: u64) -> Option<Permit> {
        let mut running = self.running.lock();
        let keys =
            running.entry(rule.into()).or_insert_with(|| Arc::new(RunningKeys::new(KEYS_MAX)));
        let keys = Arc::clone(keys);
        drop(running);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let key = keys.begin(self.hasher.hash_one(key), limit)?;
        Some(Permit { keys, key })
    }
}

/// Keys of one rule that are counted by themselves.
const KEYS_MAX: usize = 10_000;

/// Rules may delay a message for so long.
const PATIENCE: Duration = Duration::from_secs(3_600);

#[cfg(test)]
mod tests;
