//! A server of interceptors, as its user wants it to be used.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use eyot_interceptors::{Hook, Overrides};
use eyot_service::Limits;
use eyot_types::JsonObject;
use eyot_upstream::{EraMode, IntoTarget, Target, TargetError};

use crate::breaker::BreakerOptions;

/// A server of interceptors, over any transport, and how it is used.
///
/// It has one connection, in which requests do not wait for one another. What it says of its
/// interceptors are defaults: [`overriding`](Self::overriding) decides.
#[derive(Clone, Debug)]
#[must_use]
pub struct RemoteServer {
    pub(crate) name: Arc<str>,
    pub(crate) target: Target,
    pub(crate) limits: Limits,
    pub(crate) era: EraMode,
    /// `None`: all that it offers.
    pub(crate) only: Option<Vec<String>>,
    /// `None`: all that they hook.
    pub(crate) allowed: Option<Vec<Hook>>,
    pub(crate) overrides: BTreeMap<String, Overrides>,
    pub(crate) configs: BTreeMap<String, JsonObject>,
    pub(crate) timeout: Duration,
    pub(crate) in_flight_max: usize,
    pub(crate) breaker: BreakerOptions,
    pub(crate) refresh: Duration,
    pub(crate) start_timeout: Duration,
    pub(crate) is_optional: bool,
    /// Its interceptors are no steps of the plan.
    pub(crate) is_on_call: bool,
}

impl RemoteServer {
    /// The server at a target: a URL, a program to start, a server of this process. The name stands
    /// before those of its interceptors where another interceptor has the same one.
    ///
    /// # Errors
    ///
    /// The target cannot be used.
    pub fn new(name: impl Into<Arc<str>>, target: impl IntoTarget) -> Result<Self, TargetError> {
        let limits = Limits::default();
        Ok(Self {
            name: name.into(),
            target: target.into_target(limits)?,
            limits,
            era: EraMode::Auto,
            only: None,
            allowed: None,
            overrides: BTreeMap::new(),
            configs: BTreeMap::new(),
            timeout: Duration::from_secs(5),
            in_flight_max: 64,
            breaker: BreakerOptions::default(),
            refresh: Duration::from_secs(300),
            start_timeout: Duration::from_secs(10),
            is_optional: false,
            is_on_call: false,
        })
    }

    /// Every bound of its connection, such as the length and the depth of its answers.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The era that is spoken with it. The default is to find out.
    pub fn era(mut self, era: EraMode) -> Self {
        self.era = era;
        self
    }

    /// Only the interceptors of these names are used. The default is all that the server offers, also
    /// those that it offers later.
    pub fn only<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.only = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// The server sees nothing but these events, whatever its interceptors hook now or later. The
    /// default is what they hook.
    pub fn allowing(mut self, hooks: impl IntoIterator<Item = Hook>) -> Self {
        self.allowed = Some(hooks.into_iter().collect());
        self
    }

    /// Decides about one of its interceptors.
    pub fn overriding(mut self, name: impl Into<String>, overrides: Overrides) -> Self {
        self.overrides.insert(name.into(), overrides);
        self
    }

    /// Settings for one of its interceptors, which go with each question.
    pub fn config(mut self, name: impl Into<String>, config: JsonObject) -> Self {
        self.configs.insert(name.into(), config);
        self
    }

    /// How long an answer may take; the server is told. The default is 5 seconds. No step takes
    /// longer than all of a payload may.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many answers may be awaited at once, at least 1. A step that would be one more fails at
    /// once. The default is 64; audit has room for a quarter as many beside.
    pub fn in_flight_max(mut self, in_flight_max: usize) -> Self {
        self.in_flight_max = in_flight_max.max(1);
        self
    }

    /// When the server is not asked any more for a while.
    pub fn breaker(mut self, breaker: BreakerOptions) -> Self {
        self.breaker = breaker;
        self
    }

    /// How often it is asked what it offers, beside the moments when it tells of a change or was
    /// connected to again. The default is 5 minutes.
    pub fn refresh(mut self, interval: Duration) -> Self {
        self.refresh = interval;
        self
    }

    /// How long it may take at the start to connect to it and to hear what it offers. The default is
    /// 10 seconds.
    pub fn start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout;
        self
    }

    /// Begins without it if it is not there: until it is, messages pass that it would have seen. The
    /// default is not to begin.
    pub fn optional(mut self) -> Self {
        self.is_optional = true;
        self
    }

    /// Makes no steps of its interceptors: they are asked only when they are called, by
    /// [`Callees`](crate::Callees).
    pub fn on_call(mut self) -> Self {
        self.is_on_call = true;
        self
    }

    /// Whether its interceptor of this name is used.
    pub(crate) fn uses(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|it| it.iter().any(|it| it == name))
    }

    /// Names that its user has written.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let only = self.only.iter().flatten();
        only.chain(self.overrides.keys()).chain(self.configs.keys()).map(String::as_str)
    }

    /// No step may take longer than this.
    pub(crate) fn bound_times(&mut self, timeout_max: Duration) {
        self.timeout = self.timeout.min(timeout_max);
        for timeout in self.overrides.values_mut().filter_map(|it| it.timeout.as_mut()) {
            *timeout = timeout_max.min(*timeout);
        }
    }
}
