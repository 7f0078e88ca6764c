//! What the programs of this package share: the exchanges that are measured, the servers of both
//! SDKs that answer them, and what one program tells another.

pub mod exchange;
mod heap_report;
pub mod servers;

pub use crate::heap_report::{CallCost, HeapReport, SessionCost};
