//! One call at the upstream, for as long as it takes: over as many rounds as the client needs.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use eyot_era::parked::OpenQuestion;
use eyot_jsonrpc::{Message, MessageKind, Request, Response};
use eyot_service::{Fault, Messages, Reply, ReplyFuture, ReplyItem, Turn};
use eyot_types::Method;
use futures_util::StreamExt as _;
use parking_lot::Mutex;

use super::record::UpstreamPosition;
use super::session::UpstreamSession;
use super::shared::CallShared;

/// A call with what the upstream says to it.
///
/// It is polled by the reply of the client that leads, or by the driver while the call is parked.
pub(crate) struct UpstreamCall {
    pub(crate) shared: Arc<CallShared>,
    pub(crate) session: Arc<UpstreamSession>,
    stage: Mutex<Stage>,
    /// `None`: all that the upstream says to the call names it.
    turn: Option<Turn>,
}

enum Stage {
    Sending(ReplyFuture),
    Streaming(Messages),
    /// The stream was let go; the rest is heard from this event on.
    Detached(Bytes),
    /// The last word, until it is taken.
    Ended(Option<Box<Heard>>),
}

/// What a call hears.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A notification.
    Note(Message),
    /// The answer.
    Answer(Response),
    /// No answer will come.
    Failed(Fault),
}

impl UpstreamCall {
    /// Sends a request: `request` has the id of `shared`.
    pub(crate) fn send(
        session: Arc<UpstreamSession>,
        shared: Arc<CallShared>,
        request: Request,
        turn: Option<Turn>,
    ) -> Arc<Self> {
        let connection = session.connection.clone();
        let sending = Box::pin(async move { connection.request(request).await });
        Self::at(session, shared, Stage::Sending(sending), turn)
    }

    /// Goes on with a call where an earlier process has left it; `None` when the upstream cannot
    /// say the rest of it once more.
    pub(crate) fn restore(
        session: Arc<UpstreamSession>,
        shared: Arc<CallShared>,
        turn: Option<Turn>,
    ) -> Option<Arc<Self>> {
        let rest = session.connection.follow(shared.request_id(), shared.cursor())?;
        Some(Self::at(session, shared, Stage::Streaming(rest), turn))
    }

    /// A call that is sent by `sending`.
    pub(crate) fn follow(
        session: Arc<UpstreamSession>,
        shared: Arc<CallShared>,
        sending: ReplyFuture,
        turn: Option<Turn>,
    ) -> Arc<Self> {
        Self::at(session, shared, Stage::Sending(sending), turn)
    }

    fn at(
        session: Arc<UpstreamSession>,
        shared: Arc<CallShared>,
        stage: Stage,
        turn: Option<Turn>,
    ) -> Arc<Self> {
        session.router.begin(&shared);
        Arc::new(Self { shared, session, stage: Mutex::new(stage), turn })
    }

