//! The bounds of one child process, or of one pair of streams.

use std::time::Duration;

use eyot_service::Limits;

/// What one child may cost, and how long it may take to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildLimits {
    /// Longest line of stdout in bytes; a longer one is skipped and reported.
    pub line_bytes_max: usize,
    /// Bytes that may wait for the child to read its stdin.
    pub queue_bytes_max: usize,
    /// Bytes of stderr that are kept for the [`ExitReport`](crate::ExitReport).
    pub stderr_tail_bytes: usize,
    /// Time between the end of its stdin and SIGTERM.
    pub exit_grace: Duration,
    /// Time between SIGTERM and SIGKILL.
    pub kill_grace: Duration,
}

impl ChildLimits {
    /// The bounds of a child that is an upstream.
    #[must_use]
    pub fn of(limits: &Limits) -> Self {
        let line_bytes_max = limits.messages.bytes_max;
        let upstream = &limits.upstream;
        Self {
            line_bytes_max,
            queue_bytes_max: upstream.child_queue_bytes_max.saturating_add(line_bytes_max),
            stderr_tail_bytes: upstream.child_stderr_bytes_max,
            exit_grace: upstream.child_exit_grace,
            kill_grace: upstream.child_kill_grace,
        }
    }
}

impl Default for ChildLimits {
    /// The limits that follow from the default [`Limits`].
    fn default() -> Self {
        Self::of(&Limits::default())
    }
}

/// How much one pair of streams may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineLimits {
    /// Longest line in bytes; a longer one is skipped and reported.
    pub line_bytes_max: usize,
    /// Bytes that may wait for the peer to read.
    pub queue_bytes_max: usize,
}

impl LineLimits {
    /// The bounds of a pipe that carries messages: while as many bytes wait as the pipe allows, one
    /// message of the longest kind still fits.
    #[must_use]
    pub fn of(limits: &Limits) -> Self {
        let line_bytes_max = limits.messages.bytes_max;
        let queue_bytes_max = limits.pipe.queue_bytes_max.saturating_add(line_bytes_max);
        Self { line_bytes_max, queue_bytes_max }
    }
}

impl Default for LineLimits {
    /// Limits as for a child: lines of 16 MiB, two of them queued.
    fn default() -> Self {
        let ChildLimits { line_bytes_max, queue_bytes_max, .. } = ChildLimits::default();
        Self { line_bytes_max, queue_bytes_max }
    }
}
