//! The plan that layers share, and where they stand.

use std::sync::Arc;

use parking_lot::RwLock;

use crate::origin::Direction;
use crate::plan::Plan;
use crate::run::Crossing;

/// A plan that can be replaced while calls run through it. Cheap to clone; clones share the plan.
#[derive(Clone, Debug)]
pub struct Interceptors(Arc<RwLock<Arc<Plan>>>);

impl Interceptors {
    /// The plan, for as many layers as it is to stand in.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(plan))))
    }

    /// The plan that the next call gets.
    #[must_use]
    pub fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.0.read())
    }

    /// The plan that the next call gets, if `is_met` says so of it.
    pub(crate) fn plan_if(&self, is_met: impl FnOnce(&Plan) -> bool) -> Option<Arc<Plan>> {
        let plan = self.0.read();
        is_met(&plan).then(|| Arc::clone(&plan))
    }

    /// Looks at the plan that the next call gets.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&Plan) -> T) -> T {
        look(&self.0.read())
    }

    /// Puts another plan in its place. A call that has begun keeps its plan for its answer.
    pub fn replace(&self, plan: Plan) {
        let before = std::mem::replace(&mut *self.0.write(), Arc::new(plan));
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
