//! Calls while they run: what their handlers see of them, and what is read out of them.

pub(crate) mod asking;
pub(crate) mod context;
pub(crate) mod deadline;
pub(crate) mod exchange;
pub(crate) mod handlers;
pub(crate) mod layered;
pub(crate) mod run;
pub(crate) mod session;
