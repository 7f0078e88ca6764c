//! One interceptor: what it is, and the work that it does.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use crate::descriptor::{Descriptor, Hook, InterceptorKind, Mode, Phase, Priority};
use crate::edit::Edit;
use crate::failure::Failure;
use crate::validation::Validation;
use crate::view::{Seen, View};

/// Judges payloads at once. Any function of the right type is one.
pub trait Validator: Send + Sync + 'static {
    /// What it says of a payload.
    ///
    /// # Errors
    ///
    /// It cannot tell.
    fn validate(&self, view: &View<'_>) -> Result<Validation, Failure>;
}

impl<F> Validator for F
where
    F: Fn(&View<'_>) -> Result<Validation, Failure> + Send + Sync + 'static,
{
    fn validate(&self, view: &View<'_>) -> Result<Validation, Failure> {
        self(view)
    }
}

/// Changes payloads at once. Any function of the right type is one.
pub trait Mutator: Send + Sync + 'static {
    /// What becomes of a payload.
    ///
    /// # Errors
    ///
    /// It cannot tell.
    fn mutate(&self, view: &View<'_>) -> Result<Edit, Failure>;
}

impl<F> Mutator for F
where
    F: Fn(&View<'_>) -> Result<Edit, Failure> + Send + Sync + 'static,
{
    fn mutate(&self, view: &View<'_>) -> Result<Edit, Failure> {
        self(view)
    }
}

/// Judges payloads, and takes its time. Dropping its future ends it.
pub trait AsyncValidator: Send + Sync + 'static {
    /// What it says of a payload; as [`Validator::validate`].
    fn validate(&self, seen: Seen) -> BoxFuture<'static, Result<Validation, Failure>>;
}

impl<F> AsyncValidator for F
where
    F: Fn(Seen) -> BoxFuture<'static, Result<Validation, Failure>> + Send + Sync + 'static,
{
    fn validate(&self, seen: Seen) -> BoxFuture<'static, Result<Validation, Failure>> {
        self(seen)
    }
}

/// Changes payloads, and takes its time. Dropping its future ends it.
pub trait AsyncMutator: Send + Sync + 'static {
    /// What becomes of a payload; as [`Mutator::mutate`].
    fn mutate(&self, seen: Seen) -> BoxFuture<'static, Result<Edit, Failure>>;
}

impl<F> AsyncMutator for F
where
    F: Fn(Seen) -> BoxFuture<'static, Result<Edit, Failure>> + Send + Sync + 'static,
{
    fn mutate(&self, seen: Seen) -> BoxFuture<'static, Result<Edit, Failure>> {
        self(seen)
    }
}

/// An interceptor, ready to be a step of a plan. Cheap to clone but for its descriptor.
///
/// Its kind follows from its work, so that no validator can change a payload.
#[derive(Clone)]
pub struct Interceptor {
    pub(crate) descriptor: Descriptor,
    pub(crate) work: Work,
    pub(crate) policy: Policy,
}

/// The work of an interceptor.
#[derive(Clone)]
pub(crate) enum Work {
    Validate(Arc<dyn Validator>),
    Mutate(Arc<dyn Mutator>),
    ValidateLater(Arc<dyn AsyncValidator>),
    MutateLater(Arc<dyn AsyncMutator>),
    Tap(mpsc::Sender<Seen>),
}

impl Work {
    const fn kind(&self) -> InterceptorKind {
        match self {
            Self::Validate(_) | Self::ValidateLater(_) | Self::Tap(_) => {
                InterceptorKind::Validation
            }
            Self::Mutate(_) | Self::MutateLater(_) => InterceptorKind::Mutation,
        }
    }

    const fn takes_time(&self) -> bool {
        matches!(self, Self::ValidateLater(_) | Self::MutateLater(_))
    }
}

/// How the user of an interceptor runs it. What it says of itself are defaults.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    /// `None`: that of the plan.
    pub(crate) timeout: Option<Duration>,
    pub(crate) wants: Wants,
    pub(crate) is_pure: bool,
    /// Its changes are no decisions.
    pub(crate) is_routine: bool,
    /// It asks for the consent of a person.
    pub(crate) asks: bool,
    /// Which of the events that it hooks matter to it.
    pub(crate) concern: Concern,
}

/// Which of the events that an interceptor hooks matter to it. The default: all.
#[derive(Clone, Default)]
pub(crate) struct Concern(Option<Arc<Matters>>);

/// Whether an event matters, in a phase.
type Matters = dyn Fn(&str, Phase) -> bool + Send + Sync;

impl Concern {
    /// Whether one of them could not.
    pub(crate) const fn is_narrow(&self) -> bool {
        self.0.is_some()
    }

    /// Whether this one does.
    pub(crate) fn has(&self, event: &str, phase: Phase) -> bool {
        self.0.as_ref().is_none_or(|it| it(event, phase))
    }
}

impl fmt::Debug for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Concern").field("is_narrow", &self.is_narrow()).finish()
    }
}

/// What an interceptor wants that others do without.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wants {
    /// To see answers that are errors.
    pub(crate) errors: bool,
    /// To keep things until a call is over.
    pub(crate) room: bool,
    /// To be told the program of a legacy client.
    pub(crate) client: bool,
}

impl Interceptor {
    /// Judges payloads at once.
    pub fn validator(name: impl Into<String>, work: impl Validator) -> Self {
        Self::of_work(name.into(), Work::Validate(Arc::new(work)))
    }

