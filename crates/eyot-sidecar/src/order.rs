//! Which steps an event meets, in which order, for people.

use std::collections::BTreeSet;

use eyot_interceptors::{Boundary, Interceptor, InterceptorKind, Mode, Phase, Plan};
use serde::Serialize;

/// What an event meets in one phase.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct StepOrder {
    /// The event, or the beginning of events before `*`.
    pub event: String,
    /// The phase.
    pub phase: Phase,
    /// The mutators in their order and the validators, those first that come first.
    pub steps: Vec<OrderedStep>,
}

/// A step in its place.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OrderedStep {
    /// Its name in the plan.
    pub name: String,
    /// Whether it judges payloads or changes them.
    #[serde(rename = "type")]
    pub kind: InterceptorKind,
    /// Whether its word counts.
    pub mode: Mode,
    /// Whether messages pass when it fails.
    pub fail_open: bool,
    /// Its place among the mutators.
    pub priority: i32,
    /// It stands before one of several servers alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_own: bool,
}

impl StepOrder {
    /// What an event meets at a boundary, or each event that a step hooks; phases that meet nothing are
    /// left out.
    ///
    /// What leaves is mutated before it is validated, and what arrives after that: to a server requests
    /// leave and results arrive, to clients it is the other way round.
    #[must_use]
    pub fn of(plan: &Plan, boundary: Boundary, event: Option<&str>) -> Vec<Self> {
        let events = event.map_or_else(|| plan.supported_events(), |it| vec![it.to_owned()]);
        let phases = [Phase::Request, Phase::Response];
        let both =
            |event: String| phases.map(|phase| Self::at((plan, boundary), event.clone(), phase));
        let orders = events.into_iter().flat_map(both);
        orders.filter(|it| !it.steps.is_empty()).collect()
    }

    /// As [`of`](Self::of) for messages between this process and one server, which meet a plan for all
    /// servers and one for this server alone: requests first that for all, and what comes back first that
    /// of the server.
    #[must_use]
    pub fn of_server(all: &Plan, own: &Plan, event: Option<&str>) -> Vec<Self> {
        let events: BTreeSet<String> = match event {
            Some(event) => [event.to_owned()].into(),
            None => all.supported_events().into_iter().chain(own.supported_events()).collect(),
        };
        let both = |event: String| {
            [Phase::Request, Phase::Response].map(|phase| {
                let outside = Self::at((all, Boundary::Upstream), event.clone(), phase).steps;
                let mut inside = Self::at((own, Boundary::Upstream), event.clone(), phase).steps;
                inside.iter_mut().for_each(|it| it.is_own = true);
                let steps = match phase {
                    Phase::Request => [outside, inside].concat(),
                    Phase::Response => [inside, outside].concat(),
                };
                Self { event: event.clone(), phase, steps }
            })
        };
        let orders = events.into_iter().flat_map(both);
        orders.filter(|it| !it.steps.is_empty()).collect()
    }

    fn at((plan, boundary): (&Plan, Boundary), event: String, phase: Phase) -> Self {
        let step = |it: &Interceptor| {
            let own = it.descriptor();
            let (kind, mode, fail_open) = (own.kind, own.mode, own.fail_open);
            let priority = own.priority_hint.of(phase);
            OrderedStep { name: own.name.clone(), kind, mode, fail_open, priority, is_own: false }
        };
        let mut steps: Vec<_> = plan.order(&event, phase).into_iter().map(step).collect();
        let arriving = match boundary {
            Boundary::Downstream => Phase::Request,
            Boundary::Upstream => Phase::Response,
        };
        if phase == arriving {
            steps.sort_by_key(|it| it.kind == InterceptorKind::Mutation);
        }
        Self { event, phase, steps }
    }
}

impl OrderedStep {
    /// How it is run, in words.
    #[must_use]
    pub fn manner(&self) -> String {
        let mut words = vec![match self.kind {
            InterceptorKind::Validation => "validates".to_owned(),
            InterceptorKind::Mutation => format!("mutates, priority {}", self.priority),
        }];
        words.extend((self.mode == Mode::Audit).then(|| "in audit mode".to_owned()));
        words.extend(self.fail_open.then(|| "fails open".to_owned()));
        words.extend(self.is_own.then(|| "before this server alone".to_owned()));
        words.join(", ")
    }
}

#[cfg(test)]
mod tests;
