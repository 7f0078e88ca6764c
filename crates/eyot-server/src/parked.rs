//! Calls that wait for their clients: what a server of handlers adds to [`eyot_era::parked`].
//!
//! The machine there says what a round means, who is here for a call, and until when; between two
//! rounds it holds the handler. Here are the locks, the bounds and the time. Nothing is stored: a
//! handler ends with its process.

mod calls;
mod guard;

pub(crate) use self::calls::ParkedCalls;
pub(crate) use self::guard::{CameBack, ClientGuard};

#[cfg(test)]
mod tests;
