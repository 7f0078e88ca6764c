//! The orderly end as a state machine: end of stdin, SIGTERM, SIGKILL.

use std::time::Duration;

use tokio::time::Instant;

/// The steps of ending a child that were taken, and the time of the next one.
///
/// The shutdown that the specification asks of a client: close the stream to the server, wait a
/// reasonable time for its exit, SIGTERM, wait again, SIGKILL (2025-11-25, basic/lifecycle,
/// Shutdown, stdio).
#[derive(Debug)]
pub(crate) struct Ladder {
    stage: Stage,
    has_exited: bool,
    deadline: Option<Instant>,
    exit_grace: Duration,
    kill_grace: Duration,
}

/// The signal that is due now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// SIGTERM to the group.
    Terminate,
    /// SIGKILL to the group.
    Kill,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Running,
    /// The child's stdin has ended.
    Leaving,
    Terminated,
    Killed,
    /// The ladder waits for nothing any more.
    Over,
}

impl Ladder {
    pub(crate) fn new(exit_grace: Duration, kill_grace: Duration) -> Self {
        let stage = Stage::Running;
        Self { stage, has_exited: false, deadline: None, exit_grace, kill_grace }
    }

    /// The child's stdin has ended: the child should leave from now on. Later calls change nothing.
    pub(crate) fn handle_close(&mut self, now: Instant) {
        if self.stage != Stage::Running {
            return;
        }
        self.stage = Stage::Leaving;
        if !self.has_exited {
            self.deadline = Some(now + self.exit_grace);
        }
    }

    /// The process has exited; only its pipes may still be open, held by a descendant.
    pub(crate) fn handle_exit(&mut self, now: Instant) {
        self.has_exited = true;
        // After SIGTERM, the rest of the group keeps the time that it was given.
        if self.stage != Stage::Terminated {
            self.deadline = Some(now + DRAIN_TIME_MAX);
        }
    }

    /// The deadline has passed: the signal to send, if any.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<Step> {
        let (stage, wait, step) = match self.stage {
            Stage::Terminated => (Stage::Killed, Some(self.wait_after_kill()), Some(Step::Kill)),
            Stage::Leaving if !self.has_exited => {
                (Stage::Terminated, Some(self.kill_grace), Some(Step::Terminate))
            }
            Stage::Running | Stage::Leaving | Stage::Killed | Stage::Over => {
                (Stage::Over, None, None)
            }
        };
        self.stage = stage;
        self.deadline = wait.map(|it| now + it);
        step
    }

    /// The time when [`handle_timeout`](Self::handle_timeout) is due. `None`: there is nothing to
    /// wait for.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether the process has exited.
    pub(crate) fn has_exited(&self) -> bool {
        self.has_exited
    }

    /// Whether all waiting time is used up: then only data that is there at once is read.
    pub(crate) fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }

    fn wait_after_kill(&self) -> Duration {
        if self.has_exited { DRAIN_TIME_MAX } else { REAP_TIME_MAX }
    }
}

/// How long pipes that outlive the process are read: a descendant outside the group may hold them
/// for ever. The data is in the pipe already; the time is for a machine under load.
const DRAIN_TIME_MAX: Duration = Duration::from_millis(200);

/// How long a killed process may take to be gone: only a process that is stuck in the kernel takes
/// longer than an instant.
const REAP_TIME_MAX: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
