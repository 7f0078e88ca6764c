//! Calls while they run: what a handler sees of its call, and what the call sends to its client.

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