    /// Changes payloads at once.
    pub fn mutator(name: impl Into<String>, work: impl Mutator) -> Self {
        Self::of_work(name.into(), Work::Mutate(Arc::new(work)))
    }

    /// Judges payloads, and takes its time.
    pub fn async_validator(name: impl Into<String>, work: impl AsyncValidator) -> Self {
        Self::of_work(name.into(), Work::ValidateLater(Arc::new(work)))
    }

    /// Changes payloads, and takes its time.
    pub fn async_mutator(name: impl Into<String>, work: impl AsyncMutator) -> Self {
        Self::of_work(name.into(), Work::MutateLater(Arc::new(work)))
    }

    /// Records what passes: it goes into `seen`, before anything else is done with it. What finds no
    /// room there is dropped and counted: no reader, however slow, holds a message up.
    pub fn tap(name: impl Into<String>, seen: mpsc::Sender<Seen>) -> Self {
        Self::of_work(name.into(), Work::Tap(seen)).audit()
    }

    /// Whether it is done at once, keeps nothing, and asks for nothing.
    pub(crate) const fn is_at_once(&self) -> bool {
        let Policy { wants, asks, .. } = self.policy;
        !(self.work.takes_time() || wants.room || asks)
    }

    fn of_work(name: String, work: Work) -> Self {
        let descriptor = Descriptor {
            name,
            version: None,
            description: None,
            kind: work.kind(),
            hooks: Vec::new(),
            mode: Mode::Active,
            fail_open: false,
            priority_hint: Priority::default(),
            compat: None,
            config_schema: None,
        };
        Self { descriptor, work, policy: Policy::default() }
    }

    /// The interceptor with what it says of itself: all but the kind, which is that of its work.
    #[must_use]
    pub fn described(mut self, descriptor: Descriptor) -> Self {
        self.descriptor = Descriptor { kind: self.work.kind(), ..descriptor };
        self
    }

    /// Hooks these events in one phase.
    #[must_use]
    pub fn on<S: Into<String>>(
        mut self,
        phase: Phase,
        events: impl IntoIterator<Item = S>,
    ) -> Self {
        self.descriptor.hooks.push(Hook::new(phase, events));
        self
    }

    /// Of the messages that it hooks, those matter to it of whose event and phase `concern` says yes. All
    /// others go past it as if it hooked them not: none is counted, none costs anything.
    ///
    /// `concern` is asked when a plan is compiled, and again for events that are not the protocol's: what it
    /// says must not change.
    #[must_use]
    pub fn concerned_by(
        mut self,
        concern: impl Fn(&str, Phase) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.policy.concern = Concern(Some(Arc::new(concern)));
        self
    }

    /// Hooks these events in both phases.
    #[must_use]
    pub fn on_both<S: Into<String>>(self, events: impl IntoIterator<Item = S>) -> Self {
        let events: Vec<String> = events.into_iter().map(Into::into).collect();
        self.on(Phase::Request, events.clone()).on(Phase::Response, events)
    }

    /// What it does, for people.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.descriptor.description = Some(text.into());
        self
    }

    /// Its place among the mutators, in both phases: from the lowest number to the highest. The
    /// default is 0; equal numbers run in the order of their names.
    #[must_use]
    pub fn priority(self, number: i32) -> Self {
        self.priorities(Priority::both(number))
    }

    /// Its places among the mutators of each phase.
    #[must_use]
    pub fn priorities(mut self, priority: Priority) -> Self {
        self.descriptor.priority_hint = priority;
        self
    }

    /// Its word does not count: it is run and recorded.
    #[must_use]
    pub fn audit(mut self) -> Self {
        self.descriptor.mode = Mode::Audit;
        self
    }

    /// Messages pass when it fails. The default is that they do not.
    #[must_use]
    pub fn fail_open(mut self) -> Self {
        self.descriptor.fail_open = true;
        self
    }

    /// How long it may take, if it takes its time. The default is that of the plan.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.policy.timeout = Some(timeout);
        self
    }

    /// It sees answers that are errors, too: their payload is the `error`.
    #[must_use]
    pub fn sees_errors(mut self) -> Self {
        self.policy.wants.errors = true;
        self
    }

    /// What it makes of a result depends on nothing but the result: the caching that the server allows
    /// stays allowed.
    #[must_use]
    pub fn pure(mut self) -> Self {
        self.policy.is_pure = true;
        self
    }

    /// It changes payloads as a matter of course: that is counted, but is no decision, which would be logged and
    /// counted by tool.
    #[must_use]
    pub fn routine(mut self) -> Self {
        self.policy.is_routine = true;
        self
    }

    /// It is told which program a legacy client has, too: see [`View::client`]. That is kept with each
    /// session.
    #[must_use]
    pub fn needing_client(mut self) -> Self {
        self.policy.wants.client = true;
        self
    }

    /// It keeps things until a call is over: see [`Origin::keep`](crate::Origin::keep).
    #[must_use]
    pub fn keeping(mut self) -> Self {
        self.policy.wants.room = true;
        self
    }

    /// It asks for the consent of a person: see [`Edit::Ask`].
    #[must_use]
    pub fn asking(mut self) -> Self {
        self.policy.asks = true;
        self
    }

    /// What it says of itself.
    #[must_use]
    pub const fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }
}

impl fmt::Debug for Interceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interceptor").field("name", &self.descriptor.name).finish_non_exhaustive()
    }
}