    /// What the upstream says next to this call. Its questions go to the call's machine.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Heard> {
        loop {
            let polled = {
                let mut stage = self.stage.lock();
                self.attach(&mut stage);
                std::task::ready!(stage.poll(cx))
            };
            match polled {
                Ok(item) => {
                    let cursor = item.cursor().cloned();
                    let heard = item.into_message().and_then(|it| self.take(it));
                    // The answer may have to be heard again, by the next process.
                    if !matches!(heard, Some(Heard::Answer(_))) {
                        self.shared.set_cursor(cursor);
                    }
                    if let Some(heard) = heard {
                        return Poll::Ready(heard);
                    }
                }
                Err(fault) => return Poll::Ready(Heard::Failed(fault)),
            }
        }
    }

    /// How far the call is, with these open questions. `unasked`: the event up to which the session's
    /// own stream was read.
    pub(crate) fn position(
        &self,
        unasked: Option<&Bytes>,
        questions: Vec<OpenQuestion>,
    ) -> UpstreamPosition {
        let session = &self.session;
        let mut initialized = session.initialized.clone();
        // Only `server/discover` needs them.
        initialized.instructions = None;
        UpstreamPosition {
            session_id: session.connection.session_id().map(str::to_owned),
            cookies: session.connection.cookies(),
            initialized,
            capabilities: session.router.capabilities().clone(),
            number: self.shared.id,
            cursor: self.shared.cursor().as_ref().and_then(text),
            unasked: unasked.and_then(text),
            questions,
        }
    }

    /// Whether the call is at rest until its client comes back: others that wait for their turn
    /// need not wait for that.
    pub(crate) fn set_resting(&self, is_resting: bool) {
        if let Some(turn) = &self.turn {
            turn.set_resting(is_resting);
        }
    }

    /// Stops listening, if the upstream can say the rest later: a connection is by far the largest
    /// part of a call at rest.
    pub(crate) fn detach(&self) -> bool {
        let cursor = self.shared.cursor().filter(|_| !self.session.is_pipe);
        let Some(cursor) = cursor else { return false };
        let mut stage = self.stage.lock();
        let is_detached = matches!(*stage, Stage::Streaming(_));
        if is_detached {
            *stage = Stage::Detached(cursor);
        }
        is_detached
    }

    /// Reads a detached stream again.
    fn attach(&self, stage: &mut Stage) {
        if let Stage::Detached(cursor) = stage {
            let rest =
                self.session.connection.follow(self.shared.request_id(), Some(cursor.clone()));
            *stage = rest.map_or(Stage::Ended(None), Stage::Streaming);
        }
    }

    /// Keeps the last word for the client that polls next.
    pub(crate) fn keep(&self, heard: Heard) {
        *self.stage.lock() = Stage::Ended(Some(Box::new(heard)));
        // That client may be waiting already.
        self.shared.work(|_, _| {});
    }

    fn take(&self, message: Message) -> Option<Heard> {
        let message = match message.into_kind() {
            MessageKind::Response(answer) => return Some(Heard::Answer(answer)),
            MessageKind::Notification(note) => match Method::parse(note.method()) {
                Method::Progress | Method::LoggingMessage => return Some(Heard::Note(note.into())),
                _ => note.into(),
            },
            MessageKind::Request(question) => question.into(),
        };
        self.session.heard(message, Some(&self.shared));
        None
    }
}

impl Drop for UpstreamCall {
    fn drop(&mut self) {
        self.session.router.end(self.shared.id);
    }
}

impl std::fmt::Debug for UpstreamCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UpstreamCall").field("id", &self.shared.id).finish_non_exhaustive()
    }
}

impl Stage {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<ReplyItem, Fault>> {
        loop {
            match self {
                Self::Sending(sending) => match std::task::ready!(sending.as_mut().poll(cx)) {
                    Ok(Reply::Stream(parts)) => *self = Self::Streaming(parts),
                    Ok(Reply::One(answer)) => {
                        *self = Self::Ended(None);
                        return Poll::Ready(Ok(answer.into()));
                    }
                    Ok(Reply::None) => *self = Self::Ended(None),
                    Err(fault) => {
                        *self = Self::Ended(None);
                        return Poll::Ready(Err(fault));
                    }
                },
                Self::Streaming(parts) => match std::task::ready!(parts.poll_next_unpin(cx)) {
                    Some(part) => return Poll::Ready(part),
                    None => *self = Self::Ended(None),
                },
                Self::Detached(_) => *self = Self::Ended(None),
                Self::Ended(last) => {
                    return Poll::Ready(match last.take().map(|it| *it) {
                        Some(Heard::Note(message)) => Ok(message.into()),
                        Some(Heard::Answer(answer)) => Ok(answer.into()),
                        Some(Heard::Failed(fault)) => Err(fault),
                        None => Err(Fault::unanswered()),
                    });
                }
            }
        }
    }
}

fn text(cursor: &Bytes) -> Option<String> {
    String::from_utf8(cursor.to_vec()).ok()
}
