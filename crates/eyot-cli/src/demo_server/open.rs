//! Calls that go on while others come: tools that wait, and subscriptions.

use std::sync::mpsc::{SyncSender, TryRecvError};

use eyot::jsonrpc::{ErrorObject, Id, Message};
use eyot::types::{CancelledParams, ElicitParams, Method, codes};

use super::call::Call;
use super::server::Server;
use super::waiting::Mailbox;

/// A call that goes on while others come.
pub(super) enum Open {
    /// A tool on a thread of its own, and the question to which it awaits the client's answer.
    Running { mailbox: SyncSender<Message>, question: Option<Id> },
    /// A modern subscription.
    Listening { hears_greeting: bool },
}

impl Server<'_> {
    /// Keeps a call open.
    pub(super) fn open(&self, id: &Id, open: Open) -> Result<(), ErrorObject> {
        let mut state = self.state();
        if state.open.len() >= OPEN_MAX {
            return Err(codes::overloaded("open_calls"));
        }
        state.open.insert(id.detached(), open);
        Ok(())
    }

    /// Cancels a call: whoever waits at its mailbox finds it closed.
    pub(super) fn cancel(&self, id: &Id) {
        self.state().open.remove(id);
    }

    /// Ends a call that has its answer, and tells whether it was still open until now.
    pub(super) fn close(&self, id: &Id, mailbox: &Mailbox) -> bool {
        let mut state = self.state();
        is_open(mailbox) && state.open.remove(id).is_some()
    }

    /// Heeds a notification: only a cancellation means anything here.
    pub(super) fn heed(&self, message: &Message) {
        if message.method().as_deref() == Some(Method::Cancelled.as_str())
            && let Ok(params) = message.decode_params::<CancelledParams>()
        {
            self.cancel(&params.request_id);
        }
    }

    /// Hands the client's answer to the call that asked.
    pub(super) fn deliver(&self, id: &Id, answer: Message) {
        for open in self.state().open.values_mut() {
            if let Open::Running { mailbox, question } = open
                && question.take_if(|question| question == id).is_some()
            {
                // Refused if the call has just ended; nobody waits for the answer then.
                return drop(mailbox.try_send(answer));
            }
        }
    }

    /// Asks the client's user, and waits. `None`: the call was cancelled.
    pub(super) fn ask(
        &self,
        call: &Call,
        params: &ElicitParams,
        mailbox: &Mailbox,
    ) -> Option<Message> {
        let question_id = self.register_question(&call.id, mailbox)?;
        let name = Method::ElicitationCreate.as_str();
        self.output.send(&Message::request(question_id.clone(), name, params));
        let answer = mailbox.recv().ok();
        if answer.is_none() {
            self.output.notify(Method::Cancelled, &CancelledParams::new(question_id));
        }
        answer
    }

    fn register_question(&self, call_id: &Id, mailbox: &Mailbox) -> Option<Id> {
        let mut state = self.state();
        if !is_open(mailbox) {
            return None;
        }
        state.questions_asked += 1;
        let id = Id::from_number(state.questions_asked);
        let Open::Running { question, .. } = state.open.get_mut(call_id)? else { return None };
        *question = Some(id.clone());
        Some(id)
    }

    /// Cancels all calls.
    pub(super) fn hang_up(&self) {
        self.state().open.clear();
    }
}

/// Whether the call of a mailbox is open. Asked under the lock of the state: after a cancellation
/// the id may already belong to another call, but never the mailbox.
fn is_open(mailbox: &Mailbox) -> bool {
    !matches!(mailbox.try_recv(), Err(TryRecvError::Disconnected))
}

/// Calls and subscriptions that are open at the same time.
const OPEN_MAX: usize = 64;
