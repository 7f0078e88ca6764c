//! The actions that are due.

use super::messages::Action;

/// What a driver has not been told to do yet.
#[derive(Debug, Default)]
pub(super) struct Due {
    pub(super) listen: bool,
    pub(super) cancel: bool,
    release: Release,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Release {
    #[default]
    No,
    Now,
    Done,
}

impl Due {
    /// The next action. Nothing comes after the release.
    pub(super) fn take(&mut self) -> Option<Action> {
        if std::mem::take(&mut self.listen) {
            return Some(Action::Listen);
        }
        if std::mem::take(&mut self.cancel) {
            return Some(Action::Cancel);
        }
        if self.release == Release::Now {
            self.release = Release::Done;
            return Some(Action::Release);
        }
        None
    }

    /// The work is let go, once.
    pub(super) fn release(&mut self) {
        if self.release == Release::No {
            self.release = Release::Now;
        }
    }

    /// Whether the work was let go, or is about to be.
    pub(super) fn is_released(&self) -> bool {
        self.release != Release::No
    }

    /// What was to be asked of the work has no sense any more.
    pub(super) fn clear(&mut self) {
        self.listen = false;
        self.cancel = false;
    }
}
