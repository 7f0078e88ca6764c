//! The plan that layers share, and where they stand.

use std::sync::Arc;

use parking_lot::RwLock;

use crate::consent::AskableSessions;
use crate::origin::Direction;
use crate::plan::Plan;
use crate::run::Crossing;

/// A plan that can be replaced while calls run through it. Cheap to clone; clones share the plan.
#[derive(Clone, Debug)]
pub struct Interceptors {
    plan: Arc<RwLock<Arc<Plan>>>,
    /// The sessions at all of the places that can be asked about the calls of others.
    pub(crate) askable: AskableSessions,
}

impl Interceptors {
    /// The plan, for as many layers as it is to stand in.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self { plan: Arc::new(RwLock::new(Arc::new(plan))), askable: AskableSessions::default() }
    }

    /// The plan that the next call gets.
    #[must_use]
    pub fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.plan.read())
    }

    /// The plan that the next call gets, if `is_met` says so of it.
    pub(crate) fn plan_if(&self, is_met: impl FnOnce(&Plan) -> bool) -> Option<Arc<Plan>> {
        let plan = self.plan.read();
        is_met(&plan).then(|| Arc::clone(&plan))
    }

    /// Looks at the plan that the next call gets.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&Plan) -> T) -> T {
        look(&self.plan.read())
    }

    /// Puts another plan in its place. A call that has begun keeps its plan for its answer.
    pub fn replace(&self, plan: Plan) {
        let before = std::mem::replace(&mut *self.plan.write(), Arc::new(plan));
        drop(before);
    }
}

/// The boundary of trust that a layer stands at. A proxy has both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a proxy has two sides")]
pub enum Boundary {
    /// Between clients and this process: requests arrive here, and answers leave.
    Downstream,
    /// Between this process and a server: requests leave here, and answers arrive.
    Upstream,
}

impl Boundary {
    pub(crate) const fn crossing(self, direction: Direction) -> Crossing {
        match (self, direction) {
            (Self::Downstream, Direction::ToServer) | (Self::Upstream, Direction::ToClient) => {
                Crossing::Receiving
            }
            (Self::Downstream, Direction::ToClient) | (Self::Upstream, Direction::ToServer) => {
                Crossing::Sending
            }
        }
    }
}
