//! The bridge: clients of one era before a server of the other.
//!
//! What the messages become is `eyot-era`'s matter; here is what carries them, in both directions:
//! [`Bridge`] takes modern clients to a legacy server, [`ToModern`] takes legacy clients to a modern
//! one. It knows no sockets: what carries the messages is `eyot-upstream`'s matter.

mod bridge_report;
mod clock;
mod known_tools;
mod legacy_to_modern;
mod losses;
mod modern_to_legacy;
mod task_rooms;

pub use crate::bridge_report::{BridgeReport, has_tasks};
pub use crate::legacy_to_modern::ToModern;
pub use crate::modern_to_legacy::{Affinity, Bridge, ModernRequest, ParamHeaders};
