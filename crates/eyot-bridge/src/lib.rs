//! The bridge: clients of one era before a server of the other.
//!
//! What a message becomes in the other era is said by `eyot-era`; here are the sessions, calls and
//! tasks that go on meanwhile. [`ModernToLegacy`] takes modern clients to a legacy server,
//! [`LegacyToModern`] takes legacy clients to a modern one. Both ask the server through
//! `eyot-upstream` and know no sockets.

mod legacy_to_modern;
mod losses;
mod modern_to_legacy;

pub use crate::legacy_to_modern::LegacyToModern;
pub use crate::losses::count_losses;
pub use crate::modern_to_legacy::{
    Affinity, KnownCapabilities, ModernRequest, ModernToLegacy, ParamHeaders,
};
