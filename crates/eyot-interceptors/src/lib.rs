//! Validators and mutators of MCP messages (SEP-2624), as one plan before any service.
//!
//! An [`Interceptor`] judges a payload, or says what becomes of it. A [`Plan`] has found out once which meet
//! which event, in which order. [`InterceptorLayer`] runs it over all that crosses a boundary, both ways.
//! **Invariant:** what no interceptor changes leaves as the bytes that came; what one changes has passed
//! the strict scan again; and a message whose event meets nothing costs a look into a table.

mod asking;
mod caching;
mod client;
mod consent;
mod denial;
mod descriptor;
mod edit;
mod event;
mod failure;
mod fit;
mod interceptor;
mod interceptors;
mod invoke;
mod layer;
mod origin;
mod outcome;
mod overrides;
mod passage;
mod plan;
mod plan_error;
mod pointer;
mod rounds;
mod run;
mod service;
mod shapes;
mod subject;
mod trail;
mod validation;
mod view;

pub use crate::client::ClientProgram;
pub use crate::consent::{Approvers, Consent};
pub use crate::descriptor::{Compat, Descriptor, Hook, InterceptorKind, Mode, Phase, Priority};
pub use crate::edit::{Edit, Splice};
pub use crate::event::{INVOKE, INVOKE_PLURAL, LIST};
pub use crate::failure::Failure;
pub use crate::interceptor::{AsyncMutator, AsyncValidator, Interceptor, Mutator, Validator};
pub use crate::interceptors::{Boundary, Interceptors};
pub use crate::invoke::{
    EXTENSION, InvokeContext, InvokeParams, InvokePrincipal, InvokeResult, ListParams, ListResult,
};
pub use crate::layer::InterceptorLayer;
pub use crate::origin::{Direction, Origin};
pub use crate::outcome::{Decision, NoPayload, Outcome};
pub use crate::overrides::Overrides;
pub use crate::plan::{DenyAs, Plan, PlanOptions};
pub use crate::plan_error::PlanError;
pub use crate::trail::StepResult;
pub use crate::validation::{Finding, Severity, Validation};
pub use crate::view::{Seen, View};

#[cfg(test)]
mod tests;
