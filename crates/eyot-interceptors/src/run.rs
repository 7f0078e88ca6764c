//! One payload through the steps that its event meets.

mod quiet;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::ptr;
use std::sync::Arc;

use eyot_jsonrpc::Request;
use eyot_types::Method;
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::Instant;
use tracing::Span;
use tracing::field::display;
use tracing::level_filters::LevelFilter;

use self::quiet::{Said, caught};
use crate::denial::Denial;
use crate::descriptor::Phase;
use crate::edit::Edit;
use crate::failure::Failure;
use crate::fit;
use crate::interceptor::Work;
use crate::origin::Origin;
use crate::plan::{Plan, Step, Steps};
use crate::subject::Subject;
use crate::trail::Trail;
use crate::validation::{Finding, Severity, Validation};
use crate::view::View;

/// Which side of a trust boundary a payload crosses to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crossing {
    /// It leaves: "mutate → validate → send".
    Sending,
    /// It arrives: "validate → mutate → process".
    Receiving,
}

/// One payload through the steps that its event meets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) steps: &'a Steps,
    pub(crate) crossing: Crossing,
    pub(crate) event: &'a str,
    pub(crate) phase: Phase,
    pub(crate) origin: &'a Origin,
}

/// A payload that has passed.
#[derive(Clone, Debug)]
pub(crate) struct Passed {
    pub(crate) subject: Subject,
    /// It is not what came.
    pub(crate) is_changed: bool,
    /// The server that it is to go to. `None`: where it leads by itself.
    pub(crate) to: Option<Arc<str>>,
}

impl From<Subject> for Passed {
    fn from(subject: Subject) -> Self {
        Self { subject, is_changed: false, to: None }
    }
}

impl Passed {
    /// The request (`None`: it is what came), and the server that it is to go to.
    pub(crate) fn into_request(self) -> (Option<Request>, Option<Arc<str>>) {
        let changed = if self.is_changed { self.subject.into_message() } else { None };
        (changed.and_then(|it| it.into_request().ok()), self.to)
    }
}

