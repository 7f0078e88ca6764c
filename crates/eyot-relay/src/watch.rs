//! A call's messages on their way to the client: deadlines, ids, what must be remembered.

use std::sync::Arc;
use std::time::Duration;

use eyot_bridge::LegacyRevisions;
use eyot_jsonrpc::{Id, Message, Request, Response};
use eyot_service::{Fault, Limits, Messages, Reply, ReplyItem, SessionHandle};
use eyot_types::Method;
use eyot_upstream::{CallClock, LegacyConnection};
use futures_util::{StreamExt as _, stream};
use serde_json::json;

use crate::questions::Questions;
use crate::server_id::message_to_client;

/// What is known of a call while its messages pass.
pub(crate) struct Watch {
    pub(crate) context: Arc<SessionHandle>,
    pub(crate) connection: LegacyConnection,
    pub(crate) generation: u64,
    /// `None`: the client and the upstream speak the same.
    pub(crate) revisions: Option<LegacyRevisions>,
    /// The method of the call, if an answer to it has to be carried to another revision.
    pub(crate) method: Option<Box<str>>,
    /// The client's id of the call.
    pub(crate) id: Id,
    /// What a good answer changes in the session.
    pub(crate) change: Option<Change>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) clock: CallClock,
    pub(crate) questions: Arc<Questions>,
}

/// A request whose success must outlive the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    LogLevel(String),
    Subscribe(String),
    Unsubscribe(String),
}

impl Change {
    /// What the request would change.
    pub(crate) fn of(request: &Request) -> Option<Self> {
        match Method::parse(request.method()) {
            Method::LoggingSetLevel => {
                let params: serde_json::Value = request.decode_params().ok()?;
                Some(Self::LogLevel(params.get("level")?.as_str()?.to_owned()))
            }
            Method::ResourcesSubscribe => Some(Self::Subscribe(request.uri()?.into_owned())),
            Method::ResourcesUnsubscribe => Some(Self::Unsubscribe(request.uri()?.into_owned())),
            _ => None,
        }
    }
}

impl Watch {
    /// Passes a reply on. Its answer is given to the client only after what it changes is
    /// stored.
    pub(crate) async fn reply(self, reply: Reply) -> Result<Reply, Fault> {
        match reply {
            Reply::One(answer) => {
                self.remember(&answer).await?;
                Ok(Reply::One(self.carried_answer(answer)))
            }
            Reply::Stream(parts) => Ok(Reply::Stream(self.follow(parts))),
            Reply::None => Ok(Reply::None),
        }
    }

    /// The messages, each within its deadline.
    pub(crate) fn follow(self, parts: Messages) -> Messages {
        let following = Following { watch: self, parts, is_over: false };
        Messages::new(stream::unfold(following, Following::next))
    }

    /// A message of the upstream as the client's revision has it.
    fn carried(&self, message: Message) -> Message {
        match self.revisions {
            Some(revisions) => revisions.to_client(self.method.as_deref(), message),
            None => message,
        }
    }

    fn carried_answer(&self, answer: Response) -> Response {
        if self.revisions.is_none() {
            return answer;
        }
        self.carried(answer.clone().into_message()).into_response().unwrap_or(answer)
    }

    async fn remember(&self, answer: &Message) -> Result<(), Fault> {
        let Some(change) = self.change.clone().filter(|_| answer.result().is_some()) else {
            return Ok(());
        };
        let stored = self.context.update(|state| match change {
            Change::LogLevel(level) => state.log_level = Some(level.into()),
            Change::Subscribe(uri) => {
                state.subscriptions.insert(uri);
            }
            Change::Unsubscribe(uri) => {
                state.subscriptions.remove(&uri);
            }
        });
        stored.await.map_err(|error| {
            tracing::error!(%error, "state of a session was not stored");
            Fault::internal("the session store cannot be used now")
        })
    }

    /// "the sender SHOULD issue a cancellation notification for that request and stop
    /// waiting" (2025-11-25, basic/lifecycle, Timeouts).
    pub(crate) async fn give_up(&self, fault: Fault) -> Fault {
        let text = serde_json::from_str::<serde_json::Value>(self.id.as_raw()).unwrap_or_default();
        let params = json!({ "requestId": text, "reason": "timeout" });
        let message = Message::notification(Method::Cancelled.as_str(), &params);
        // The client has waited for long enough.
        match tokio::time::timeout(FAREWELL_PATIENCE, self.connection.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => {
                tracing::debug!(%fault, "upstream was not told that its call timed out");
            }
            Err(_elapsed) => tracing::debug!("upstream does not take that its call timed out"),
        }
        fault
    }
}

struct Following {
    watch: Watch,
    parts: Messages,
    is_over: bool,
}

impl Following {
    async fn next(mut self) -> Option<(Result<ReplyItem, Fault>, Self)> {
        if self.is_over {
            return None;
        }
        let Watch { questions, limits, clock, .. } = &self.watch;
        let part = match questions.wait(limits, clock, self.parts.next()).await {
            Ok(part) => part?,
            Err(fault) => Err(Box::pin(self.watch.give_up(fault)).await),
        };
        if let Ok(part) = &part {
            self.watch.clock.hear(part);
        }
        let part = match part {
            Ok(part) => self.pass(part).await,
            Err(fault) => Err(fault),
        };
        self.is_over |= part.is_err();
        Some((part, self))
    }

    async fn pass(&mut self, part: ReplyItem) -> Result<ReplyItem, Fault> {
        let ReplyItem::Message { message, cursor } = part else { return Ok(part) };
        self.watch.questions.heard(&message);
        if message.is_response() {
            self.is_over = true;
            self.watch.remember(&message).await?;
        }
        let message = message_to_client(self.watch.carried(message), self.watch.generation);
        Ok(ReplyItem::Message { message, cursor })
    }
}

/// How long an upstream may take to hear that its call is given up.
const FAREWELL_PATIENCE: Duration = Duration::from_secs(1);
