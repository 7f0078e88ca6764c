//! What a task is when it begins.

use std::sync::Arc;
use std::time::Duration;

use eyot_stdx::QuotaPermit;

use super::polling::PollBounds;
use super::said::Said;

/// What a task is when it begins.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a driver names every member")]
pub struct TaskSeed {
    /// The id that the client gets.
    pub id: Arc<str>,
    /// The permit for the task and what it comes to. `None`: nothing is counted, because nothing is kept
    /// longer than the request that waits for it.
    pub permit: Option<QuotaPermit>,
    /// Where the work is done.
    pub place: WorkPlace,
    /// What the work says of itself.
    pub said: Said,
    /// How long the work likes the task to be kept, in milliseconds. `None`: as long as it may.
    pub ttl_ms: Option<u64>,
    /// The time of day, in milliseconds since 1970.
    pub unix_ms: u64,
}

/// Where the work behind a task is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the work is here or it is not")]
pub enum WorkPlace {
    /// In this process: it says what changes, and stops when it is told to.
    Here,
    /// At a peer, which is asked how far it is and asked to stop.
    Peer,
}

/// Bounds of a task.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a driver takes each from its limits")]
pub struct TaskBounds {
    /// The longest time that a task is kept from its creation on.
    pub ttl_max: Duration,
    /// Questions that are open at once; and answered ones that are remembered.
    pub questions_max: usize,
    /// How often the work is looked at.
    pub polling: PollBounds,
}
