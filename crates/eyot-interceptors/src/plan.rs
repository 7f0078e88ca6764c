//! Which interceptors see which message, found out once.

mod event_table;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::Request;
use eyot_metrics::{InterceptorMeter, Sampler};
use eyot_types::Method;

use self::event_table::EventTable;
use crate::descriptor::{Hook, InterceptorKind, Mode, Phase};
use crate::event::{QUESTIONS, is_meant, is_notification, is_seen, is_within};
use crate::interceptor::Interceptor;
use crate::plan_error::PlanError;

/// Interceptors in their order, with what each event meets. It never changes: a call keeps the plan
/// that it began with for its answer.
#[derive(Debug, Default)]
pub struct Plan {
    steps: Box<[Step]>,
    pub(crate) options: PlanOptions,
    /// What the events of the protocol, and those that hooks name, meet.
    events: EventTable,
    /// A bit for each length of the names of events that meet something; the highest is that of all longer
    /// names.
    met_lens: u64,
    /// What any other event meets.
    others: EventSteps,
    /// Hooks mean events by their beginnings, or not all that they say: what other events meet has to be
    /// looked for.
    looks_for_others: bool,
    pub(crate) sees: Sees,
    /// Steps have to know what legacy clients have said of themselves.
    pub(crate) needs_client: bool,
    /// Steps ask for the consent of persons.
    pub(crate) asks: bool,
    /// Whose steps are measured.
    pub(crate) sampler: Sampler,
}

/// What steps of a plan see besides requests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sees {
    /// Questions of servers, or notifications.
    pub(crate) streams: bool,
    /// Answers that come inside of other messages: those of clients to questions, and the results of
    /// tasks.
    pub(crate) answers: bool,
    /// Answers of any kind.
    pub(crate) results: bool,
}

/// How a plan is run.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by its users, from its default")]
pub struct PlanOptions {
    /// How long a step may take that says nothing of it. The default is 5 seconds.
    pub step_timeout: Duration,
    /// How long all steps of one payload may take. The default is 10 seconds.
    pub run_timeout: Duration,
    /// How the client of a tool hears that a call was denied.
    pub deny_as: DenyAs,
}

impl Default for PlanOptions {
    fn default() -> Self {
        let (step_timeout, run_timeout) = (Duration::from_secs(5), Duration::from_secs(10));
        Self { step_timeout, run_timeout, deny_as: DenyAs::Error }
    }
}

/// How the client of a tool hears that a call was denied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum DenyAs {
    /// By an error of JSON-RPC, as SEP-2624 says.
    #[default]
    Error,
    /// By a result that is an error, which models see and can learn from. Requests that are no call of
    /// a tool get an error all the same.
    ToolError,
}

/// An interceptor in its place.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) interceptor: Interceptor,
    pub(crate) name: Arc<str>,
    pub(crate) meter: InterceptorMeter,
}

impl Step {
    pub(crate) fn is_active(&self) -> bool {
        self.interceptor.descriptor.mode == Mode::Active
    }

    pub(crate) fn fails_open(&self) -> bool {
        self.interceptor.descriptor.fail_open
    }
}

/// What the two phases of an event meet.
#[derive(Clone, Debug, Default)]
pub(crate) struct EventSteps {
    pub(crate) request: Steps,
    pub(crate) response: Steps,
}

impl EventSteps {
    fn is_empty(&self) -> bool {
        self.request.is_empty() && self.response.is_empty()
    }

    pub(crate) const fn of(&self, phase: Phase) -> &Steps {
        match phase {
            Phase::Request => &self.request,
            Phase::Response => &self.response,
        }
    }
}

/// What one phase of an event meets: places in the plan's list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    mutators: Box<[usize]>,
    validators: Box<[usize]>,
    /// All are done at once, keep nothing, and ask for nothing.
    pub(crate) is_at_once: bool,
    /// What they make of a result may be cached as the server allows.
    pub(crate) is_pure: bool,
    pub(crate) sees_errors: bool,
}

impl Steps {
    pub(crate) fn is_empty(&self) -> bool {
        self.mutators.is_empty() && self.validators.is_empty()
    }
}

