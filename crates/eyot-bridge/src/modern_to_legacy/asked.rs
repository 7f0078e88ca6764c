//! Whose the open questions of one upstream session are.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use eyot_jsonrpc::Id;

use super::shared::CallShared;
use super::tasks::{AskTarget, TaskTarget};

/// The calls and tasks in which the upstream has asked, by its ids of the questions.
///
/// Nothing tells when a question is answered. So those that are not open any more are looked for when
/// there are twice as many as after the last look: that is a look at two for each that is added.
#[derive(Debug, Default)]
pub(super) struct Asked {
    targets: HashMap<Id, WeakTarget>,
    /// As many were open at the last look.
    open: usize,
}

#[derive(Clone, Debug)]
enum WeakTarget {
    Call(Weak<CallShared>),
    Task(Weak<dyn TaskTarget>),
}

impl Asked {
    /// Adds questions that were asked in `target`.
    pub(super) fn add(&mut self, ids: impl IntoIterator<Item = Id>, target: &AskTarget) {
        let target = match target {
            AskTarget::Call(call) => WeakTarget::Call(Arc::downgrade(call)),
            AskTarget::Task(task) => WeakTarget::Task(Weak::clone(task)),
        };
        self.targets.extend(ids.into_iter().map(|id| (id, target.clone())));
    }

    /// Takes a question out that the upstream takes back.
    pub(super) fn take(&mut self, id: &Id) -> Option<AskTarget> {
        self.targets.remove(id)?.upgrade()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.targets.len()
    }

    /// The questions, if they are due to be looked at.
    pub(super) fn due(&self) -> Option<Look> {
        let is_due = self.targets.len() >= (2 * self.open).max(LOOK_MIN);
        is_due.then(|| Look(self.targets.iter().map(|(id, it)| (id.clone(), it.clone())).collect()))
    }

    /// Forgets questions that are not open any more: no id is used twice.
    pub(super) fn forget(&mut self, closed: &[Id]) {
        closed.iter().for_each(|id| drop(self.targets.remove(id)));
        self.open = self.targets.len();
    }
}

/// Questions to be looked at, outside of the lock: each call has its own.
pub(super) struct Look(Vec<(Id, WeakTarget)>);

impl Look {
    /// Those that are not open any more.
    pub(super) fn closed(self) -> Vec<Id> {
        let is_open = |id: &Id, target: WeakTarget| {
            target.upgrade().is_some_and(|it| it.open_questions().contains(id))
        };
        let closed = self.0.into_iter().filter_map(|(id, it)| (!is_open(&id, it)).then_some(id));
        closed.collect()
    }
}

impl WeakTarget {
    fn upgrade(&self) -> Option<AskTarget> {
        Some(match self {
            Self::Call(call) => AskTarget::Call(call.upgrade()?),
            Self::Task(task) => AskTarget::Task(Weak::clone(task)),
        })
    }
}

/// So few are not looked through.
const LOOK_MIN: usize = 64;
