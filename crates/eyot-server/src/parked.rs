//! Calls that wait for their clients: the part that a server of handlers adds to
//! [`eyot_era::parked`].
//!
//! The machine there decides what a round means, which clients wait for a call, and until when;
//! between two rounds it holds the handler. The locks, the bounds and the time are here. Nothing is
//! stored: a handler ends with its process.

mod calls;
mod guard;

pub(crate) use self::calls::ParkedCalls;
pub(crate) use self::guard::{CameBack, ClientGuard};

#[cfg(test)]
mod tests;
