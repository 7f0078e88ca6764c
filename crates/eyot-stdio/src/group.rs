//! The process group that a child leads: signals, exit status, no survivors.

use std::io;
use std::process::ExitStatus;
use std::task::{Context, Poll};

use process_wrap::tokio::ChildWrapper;

use crate::reaper::{StartingChild, WatchedGroup};

/// A child and its descendants, while they stay in its process group.
///
/// Dropping it kills the group. The runtime then reaps the child in the background, so that no
/// zombie stays; descendants are reaped by the process that inherits them.
#[derive(Debug)]
pub(crate) struct Group {
    leader: Box<dyn ChildWrapper>,
    /// For as long as the group may have processes, and this process has a reaper.
    watched: Option<WatchedGroup>,
    is_ended: bool,
}

impl Group {
    pub(crate) fn new(leader: Box<dyn ChildWrapper>, starting: StartingChild) -> Self {
        let watched = Some(starting.started(leader.id()));
        Self { leader, watched, is_ended: false }
    }

    /// The leader's process id. `None`: the leader has exited.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.leader.id()
    }

    /// Waits for the leader alone, and reaps it.
    ///
    /// The wrapper's own `wait` would also wait for every descendant that is a child of this
    /// process. All orphans are, when this process is the first process of a container.
    pub(crate) fn poll_exit(&mut self, context: &mut Context<'_>) -> Poll<io::Result<ExitStatus>> {
        self.leader.inner_mut().wait().as_mut().poll(context)
    }

    /// Asks all of the group to end.
    pub(crate) fn terminate(&self) {
        self.note(self.leader.signal(SIGTERM));
    }

    /// Ends all of the group at once.
    pub(crate) fn kill(&mut self) {
        let result = self.leader.start_kill();
        self.note(result);
    }

    /// Kills what is left, once. After that no signal is sent any more: the group's number may by
    /// then belong to another group.
    pub(crate) fn end(&mut self) {
        if !self.is_ended {
            self.kill();
            self.watched = None;
            self.is_ended = true;
        }
    }

    /// A signal fails when the group is empty already, which is the state that it was to bring
    /// about.
    fn note(&self, result: io::Result<()>) {
        if let Err(error) = result {
            tracing::trace!(pid = self.pid(), %error, "no process of the group is left");
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

/// SIGTERM has this number on every Unix (POSIX, `kill`).
const SIGTERM: i32 = 15;
