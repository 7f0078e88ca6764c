//! The promises of every store, as checks that run against any of them.

mod endings;
mod events;
mod finished;
mod leases;
mod make_store;
mod model;
mod operation;
mod parked;
mod sessions;
mod trimming;

use eyot_session::LogLimits;

pub use self::make_store::MakeStore;

/// Checks every promise that the traits of `eyot-session` make, each on a store of its
/// own, then random operations against a simple model.
///
/// # Panics
///
/// When the store breaks a promise; the name of the panicking function tells which.
pub fn check_store(make: MakeStore<'_>) {
    for check in
        sessions::CHECKS.iter().chain(events::CHECKS).chain(parked::CHECKS).chain(leases::CHECKS)
    {
        check(&*make(LogLimits::default()));
    }
    for check in trimming::CHECKS.iter().chain(finished::CHECKS).chain(endings::CHECKS) {
        check(make);
    }
    model::agrees_with_a_simple_model(make);
}
