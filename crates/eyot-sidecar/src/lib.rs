//! Interceptors across MCP (SEP-2624): a plan offered as a server, and the interceptors of other servers
//! as steps of a plan.
//!
//! [`interceptor_server`] answers `interceptors/list` and `interceptor/invoke` out of any plan.
//! [`PlanSource`] is the other half: it reads what [`RemoteServer`]s offer, makes one plan of it and of
//! the steps of this process, and keeps the plan up to date while its [`PlanDriver`] runs. [`Callees`] are
//! the interceptors as they are called one by one, by rules.
//!
//! **Invariant:** a server of interceptors sees nothing that its user has not allowed, holds no message
//! up for longer than its time, and a step that it does not answer for fails by its own mode; what it once
//! offered is never left out of the plan because it is silent about it.

mod assembly;
mod audit;
mod breaker;
mod callees;
mod case;
mod case_file;
mod catalog;
mod declaring;
mod driver;
mod error;
mod link;
mod naming;
mod order;
mod remote;
mod serving;
mod source;
mod step;
mod verdict;
mod watcher;

pub use crate::breaker::BreakerOptions;
pub use crate::callees::Callees;
pub use crate::case::Case;
pub use crate::case_file::CaseProblem;
pub use crate::driver::{LivePlan, PlanDriver};
pub use crate::error::{ListProblem, PlanReplaceError, PlanStartError};
pub use crate::order::{OrderedStep, StepOrder};
pub use crate::remote::RemoteServer;
pub use crate::serving::{interceptor_server, offer_interceptors};
pub use crate::source::PlanSource;

#[cfg(test)]
mod tests;
