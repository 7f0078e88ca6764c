//! What an emulated session waits for: answers of its client, and cancellations of its calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use eyot_jsonrpc::{Id, Message};
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// Random bytes of the id of a question: another client cannot guess it.
const ID_BYTES: usize = 16;

/// The open questions of a session.
///
/// An answer arrives as a message of its own, maybe over another connection. Its id finds the one
/// call that asked, and works once.
#[derive(Debug, Default)]
pub(crate) struct Questions(Mutex<BTreeMap<String, oneshot::Sender<Message>>>);

/// A question that has been given its id. Dropping it takes the question back.
#[derive(Debug)]
pub(crate) struct Question {
    questions: Arc<Questions>,
    id: String,
    answer: oneshot::Receiver<Message>,
}

impl Questions {
    /// A new question.
    pub(crate) fn open(self: &Arc<Self>) -> Question {
        let id = format!("q.{}", eyot_stdx::random_token(ID_BYTES));
        let (sender, answer) = oneshot::channel();
        self.0.lock().insert(id.clone(), sender);
        Question { questions: Arc::clone(self), id, answer }
    }

    /// Takes an answer; `false` when no call waits for it.
    pub(crate) fn answer(&self, message: Message) -> bool {
        let id = message.id();
        let text = id.as_ref().and_then(Id::as_text);
        let sender = text.and_then(|text| self.0.lock().remove(text.as_ref()));
        sender.is_some_and(|sender| sender.send(message).is_ok())
    }
}

impl Question {
    /// The id that the client sees.
    pub(crate) fn id(&self) -> Id {
        Id::from_text(&self.id)
    }

    /// Waits for the answer; `None` when none can come any more.
    pub(crate) async fn answer(&mut self) -> Option<Message> {
        (&mut self.answer).await.ok()
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.questions.0.lock().remove(&self.id);
    }
}

/// The running calls of a session.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<BTreeMap<Id, oneshot::Sender<()>>>);

/// A call that can be cancelled while this lives.
#[derive(Debug)]
pub(crate) struct Registered {
    calls: Arc<Calls>,
    id: Id,
}

impl Calls {
    /// Takes a call of the client; the receiver is told when it is cancelled. The host refuses an
    /// id that still runs.
    pub(crate) fn begin(self: &Arc<Self>, id: &Id) -> (Registered, oneshot::Receiver<()>) {
        let (sender, cancelled) = oneshot::channel();
        // A copy: an id out of a message would keep the whole message.
        let id = id.detached();
        self.0.lock().insert(id.clone(), sender);
        (Registered { calls: Arc::clone(self), id }, cancelled)
    }

    /// Cancels the call of that id, if it runs.
    pub(crate) fn cancel(&self, id: &Id) {
        let sender = self.0.lock().remove(id);
        // A call that has just ended has nothing left to cancel.
        if sender.is_some_and(|it| it.send(()).is_err()) {
            tracing::debug!("a call was cancelled that has just ended");
        }
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.calls.0.lock().remove(&self.id);
    }
}
