//! The bridge: clients of one era before a server of the other.
//!
//! What a message becomes in the other era is said by `eyot-era`; here are the sessions, calls and
//! tasks that go on meanwhile. [`ModernToLegacy`] takes modern clients to a legacy server,
//! [`LegacyToModern`] takes legacy clients to a modern one. Both ask the server through
//! `eyot-upstream` and know no sockets. [`LegacyRevisions`] is for a client and a server of two
//! revisions of the legacy era.

mod bridge_report;
mod legacy_to_modern;
mod losses;
mod modern_to_legacy;
mod revisions;

pub use crate::bridge_report::{BridgeReport, has_tasks};
pub use crate::legacy_to_modern::LegacyToModern;
pub use crate::modern_to_legacy::{Affinity, ModernRequest, ModernToLegacy, ParamHeaders};
pub use crate::revisions::LegacyRevisions;
