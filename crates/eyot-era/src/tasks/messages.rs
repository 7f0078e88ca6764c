//! What a machine and its driver tell each other.

use super::questions::{AskedQuestions, TooManyQuestions};
use super::said::Said;

/// What a request that looks at a task must do next.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "a driver must do each of them")]
pub enum Want {
    /// Nothing: what is known is the present.
    Nothing,
    /// Ask the work how far it is, and hand in the [`Report`].
    Report(Look),
    /// Get what the task has come to, and hand in the [`End`](super::End).
    End(Ending),
}

/// One look at the work. A late report of an earlier look does not undo what a later one has
/// brought.
#[derive(Debug)]
pub struct Look(pub(super) u64);

/// Work that says that it has ended, and has not said how.
#[derive(Debug)]
pub struct Ending(pub(super) Said);

/// What the work says when it is asked how far it is.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a driver names every member")]
pub struct Report {
    /// What it says of itself.
    pub said: Said,
    /// The questions that it waits for. `None`: it asks in another way.
    pub asked: Option<AskedQuestions>,
    /// It waits for input, and asks on a stream that the driver must listen to.
    pub needs_listener: bool,
    /// It has ended.
    pub is_over: bool,
}

/// Why what the work says cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// The work says that its task has not ended as it had, or not at all.
    #[error("the task has ended, and does not stand by its end")]
    Contradiction,
    /// It asks more than it may.
    #[error(transparent)]
    TooManyQuestions(#[from] TooManyQuestions),
}

/// What a driver must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must do each of them")]
pub enum Action {
    /// Listen to the stream on which the work asks.
    Listen,
    /// Tell the work to stop.
    Cancel,
    /// Let go of the work: nothing more is wanted of it. The last action.
    Release,
}

/// How much of a task one watcher has seen.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watcher {
    /// `0`: nothing.
    pub(super) seen: u64,
}
