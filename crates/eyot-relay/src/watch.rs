//! What is known of a call while it runs, and what its answer must leave behind.

use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::{ErrorObject, Id, Message, Request, Response};
use eyot_service::{Fault, Messages, Reply, SessionHandle, SessionLimits, Subscribing};
use eyot_session::UpstreamName;
use eyot_types::{LogLevel, Method, SetLevelParams, codes};
use eyot_upstream::{CallClock, LegacyConnection};
use serde_json::json;

use crate::following::Following;
use crate::questions::Questions;
use crate::revisions::LegacyRevisions;

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
    pub(crate) clock: CallClock,
    pub(crate) questions: Arc<Questions>,
}

/// A request whose success must outlive the process.
#[derive(Debug)]
pub(crate) enum Change {
    LogLevel(LogLevel),
    Subscribe(Subscribing),
    Unsubscribe(Box<str>),
}

impl Change {
    /// What the request would change; room for it is taken now.
    ///
    /// # Errors
    /// The error for the client, when the change is out of bounds.
    pub(crate) fn of(
        (session, upstream): (&Arc<SessionHandle>, &UpstreamName),
        request: &Request,
        limits: &SessionLimits,
    ) -> Result<Option<Self>, ErrorObject> {
        Ok(match Method::parse(request.method()) {
            Method::LoggingSetLevel => match request
                .decode_params()
                .map(|it: SetLevelParams| it.level)
            {
                Ok(LogLevel::Other(_)) => return Err(codes::invalid_params("unknown log level")),
                Ok(level) => Some(Self::LogLevel(level)),
                // The upstream says what is wrong with it.
                Err(_) => None,
            },
            Method::ResourcesSubscribe => match request.uri() {
                Some(uri) => {
                    let subscription = upstream.subscription(&uri);
                    Some(Self::Subscribe(session.begin_subscribing(&subscription, limits)?))
                }
                None => None,
            },
            Method::ResourcesUnsubscribe => {
                request.uri().map(|uri| Self::Unsubscribe(upstream.subscription(&uri)))
            }
            _ => None,
        })
    }
}

impl Watch {
    /// Passes a reply on. An answer must have been [remembered](Self::remember).
    pub(crate) fn reply(self, reply: Reply) -> Reply {
        match reply {
            Reply::One(answer) => Reply::One(self.carried_answer(answer)),
            Reply::Stream(parts) => Reply::Stream(Messages::new(Following::new(self, parts))),
            Reply::None => Reply::None,
        }
    }

    /// A message of the upstream as the client's revision has it.
    pub(crate) fn carried(&self, message: Message) -> Message {
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

    /// Stores what a good answer changes: the client gets the answer only after that.
    pub(crate) async fn remember(&mut self, answer: &Message) -> Result<(), Fault> {
        match self.change.take().filter(|_| answer.result().is_some()) {
            // Boxed, because it is large, and few calls change anything.
            Some(change) => Box::pin(self.store(change)).await,
            None => Ok(()),
        }
    }

    async fn store(&self, change: Change) -> Result<(), Fault> {
        let context = &self.context;
        let stored = match change {
            Change::LogLevel(level) => {
                context.update(|state| state.log_level = Some(level.as_str().into())).await
            }
            Change::Subscribe(subscribing) => subscribing.confirm().await,
            Change::Unsubscribe(subscription) => context.unsubscribe(&subscription).await,
        };
        stored.map_err(|error| {
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

/// How long an upstream may take to hear that its call is given up.
const FAREWELL_PATIENCE: Duration = Duration::from_secs(1);
