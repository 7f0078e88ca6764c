//! What an upstream asks in a task.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use eyot_era::parked::Questions;
use eyot_jsonrpc::{ErrorObject, INVALID_REQUEST, Id, Message};
use eyot_types::{InputRequests, JsonObject, Revision};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::super::shared::CallShared;

/// Who is asked when an upstream asks in a task.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// The client of a call that does not know of its task.
    Call(Arc<CallShared>),
    /// Whoever looks at the task.
    Task(Arc<TaskQuestions>),
}

impl Asked {
    /// Takes a question; what the upstream is told if it cannot be asked.
    pub(crate) fn ask(&self, request: &Message) -> Result<(), ErrorObject> {
        match self {
            Self::Call(call) if call.may_be_asked => call.ask(request),
            Self::Call(_) => {
                Err(ErrorObject::new(INVALID_REQUEST, "the client of the call cannot be asked"))
            }
            Self::Task(questions) => questions.ask(request),
        }
    }

    /// Whether there is anybody who can be asked.
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
            Self::Call(call) => call.withdraw(id),
            Self::Task(questions) => questions.questions.lock().withdraw(id),
        };
    }

    /// The upstream says that the task has changed.
    pub(crate) fn changed(&self) {
        if let Self::Task(questions) = self {
            questions.tell();
        }
    }

    /// Whether it is this call.
    pub(crate) fn is_call(&self, number: u64) -> bool {
        matches!(self, Self::Call(call) if call.number == number)
    }
}

/// The open questions of one task.
#[derive(Debug, Default)]
pub(crate) struct TaskQuestions {
    questions: Mutex<Questions>,
    /// Counts the questions, and how often the upstream has said that the task has changed.
    version: AtomicU64,
    changed: Notify,
}

impl TaskQuestions {
    fn ask(&self, request: &Message) -> Result<(), ErrorObject> {
        self.questions.lock().ask(request)?;
        self.tell();
        Ok(())
    }

    fn tell(&self) {
        self.version.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    /// How often something was said so far.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Relaxed)
    }

    /// The open questions. Each keeps its key for as long as it is open, and no key is used for
    /// another one: "Keys MUST be unique over the lifetime of the task" (tasks extension).
    pub(crate) fn open(&self) -> InputRequests {
        let mut questions = self.questions.lock();
        if !questions.has_open() {
            return InputRequests::default();
        }
        questions.begin_round();
        questions.requests()
    }

    /// What the upstream gets for the answers of a client. Answers that nobody waits for are not
    /// read.
    ///
    /// # Errors
    /// The error for a client that has answered nonsense for the second time.
    pub(crate) fn answer(
        &self,
        responses: &JsonObject,
        revision: Revision,
    ) -> Result<Vec<Message>, ErrorObject> {
        let mut questions = self.questions.lock();
        let answers = questions.answer(responses, revision).map_err(|error| error.to_error());
        questions.forget_answered();
        answers
    }

    /// Nobody answers any more: what the upstream gets instead.
    pub(crate) fn give_up(&self) -> Vec<Message> {
        self.questions.lock().close()
    }

    /// Waits for a question, and a moment for further ones.
    pub(crate) async fn collect(&self, patience: Duration) {
        let until = Instant::now() + patience;
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.questions.lock().has_open() {
                return tokio::time::sleep(COLLECTING).await;
            }
            if tokio::time::timeout_at(until, changed).await.is_err() {
                return;
            }
        }
    }

    /// Waits for more to be said than `version`, at most for so long.
    pub(crate) async fn changed_since(&self, version: u64, patience: Duration) {
        let until = Instant::now() + patience;
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.version() != version {
                return;
            }
            if tokio::time::timeout_at(until, changed).await.is_err() {
                return;
            }
        }
    }
}

/// How long further questions are waited for when one was asked.
const COLLECTING: Duration = Duration::from_millis(10);
