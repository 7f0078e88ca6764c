//! The log of a server's changes.
//!
//! One bounded log serves all readers: a reader is only a place in it. No reader has a queue of its
//! own, a slow reader holds nothing back, and a client that was away learns what it has missed.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::task::{Context, Waker};

use parking_lot::Mutex;

/// A change that clients can listen for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// The list of tools.
    Tools,
    /// The list of prompts.
    Prompts,
    /// The list of resources, or of their templates.
    Resources,
    /// One resource.
    Resource(Arc<str>),
}

/// A place between two changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u64);

/// The changes since a place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// These, each once.
    These(BTreeSet<Change>),
    /// More than the log holds: anything may have changed.
    Anything,
}

/// The last changes.
#[derive(Debug, Default)]
pub(crate) struct ChangeLog(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The place behind the newest change.
    end: u64,
    /// The newest changes.
    recent: VecDeque<Change>,
    /// Wakers of the readers that wait, by reader number.
    waiting: Vec<(u64, Waker)>,
    readers: u64,
}

impl ChangeLog {
    /// The place behind the newest change.
    pub(crate) fn end(&self) -> Place {
        Place(self.0.lock().end)
    }

    /// Writes a change down and wakes the readers.
    pub(crate) fn push(&self, change: Change) {
        let mut state = self.0.lock();
        state.end += 1;
        if state.recent.len() == RECENT_MAX {
            state.recent.pop_front();
        }
        state.recent.push_back(change);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        waiting.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// The number of a new reader.
    pub(crate) fn reader(&self) -> u64 {
        let mut state = self.0.lock();
        state.readers += 1;
        state.readers
    }

    /// The changes since `place`, which moves to the end. `None`: there are none, and the next
    /// change wakes the reader.
    pub(crate) fn poll_since(
        &self,
        reader: u64,
        place: &mut Place,
        cx: &Context<'_>,
    ) -> Option<Changed> {
        let mut state = self.0.lock();
        let missed = state.end.saturating_sub(place.0);
        if missed == 0 {
            match state.waiting.iter_mut().find(|(number, _)| *number == reader) {
                Some((_, waker)) => waker.clone_from(cx.waker()),
                None => state.waiting.push((reader, cx.waker().clone())),
            }
            return None;
        }
        place.0 = state.end;
        let missed = usize::try_from(missed).unwrap_or(usize::MAX);
        let Some(skipped) = state.recent.len().checked_sub(missed) else {
            return Some(Changed::Anything);
        };
        Some(Changed::These(state.recent.iter().skip(skipped).cloned().collect()))
    }

    /// Forgets a reader.
    pub(crate) fn forget(&self, reader: u64) {
        self.0.lock().waiting.retain(|(number, _)| *number != reader);
    }
}

/// How many changes are remembered, for all readers together.
const RECENT_MAX: usize = 1024;

#[cfg(test)]
mod tests;