impl Plan {
    /// A plan of these interceptors.
    ///
    /// # Errors
    ///
    /// Two have one name, one hooks nothing, or an event cannot be hooked.
    pub fn compile(
        interceptors: impl IntoIterator<Item = Interceptor>,
        options: PlanOptions,
    ) -> Result<Self, PlanError> {
        let steps: Box<[Step]> = interceptors.into_iter().map(Step::new).collect();
        let mut names = BTreeSet::new();
        for Step { interceptor, name, .. } in &steps {
            if !names.insert(name) {
                return Err(PlanError::NameTwice { name: name.to_string() });
            }
            check_hooks(name, &interceptor.descriptor.hooks)?;
        }
        let mut plan = Self { steps, options, ..Self::default() };
        let hooked = plan.patterns().filter(|it| !it.ends_with('*')).map(str::to_owned);
        let known = Method::KNOWN.iter().map(|it| it.as_str().to_owned());
        let all: BTreeSet<String> = hooked.chain(known).filter(|it| is_seen(it)).collect();
        let policies = || plan.steps.iter().map(|it| &it.interceptor.policy);
        plan.looks_for_others = plan.patterns().any(|it| it.len() > 1 && it.ends_with('*'))
            || policies().any(|it| it.concern.is_narrow());
        plan.events = all.into_iter().map(|it| plan.event_steps(it)).collect();
        plan.others = plan.look_up("?/?");
        plan.met_lens = plan.met_lens();
        plan.sees.streams = plan.events.iter().any(|(event, steps)| {
            let is_of_stream = QUESTIONS.contains(&&**event) || is_notification(event);
            is_of_stream && !(steps.request.is_empty() && steps.response.is_empty())
        });
        plan.sees.answers = plan.events.iter().any(|(event, steps)| {
            let is_inside = QUESTIONS.contains(&&**event) || **event == *Method::ToolsCall.as_str();
            is_inside && !steps.response.is_empty()
        });
        plan.sees.results = !plan.others.response.is_empty()
            || plan.events.iter().any(|(_, steps)| !steps.response.is_empty());
        plan.asks = policies().any(|it| it.asks);
        plan.needs_client = plan.asks || policies().any(|it| it.wants.client);
        Ok(plan)
    }

    /// Whether it has no steps.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The interceptors, in the order in which they were given.
    pub fn interceptors(&self) -> impl Iterator<Item = &Interceptor> {
        self.steps.iter().map(|it| &it.interceptor)
    }

    /// The interceptors that an event meets in a phase: the mutators in their order, then the
    /// validators.
    #[must_use]
    pub fn order(&self, event: &str, phase: Phase) -> Vec<&Interceptor> {
        let steps = self.steps_of(event).into_owned();
        let Steps { mutators, validators, .. } = steps.of(phase);
        let found = mutators.iter().chain(validators).filter_map(|it| self.steps.get(*it));
        found.map(|it| &it.interceptor).collect()
    }

    /// The interceptor of this name.
    #[must_use]
    pub fn interceptor(&self, name: &str) -> Option<&Interceptor> {
        self.interceptors().find(|it| it.descriptor.name == name)
    }

    /// Whether a request meets nothing, and what comes back for it neither, as far as the length of its
    /// method tells: most requests that meet nothing are told by it.
    pub(crate) fn passes_by(&self, request: &Request) -> bool {
        let is_met = |len| self.met_lens & len_bit(len) != 0;
        self.is_empty()
            || !self.sees.streams
                && !self.sees.answers
                && request.plain_method_len().is_some_and(|len| !is_met(len))
    }

    fn met_lens(&self) -> u64 {
        if self.looks_for_others || !self.others.is_empty() {
            return u64::MAX;
        }
        let met = self.events.iter().filter(|(_, steps)| !steps.is_empty());
        met.fold(0, |lens, (event, _)| lens | len_bit(event.len()))
    }

