//! Answers the calls of one session of a legacy client.

use std::borrow::Cow;
use std::sync::Arc;

use eyot_jsonrpc::{ErrorObject, Notification, Request, Response};
use eyot_service::{BoxService, Call, Fault, Input, Messages, Reply, ReplyFuture, SessionHandle};
use eyot_session::{SessionState, StoreError};
use eyot_types::codes::{self, Outcome};
use eyot_types::{Era, LogLevel, Method, Revision, SetLevelParams, cancelled_id};
use futures_util::stream;
use serde_json::json;

use super::call::Calling;
use super::emulated_session::EmulatedSession;
use super::listening::Listening;
use super::tasks::requests::{self, declaring};

/// The service of one session. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct SessionService(Arc<EmulatedSession>);

impl SessionService {
    pub(crate) fn new(session: EmulatedSession) -> Self {
        Self(Arc::new(session))
    }

    pub(crate) fn into_service(self) -> BoxService {
        BoxService::from_fn(move |call| self.answer(call))
    }

    /// The future of the reply to a call of the session.
    fn answer(&self, call: Call) -> ReplyFuture {
        let Some(context) = call.session else {
            return ready(Err(Fault::internal("call has no session")));
        };
        match call.input {
            Input::Request(request) => self.request(context, request),
            Input::Notification(notification) => {
                self.hear(&notification);
                ready(Ok(Reply::None))
            }
            Input::Response(response) => {
                self.take_answer(response);
                ready(Ok(Reply::None))
            }
            Input::Listen { .. } => Box::pin(self.clone().listen(context)),
            Input::Resume { .. } => ready(Err(not_resumable())),
            Input::Close => {
                self.0.changes().close();
                ready(Ok(Reply::None))
            }
            _ => ready(Err(Fault::internal("this input is not known here"))),
        }
    }

    /// The future of the answer to a request.
    fn request(&self, context: Arc<SessionHandle>, request: Request) -> ReplyFuture {
        let service = self.clone();
        match Method::parse(request.method()) {
            Method::Ping => answered(&request, &json!({})),
            Method::LoggingSetLevel => {
                Box::pin(async move { service.set_level(&context, &request).await })
            }
            Method::ResourcesSubscribe | Method::ResourcesUnsubscribe => {
                Box::pin(async move { service.change_subscriptions(&context, &request).await })
            }
            // Methods of the modern era alone.
            Method::ServerDiscover | Method::SubscriptionsListen | Method::TasksUpdate => {
                refused(&request, &codes::method_not_found(request.method()))
            }
            Method::TasksGet | Method::TasksResult | Method::TasksCancel | Method::TasksList => {
                Box::pin(requests::answer(service.0, context, request))
            }
            _ => Box::pin(service.call(context, request)),
        }
    }

    /// Begins a call that the server answers.
    async fn call(self, context: Arc<SessionHandle>, request: Request) -> Result<Reply, Fault> {
        let Self(session) = self;
        let client = session.client(&context).await;
        eyot_metrics::calls(Era::Legacy.as_str(), client.is_ok());
        let client = client?;
        let tasks = match Box::pin(requests::call_tasks(&session, &context, &request)).await {
            Ok(tasks) => tasks,
            Err(full) => return Ok(Reply::One(request.refuse(&full))),
        };
        let client = match tasks.wanted.is_some() {
            true => declaring(&client)?,
            false => client,
        };
        let revision = context.revision().unwrap_or(Revision::LATEST_LEGACY);
        let calling = Calling::new((session, client), revision, &request, tasks);
        Ok(Reply::Stream(calling.into_messages()))
    }

    /// Takes a notification of the client.
    fn hear(&self, notification: &Notification) {
        match Method::parse(notification.method()) {
            Method::Cancelled => {
                if let Some(id) = cancelled_id(notification) {
                    self.0.calls().cancel(&id);
                }
            }
            // The modern era has no such notifications: roots are asked for by each call.
            Method::Initialized | Method::RootsListChanged => {}
            _ => eyot_metrics::messages_dropped("notification_without_equivalent"),
        }
    }

    /// Takes the client's answer to a question.
    fn take_answer(&self, response: Response) {
        if !self.0.questions().answer(response.into()) {
            eyot_metrics::messages_dropped("answer_unmatched");
        }
    }

    /// The messages that belong to no call.
    async fn listen(self, context: Arc<SessionHandle>) -> Result<Reply, Fault> {
        let Self(session) = self;
        let client = session.client(&context).await?;
        let revision = context.revision().unwrap_or(Revision::LATEST_LEGACY);
        let listening = Listening::open(session, client, revision).await;
        Ok(Reply::Stream(Messages::new(stream::unfold(listening, Listening::next))))
    }

    /// `resources/subscribe` and `resources/unsubscribe`.
    async fn change_subscriptions(
        &self,
        context: &Arc<SessionHandle>,
        request: &Request,
    ) -> Result<Reply, Fault> {
        let Self(session) = self;
        let client = session.client(context).await?;
        let refused = |detail: &str| Ok(Reply::One(request.refuse(&codes::invalid_params(detail))));
        let Some(uri) = request.uri().map(Cow::into_owned) else { return refused("no uri") };
        let kept = session.upstream().upstream().slot.subscription(&uri);
        let stored = if request.is_method(Method::ResourcesSubscribe.as_str()) {
            let limits = &session.upstream().limits().sessions;
            let subscribing = match context.begin_subscribing(&kept, limits) {
                Ok(subscribing) => subscribing,
                Err(error) => return Ok(Reply::One(request.refuse(&error))),
            };
            if !session.changes().subscribe(&client, &uri).await? {
                return refused("the server does not tell when this resource changes");
            }
            subscribing.confirm().await
        } else {
            session.changes().unsubscribe(&client, &uri).await;
            context.unsubscribe(&kept).await
        };
        stored.map_err(|error| not_stored(&error))?;
        Ok(Reply::One(request.answer(&json!({}))))
    }

    async fn set_level(&self, context: &SessionHandle, request: &Request) -> Result<Reply, Fault> {
        let level = match request.decode_params::<SetLevelParams>().map(|it| it.level) {
            Ok(level) if !matches!(level, LogLevel::Other(_)) => level,
            _ => {
                let error = codes::invalid_params("unknown log level");
                return Ok(Reply::One(request.refuse(&error)));
            }
        };
        let level = level.as_str().to_owned();
        store(context, |state| state.log_level = Some(level.as_str().into())).await?;
        self.0.set_log_level(level);
        Ok(Reply::One(request.answer(&json!({}))))
    }
}

/// The rest of a call that an earlier process began: "modern streams are not resumable".
fn not_resumable() -> Fault {
    let reason = "the call ran in a process that has ended";
    Fault::upstream(codes::upstream_lost(reason, Outcome::Unknown, true))
}

fn ready(reply: Result<Reply, Fault>) -> ReplyFuture {
    Box::pin(std::future::ready(reply))
}

async fn store(context: &SessionHandle, edit: impl FnOnce(&mut SessionState)) -> Result<(), Fault> {
    context.update(edit).await.map_err(|error| not_stored(&error))
}

fn not_stored(error: &StoreError) -> Fault {
    tracing::error!(%error, "state of a session was not stored");
    Fault::internal("the session store cannot be used now")
}

fn answered(request: &Request, result: &serde_json::Value) -> ReplyFuture {
    ready(Ok(Reply::One(request.answer(result))))
}

fn refused(request: &Request, error: &ErrorObject) -> ReplyFuture {
    ready(Ok(Reply::One(request.refuse(error))))
}