impl Run<'_> {
    /// Passes the payload through. The future is ready at its first poll if all steps are done at once.
    pub(crate) async fn pass(&self, subject: Subject) -> Result<Passed, Denial> {
        self.pass_noting(subject, &mut Trail::default()).await
    }

    /// As [`pass`](Self::pass), and notes what each step says.
    pub(crate) async fn pass_noting(
        &self,
        subject: Subject,
        trail: &mut Trail,
    ) -> Result<Passed, Denial> {
        let clock = Clock::of(self);
        match self.crossing {
            Crossing::Sending => {
                let passed = self.mutate(subject, &clock, trail).await?;
                self.validate(&passed.subject, &clock, trail).await?;
                Ok(passed)
            }
            Crossing::Receiving => {
                self.validate(&subject, &clock, trail).await?;
                self.mutate(subject, &clock, trail).await
            }
        }
    }

    /// All mutations, or none: a failure that counts gives up what was changed before it.
    async fn mutate(
        &self,
        mut subject: Subject,
        clock: &Clock,
        trail: &mut Trail,
    ) -> Result<Passed, Denial> {
        let (mut is_changed, mut route) = (false, None);
        let mut steps = self.plan.mutators(self.steps).filter(seeing(&subject));
        while let Some((step, said)) = self.next_edit(&mut steps, &subject, (clock, trail)) {
            let edit = match (said, &step.interceptor.work) {
                (Some(said), _) => said,
                (None, Work::Mutate(work)) => {
                    clock.timed(step, || work.mutate(&self.view(&subject)))
                }
                (None, Work::MutateLater(work)) => {
                    let view = self.view(&subject);
                    clock.wait(step, || work.mutate(view.into())).await
                }
                _ => continue,
            };
            if let Ok(Edit::Refuse(error)) = edit {
                trail.refused(step, self.phase, &error);
                step.meter.blocked(self.tool(&subject).as_deref());
                self.log(step, &subject, "refused a payload", None);
                if step.is_active() {
                    return Err(Denial::Refused(error));
                }
                continue;
            }
            if let Ok(Edit::Ask(consent)) = &edit
                && self.can_ask(step)
            {
                self.log(step, &subject, "asks for consent", None);
                if step.is_active() {
                    return Err(Denial::Unasked(consent.clone()));
                }
                continue;
            }
            let (edit, to) = self.routed(edit);
            let edited = edit.and_then(|it| self.edited(&subject, it));
            if step.is_active() && edited.is_ok() {
                route = to.or(route);
            }
            trail.mutated(step, self.phase, &edited);
            match edited {
                Ok(Some(edited)) => {
                    self.changed(step, &subject);
                    if step.is_active() {
                        subject = edited;
                        is_changed = true;
                    }
                }
                Ok(None) => step.meter.passed(),
                Err(failure) => {
                    if self.failure_counts(step, &subject, &failure) {
                        return Err(Denial::NotMutated { interceptor: Arc::clone(&step.name) });
                    }
                }
            }
        }
        Ok(Passed { subject, is_changed, to: route })
    }

    /// Records that a step changes the payload, or would.
    fn changed(&self, step: &Step, subject: &Subject) {
        if step.interceptor.policy.is_routine {
            return step.meter.changed(None);
        }
        step.meter.changed(self.tool(subject).as_deref());
        self.log(step, subject, "changed a payload", None);
    }

    /// Passes the payload through mutators that keep it, up to the first that does not, takes its time, or
    /// is noted or measured.
    fn next_edit<'s>(
        &self,
        steps: &mut impl Iterator<Item = &'s Step>,
        subject: &Subject,
        (clock, trail): (&Clock, &Trail),
    ) -> Option<(&'s Step, Option<Result<Edit, Failure>>)> {
        if trail.is_kept() || clock.measures {
            return steps.next().map(|it| (it, None));
        }
        let view = self.view(subject);
        quiet::pass(steps, |step| match &step.interceptor.work {
            Work::Mutate(work) => match work.mutate(&view) {
                Ok(Edit::Keep) => Said::Nothing,
                edit => Said::Something(Some(edit)),
            },
            _ => Said::Something(None),
        })
    }

    /// What becomes of the payload, and where it is to go.
    fn routed(&self, edit: Result<Edit, Failure>) -> (Result<Edit, Failure>, Option<Arc<str>>) {
        match edit {
            Ok(Edit::Route { to, edit })
                if self.phase == Phase::Request && self.origin.can_route =>
            {
                (Ok(*edit), Some(to))
            }
            edit => (edit, None),
        }
    }

    /// Whether a step may ask here for the consent of a person.
    fn can_ask(&self, step: &Step) -> bool {
        step.interceptor.policy.asks && self.phase == Phase::Request && self.origin.can_ask()
    }

    fn edited(&self, subject: &Subject, edit: Edit) -> Result<Option<Subject>, Failure> {
        let edited = subject.edited(edit)?;
        if let Some(edited) = edited.as_ref().filter(|it| !it.is_error()) {
            fit::check(self.event, self.phase, edited)?;
        }
        Ok(edited)
    }

    /// All validators complete, before one of them counts.
    async fn validate(
        &self,
        subject: &Subject,
        clock: &Clock,
        trail: &mut Trail,
    ) -> Result<(), Denial> {
        let mut blocked = Blocked::default();
        let mut waiting = Vec::new();
        let mut steps = self.plan.validators(self.steps).filter(seeing(subject));
        while let Some((step, said)) = self.next_judged(&mut steps, subject, (clock, trail)) {
            let judged = match (said, &step.interceptor.work) {
                (Some(said), _) => said,
                (None, Work::Validate(work)) => {
                    clock.timed(step, || work.validate(&self.view(subject)))
                }
                (None, Work::ValidateLater(work)) => {
                    let view = self.view(subject);
                    let work = Arc::clone(work);
                    let wait = clock.wait(step, move || work.validate(view.into()));
                    waiting.push(wait.map(move |it| (step, it)));
                    continue;
                }
                (None, Work::Tap(seen)) => {
                    match seen.try_send(self.view(subject).into()) {
                        Ok(()) => step.meter.passed(),
                        Err(TrySendError::Full(_) | TrySendError::Closed(_)) => {
                            step.meter.dropped()
                        }
                    }
                    continue;
                }
                _ => continue,
            };
            self.judged((step, judged), subject, &mut blocked, trail);
        }
        if !waiting.is_empty() {
            for (step, judged) in join_all(waiting).await {
                self.judged((step, judged), subject, &mut blocked, trail);
            }
        }
        blocked.into_result()
    }

    /// Passes the payload by validators that find nothing; as [`next_edit`](Self::next_edit).
    fn next_judged<'s>(
        &self,
        steps: &mut impl Iterator<Item = &'s Step>,
        subject: &Subject,
        (clock, trail): (&Clock, &Trail),
    ) -> Option<(&'s Step, Option<Result<Validation, Failure>>)> {
        if trail.is_kept() || clock.measures {
            return steps.next().map(|it| (it, None));
        }
        let view = self.view(subject);
        quiet::pass(steps, |step| match &step.interceptor.work {
            Work::Validate(work) => match work.validate(&view) {
                Ok(validation) if validation.findings.is_empty() => Said::Nothing,
                judged => Said::Something(Some(judged)),
            },
            _ => Said::Something(None),
        })
    }

    fn judged(
        &self,
        (step, judged): (&Step, Result<Validation, Failure>),
        subject: &Subject,
        blocked: &mut Blocked,
        trail: &mut Trail,
    ) {
        trail.judged(step, self.phase, &judged);
        match judged {
            Ok(validation) if validation.blocks() => {
                step.meter.blocked(self.tool(subject).as_deref());
                self.log(step, subject, "blocked a payload", Some(&validation));
                if step.is_active() {
                    blocked.add(step, validation);
                }
            }
            Ok(validation) => {
                step.meter.passed();
                if validation.severity() == Some(Severity::Warn) {
                    self.warn(step, &validation);
                }
            }
            Err(failure) => {
                if self.failure_counts(step, subject, &failure) {
                    blocked.add(step, Validation::deny("the interceptor failed"));
                }
            }
        }
    }

    /// Records a failure, and tells whether it blocks.
    fn failure_counts(&self, step: &Step, subject: &Subject, failure: &Failure) -> bool {
        step.meter.failed(self.tool(subject).as_deref());
        let (interceptor, event, phase) = (&*step.name, self.event, self.phase.as_str());
        let is_active = step.is_active();
        // "In audit, failOpen only chooses error vs warning in the log."
        if step.fails_open() {
            tracing::warn!(interceptor, event, phase, is_active, %failure, "interceptor failed: the message passes");
        } else {
            tracing::error!(interceptor, event, phase, is_active, %failure, "interceptor failed");
        }
        is_active && !step.fails_open()
    }

    /// Tells a decision, and what was found by interceptors of this process: what others say can hold
    /// parts of the payload.
    fn log(&self, step: &Step, subject: &Subject, what: &'static str, found: Option<&Validation>) {
        let (interceptor, event, phase) = (&*step.name, self.event, self.phase.as_str());
        let is_audit = !step.is_active();
        let found = found.filter(|_| matches!(step.interceptor.work, Work::Validate(_)));
        let finding = found.and_then(|it| it.findings.first()).map(|it| &*it.message);
        let chain = Chain { run: self, until: Some(step) };
        let trace_id = self.view(subject).trace().map(|it| display(it.trace_id()));
        tracing::info!(interceptor, event, phase, is_audit, finding, trace_id, %chain, "interceptor {what}");
    }

    /// Tells what a validator of this process warns of; of others, that they do.
    fn warn(&self, step: &Step, found: &Validation) {
        let (interceptor, event, phase) = (&*step.name, self.event, self.phase.as_str());
        let server = self.origin.server().map(|it| &**it);
        let is_own = matches!(step.interceptor.work, Work::Validate(_));
        let findings = found.findings.iter().filter(|_| is_own).take(FINDINGS_MAX);
        let findings = findings.map(|it| &*it.message).collect::<Vec<_>>().join("; ");
        tracing::warn!(interceptor, event, phase, server, %findings, "interceptor warned of a payload");
    }

    /// Records on the span of the call which steps the payload meets. Costs a look at a level unless a
    /// subscriber listens at `DEBUG`, as the span.
    pub(crate) fn record(&self) {
        if LevelFilter::current() < LevelFilter::DEBUG {
            return;
        }
        let field = match (self.phase, self.crossing) {
            (Phase::Request, Crossing::Receiving) => "interceptors.downstream.request",
            (Phase::Request, Crossing::Sending) => "interceptors.upstream.request",
            (Phase::Response, Crossing::Receiving) => "interceptors.upstream.response",
            (Phase::Response, Crossing::Sending) => "interceptors.downstream.response",
        };
        let chain = Chain { run: self, until: None };
        // A call can open a session, or ask several servers: their messages meet steps in its span as well.
        Span::current().record(field, display(format_args!("{}: {chain}", self.event)));
    }

    /// The tool that is called, or whose result it is.
    fn tool<'a>(&'a self, subject: &'a Subject) -> Option<Cow<'a, str>> {
        let is_of_tool = self.event == Method::ToolsCall.as_str();
        is_of_tool.then(|| self.view(subject).name()).flatten()
    }

    fn view<'a>(&'a self, subject: &'a Subject) -> View<'a> {
        View::of(self.event, self.phase, subject, self.origin)
    }
}

