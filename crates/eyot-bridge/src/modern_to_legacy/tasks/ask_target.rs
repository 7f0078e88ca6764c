//! Who is asked when an upstream asks in a task.

use std::fmt;
use std::sync::{Arc, Weak};

use eyot_jsonrpc::{ErrorObject, INVALID_REQUEST, Id, Request};

use super::super::shared::CallShared;

/// Who is asked when an upstream asks in a task.
#[derive(Clone, Debug)]
pub(crate) enum AskTarget {
    /// The client of a call that does not know of its task.
    Call(Arc<CallShared>),
    /// The client that looks at the task.
    Task(Weak<dyn TaskTarget>),
}

/// An [`AskTarget`] that is not kept.
#[derive(Clone, Debug)]
pub(crate) enum WeakTarget {
    Call(Weak<CallShared>),
    Task(Weak<dyn TaskTarget>),
}

impl WeakTarget {
    pub(crate) fn upgrade(&self) -> Option<AskTarget> {
        Some(match self {
            Self::Call(call) => AskTarget::Call(call.upgrade()?),
            Self::Task(task) => AskTarget::Task(Weak::clone(task)),
        })
    }
}

/// A task that its upstream asks in, and says something of.
pub(crate) trait TaskTarget: fmt::Debug + Send + Sync {
    /// Takes a question; what the upstream is told if it cannot be asked.
    fn ask(&self, request: &Request) -> Result<(), ErrorObject>;

    /// The upstream takes a question back.
    fn withdraw(&self, id: &Id);

    /// The upstream's ids of its open questions.
    fn open_questions(&self) -> Vec<Id>;

    /// The upstream says that its task has changed.
    fn handle_changed(&self);
}

impl AskTarget {
    /// Takes a question; what the upstream is told if it cannot be asked.
    pub(crate) fn ask(&self, request: &Request) -> Result<(), ErrorObject> {
        let gone = |text| ErrorObject::new(INVALID_REQUEST, text);
        match self {
            Self::Call(call) if call.may_be_asked => call.ask(request),
            Self::Call(_) => Err(gone("the client of the call cannot be asked")),
            Self::Task(task) => match task.upgrade() {
                Some(task) => task.ask(request),
                None => Err(gone("the task has ended")),
            },
        }
    }

    pub(crate) fn downgrade(&self) -> WeakTarget {
        match self {
            Self::Call(call) => WeakTarget::Call(Arc::downgrade(call)),
            Self::Task(task) => WeakTarget::Task(Weak::clone(task)),
        }
    }

    /// Whether the client can be asked.
    pub(crate) fn may_be_asked(&self) -> bool {
        match self {
            Self::Call(call) => call.may_be_asked,
            Self::Task(_) => true,
        }
    }

    /// The call, if it is one.
    pub(crate) fn call(&self) -> Option<&Arc<CallShared>> {
        match self {
            Self::Call(call) => Some(call),
            Self::Task(_) => None,
        }
    }

    /// The upstream takes a question back.
    pub(crate) fn withdraw(&self, id: &Id) {
        match self {
            Self::Call(call) => {
                call.withdraw(id);
            }
            Self::Task(task) => {
                if let Some(task) = task.upgrade() {
                    task.withdraw(id);
                }
            }
        }
    }

    /// The upstream's ids of its open questions.
    pub(crate) fn open_questions(&self) -> Vec<Id> {
        match self {
            Self::Call(call) => call.open_questions(),
            Self::Task(task) => task.upgrade().map(|it| it.open_questions()).unwrap_or_default(),
        }
    }

    /// The upstream says that the task has changed.
    pub(crate) fn changed(&self) {
        if let Self::Task(task) = self
            && let Some(task) = task.upgrade()
        {
            task.handle_changed();
        }
    }
}