    /// What an event meets.
    pub(crate) fn steps_of(&self, event: &str) -> Cow<'_, EventSteps> {
        match self.events.get(event) {
            Some(steps) => Cow::Borrowed(steps),
            None if self.looks_for_others => Cow::Owned(self.look_up(event)),
            None if is_notification(event) || !is_seen(event) => Cow::Owned(EventSteps::default()),
            None => Cow::Borrowed(&self.others),
        }
    }

    /// The mutators among these steps, in their order.
    pub(crate) fn mutators<'a>(&'a self, steps: &'a Steps) -> impl Iterator<Item = &'a Step> {
        steps.mutators.iter().filter_map(|it| self.steps.get(*it))
    }

    /// The validators among these steps, in their order.
    pub(crate) fn validators<'a>(&'a self, steps: &'a Steps) -> impl Iterator<Item = &'a Step> {
        steps.validators.iter().filter_map(|it| self.steps.get(*it))
    }

    fn event_steps(&self, event: String) -> (Box<str>, EventSteps) {
        let steps = self.look_up(&event);
        (event.into_boxed_str(), steps)
    }

    fn look_up(&self, event: &str) -> EventSteps {
        EventSteps {
            request: self.look_up_phase(event, Phase::Request),
            response: self.look_up_phase(event, Phase::Response),
        }
    }

    fn look_up_phase(&self, event: &str, phase: Phase) -> Steps {
        let hooks = |step: &Step| {
            let Interceptor { descriptor, policy, .. } = &step.interceptor;
            let mut of_phase = descriptor.hooks.iter().filter(|it| it.phase == phase);
            of_phase.any(|hook| hook.events.iter().any(|it| is_meant(it, event)))
                && policy.concern.has(event, phase)
        };
        let found = self.steps.iter().enumerate().filter(|(_, it)| hooks(it));
        let mut found: Vec<(usize, &Step)> = found.collect();
        // "ascending resolved priority, ties by name alphabetically" (SEP-2624, execution).
        found.sort_by(|(_, one), (_, other)| {
            let place = |it: &Step| it.interceptor.descriptor.priority_hint.of(phase);
            place(one).cmp(&place(other)).then_with(|| one.name.cmp(&other.name))
        });
        let of_kind = |kind| {
            let found = found.iter().filter(|(_, it)| it.interceptor.descriptor.kind == kind);
            found.map(|(at, _)| *at).collect()
        };
        Steps {
            mutators: of_kind(InterceptorKind::Mutation),
            validators: of_kind(InterceptorKind::Validation),
            is_at_once: found.iter().all(|(_, it)| it.interceptor.is_at_once()),
            is_pure: found.iter().all(|(_, it)| it.interceptor.policy.is_pure),
            sees_errors: found.iter().any(|(_, it)| it.interceptor.policy.wants.errors),
        }
    }

    fn hooks(&self) -> impl Iterator<Item = &Hook> {
        self.steps.iter().flat_map(|it| &it.interceptor.descriptor.hooks)
    }

    fn patterns(&self) -> impl Iterator<Item = &str> {
        self.hooks().flat_map(|it| &it.events).map(String::as_str)
    }
}

impl Step {
    fn new(interceptor: Interceptor) -> Self {
        let name: Arc<str> = interceptor.descriptor.name.as_str().into();
        let meter = InterceptorMeter::new(&name);
        Self { interceptor, name, meter }
    }
}

fn len_bit(len: usize) -> u64 {
    1 << len.min(63)
}

fn check_hooks(name: &str, hooks: &[Hook]) -> Result<(), PlanError> {
    if hooks.iter().all(|it| it.events.is_empty()) {
        return Err(PlanError::NoHooks { name: name.to_owned() });
    }
    for event in hooks.iter().flat_map(|it| &it.events) {
        let is_misplaced = event.strip_suffix('*').unwrap_or(event).contains('*');
        if event.is_empty() || is_misplaced || !is_seen(event) {
            let (name, event) = (name.to_owned(), event.clone());
            return Err(PlanError::Unhookable { name, event });
        }
    }
    Ok(())
}

/// Whether these hooks show nothing that the declared ones do not: hooks may be narrowed and never
/// widened.
pub(crate) fn are_within(hooks: &[Hook], declared: &[Hook]) -> Result<(), String> {
    for hook in hooks {
        for event in &hook.events {
            let mut of_phase = declared.iter().filter(|it| it.phase == hook.phase);
            if !of_phase.any(|it| it.events.iter().any(|wide| is_within(event, wide))) {
                return Err(format!("{event} in the phase {}", hook.phase.as_str()));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