/// Whether a step sees the payload: errors are for those that want them.
fn seeing(subject: &Subject) -> impl Fn(&&Step) -> bool + use<> {
    let is_error = subject.is_error();
    move |step| !is_error || step.interceptor.policy.wants.errors
}

/// The names of the interceptors that a payload meets, in their order.
struct Chain<'a> {
    run: &'a Run<'a>,
    /// The last that it has met. `None`: it meets all.
    until: Option<&'a Step>,
}

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Run { plan, steps, crossing, .. } = *self.run;
        let (mutators, validators) = (plan.mutators(steps), plan.validators(steps));
        let met: Vec<&Step> = match crossing {
            Crossing::Sending => mutators.chain(validators).collect(),
            Crossing::Receiving => validators.chain(mutators).collect(),
        };
        let last = |it: &Step| self.until.is_some_and(|last| ptr::eq(it, last));
        for (at, step) in met.into_iter().enumerate() {
            f.write_str(if at == 0 { "" } else { " > " })?;
            f.write_str(&step.name)?;
            if last(step) {
                break;
            }
        }
        Ok(())
    }
}

/// What blocks.
#[derive(Default)]
struct Blocked {
    findings: Vec<(Arc<str>, Finding)>,
    error: Option<Box<eyot_jsonrpc::ErrorObject>>,
    is_blocked: bool,
}

