//! The bridge between the eras: what each message of one becomes in the other, and how the era of
//! a peer is found.
//!
//! A legacy peer lives in a session that `initialize` opens, and its server asks with requests of
//! its own. A modern peer says everything in every request, and its server asks in its answers.
//! What differs in single values is in the one table of [`revision`]; what differs in the order of
//! messages is in the modules of the two directions, [`parked`] and [`tasks`]. What is known of a
//! server is in [`detect`] and [`ToolFacts`]; [`BridgeReport`] tells of a server before any call.
//!
//! **Invariant:** no I/O, no clock, no spawn. What the bridge does not have to change, it does not
//! change: values keep their bytes.

mod bridge_report;
pub mod detect;
pub mod legacy_to_modern;
mod losses;
pub mod modern_to_legacy;
pub mod parked;
pub mod revision;
pub mod tasks;
mod tool_facts;

pub use crate::bridge_report::{BridgeReport, has_tasks};
pub use crate::losses::LOSSES_KEY;
pub use crate::tool_facts::valid_headers::without_invalid_headers;
pub use crate::tool_facts::{KnownTool, ToolFact, ToolFacts};

#[cfg(test)]
mod tests;
