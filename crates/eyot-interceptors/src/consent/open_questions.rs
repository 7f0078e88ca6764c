//! The questions to one legacy client that it has not answered. Its answers are ours, and no server's.

use std::collections::BTreeMap;
use std::sync::Arc;

use eyot_jsonrpc::{Id, Response};
use eyot_service::{Call, Input, SessionHandle};
use eyot_stdx::random_token;
use eyot_types::{cancelled_id, is_cancelled};
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// The open questions of one session, while it is in this process.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenQuestions(Arc<Mutex<BTreeMap<Box<str>, Waiting>>>);

/// What waits for an answer. Dropped, it waits for none.
#[derive(Debug)]
struct Waiting {
    /// The call of the session. `None`: it is the call of another.
    call: Option<Id>,
    answer: oneshot::Sender<Response>,
}

/// A question that is open as long as this lives.
#[derive(Debug)]
pub(crate) struct OpenQuestion {
    questions: OpenQuestions,
    id: Box<str>,
    answer: oneshot::Receiver<Response>,
}

impl OpenQuestions {
    /// Those of a session.
    pub(crate) fn of(session: &SessionHandle) -> Self {
        session.value_or_else(Self::default)
    }

    /// Opens a question about a call of the session, or about that of another (`None`). Returns `None` if too
    /// many are open.
    pub(crate) fn open(&self, call: Option<Id>) -> Option<OpenQuestion> {
        let id: Box<str> = format!("{PREFIX}{}", random_token(16)).into();
        let (sender, answer) = oneshot::channel();
        let mut open = self.0.lock();
        if open.len() >= OPEN_MAX {
            return None;
        }
        open.insert(id.clone(), Waiting { call, answer: sender });
        drop(open);
        Some(OpenQuestion { questions: self.clone(), id, answer })
    }

    /// Takes what is for us alone: an answer to a question of ours, or the end of a call that no server has
    /// seen. `false`: the call goes on.
    pub(crate) fn take(call: &Call) -> bool {
        let Some(session) = &call.session else { return false };
        match &call.input {
            Input::Response(response) => {
                let id = response.id();
                let id = id.as_ref().and_then(Id::as_text);
                let Some(id) = id.filter(|it| it.starts_with(PREFIX)) else { return false };
                Self::of(session).answer(&id, response.clone());
                true
            }
            Input::Notification(it) if is_cancelled(it) => {
                cancelled_id(it).is_some_and(|id| Self::of(session).end(|call| call == Some(&id)))
            }
            Input::Close => {
                Self::of(session).end(|_| true);
                false
            }
            _ => false,
        }
    }

    fn answer(&self, id: &str, response: Response) {
        let waiting = self.0.lock().remove(id);
        let sent = waiting.map(|it| it.answer.send(response));
        if !matches!(sent, Some(Ok(()))) {
            // The call is over, or an earlier process has asked.
            eyot_metrics::messages_dropped("answer_unmatched");
        }
    }

    /// Ends the questions about calls of others: the session cannot be asked any more.
    pub(crate) fn end_those_of_others(&self) {
        self.end(|call| call.is_none());
    }

    /// Ends the questions that are meant; whether there was one.
    fn end(&self, is_meant: impl Fn(Option<&Id>) -> bool) -> bool {
        let mut open = self.0.lock();
        let before = open.len();
        open.retain(|_, it| !is_meant(it.call.as_ref()));
        open.len() < before
    }
}

impl OpenQuestion {
    /// The id that the client sees. No server has such an id: it is random.
    pub(crate) fn id(&self) -> Id {
        Id::from_text(&self.id)
    }

    /// Waits for the answer; `None`: the call is over.
    pub(crate) async fn answer(&mut self) -> Option<Response> {
        (&mut self.answer).await.ok()
    }
}

impl Drop for OpenQuestion {
    fn drop(&mut self) {
        self.questions.0.lock().remove(&self.id);
    }
}

/// What the ids of our questions begin with, in this process and in those before it.
const PREFIX: &str = "eyot-consent.";

/// Questions of one session that are open at once.
const OPEN_MAX: usize = 8;