impl Blocked {
    fn add(&mut self, step: &Step, validation: Validation) {
        if !std::mem::replace(&mut self.is_blocked, true) {
            self.error = validation.error;
        }
        let named = validation.findings.into_iter().map(|it| (Arc::clone(&step.name), it));
        self.findings.extend(named);
    }

    fn into_result(self) -> Result<(), Denial> {
        match self.is_blocked {
            true => Err(Denial::Invalid { findings: self.findings, error: self.error }),
            false => Ok(()),
        }
    }
}

/// Until when the steps of a payload may take their time, and whether it is measured how much they take.
/// Nothing looks at a clock for most payloads whose steps take none.
struct Clock {
    until: Option<Instant>,
    step_timeout: std::time::Duration,
    measures: bool,
}

impl Clock {
    fn of(run: &Run<'_>) -> Self {
        let options = &run.plan.options;
        let until = (!run.steps.is_at_once).then(|| Instant::now() + options.run_timeout);
        let measures = run.plan.sampler.is_next();
        Self { until, step_timeout: options.step_timeout, measures }
    }

    /// Runs a step that is done at once.
    fn timed<T>(
        &self,
        step: &Step,
        work: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if !self.measures {
            return caught(work);
        }
        let started = std::time::Instant::now();
        let done = caught(work);
        step.meter.took(started.elapsed());
        done
    }

    /// Waits for a step: as long as it may take, and as long as all may take.
    async fn wait<T, F>(&self, step: &Step, work: impl FnOnce() -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let started = Instant::now();
        let timeout = step.interceptor.policy.timeout.unwrap_or(self.step_timeout);
        let until = self.until.map_or(started + timeout, |it| it.min(started + timeout));
        let work = async {
            AssertUnwindSafe(caught(|| Ok(work()))?)
                .catch_unwind()
                .await
                .unwrap_or(Err(Failure::Panicked))
        };
        let done = tokio::time::timeout_at(until, work).await;
        step.meter.took(started.elapsed());
        done.unwrap_or(Err(Failure::TimedOut(until - started)))
    }
}

/// Findings of one judgement that are in the log.
const FINDINGS_MAX: usize = 8;
