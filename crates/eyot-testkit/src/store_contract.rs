//! What every store promises, as checks that run against any of them.

mod endings;
mod events;
mod finished;
mod model;
mod operation;
mod parked;
mod sessions;
mod trimming;

use std::sync::Arc;

use eyot_session::{LogLimits, Store};

/// Makes an empty store with the given limits.
pub type MakeStore<'a> = &'a dyn Fn(LogLimits) -> Arc<dyn Store>;

/// Checks every promise that the traits of `eyot-session` make, each on a store of its
/// own, then random operations against a simple model.
///
/// # Panics
///
/// When the store breaks a promise; the name of the function that panics says which.
pub fn check_store(make: MakeStore<'_>) {
    for check in sessions::CHECKS.iter().chain(events::CHECKS).chain(parked::CHECKS) {
        check(&*make(LogLimits::default()));
    }
    for check in trimming::CHECKS.iter().chain(finished::CHECKS).chain(endings::CHECKS) {
        check(make);
    }
    model::agrees_with_a_simple_model(make);
}
