//! Calls while they run: what their handlers see of them, and what is read out of them.

mod asking;
pub(crate) mod begin;
pub(crate) mod calls;
pub(crate) mod context;
mod deadline;
pub(crate) mod exchange;
pub(crate) mod handlers;
pub(crate) mod layered;
pub(crate) mod progress;
mod reply;
pub(crate) mod run;
pub(crate) mod running;
pub(crate) mod session;
mod settle;
mod state;
