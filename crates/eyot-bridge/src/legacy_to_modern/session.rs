//! One session of a legacy client whose server knows no sessions: kept here alone.

use std::borrow::Cow;
use std::sync::Arc;

use eyot_era::legacy_to_modern::ClientMeta;
use eyot_jsonrpc::{ErrorObject, Notification, Request, Response};
use eyot_service::{
    BoxService, Call, Fault, Input, Messages, Peer, Reply, ReplyFuture, SessionHandle,
};
use eyot_session::{SessionState, UpstreamName};
use eyot_types::codes::{self, Outcome};
use eyot_types::{Era, LogLevel, Method, Revision, SetLevelParams, cancelled_id};
use futures_util::stream;
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::OnceCell;

use super::ToModern;
use super::call::Calling;
use super::feed::Feed;
use super::listening::Listening;
use super::pending::{Calls, Questions};
use super::tasks::{SessionTasks, declaring};

/// What the bridge keeps of a session. Everything that must outlive the process is in the stored
/// state.
#[derive(Debug)]
pub(crate) struct Bridged {
    shared: Arc<ToModern>,
    peer: Peer,
    /// Known from `initialize`, or read from the store.
    client: OnceCell<Arc<ClientMeta>>,
    log_level: Mutex<Option<String>>,
    questions: Arc<Questions>,
    calls: Arc<Calls>,
    feed: Feed,
    tasks: SessionTasks,
}

impl Bridged {
    /// A session whose client has just said who it is.
    pub(crate) fn opened(shared: Arc<ToModern>, peer: Peer, client: ClientMeta) -> Self {
        let client = OnceCell::new_with(Some(Arc::new(client)));
        Self { client, ..Self::stored(shared, peer, SessionState::default()) }
    }

    /// A session that an earlier process has opened.
    pub(crate) fn stored(shared: Arc<ToModern>, peer: Peer, state: SessionState) -> Self {
        Self {
            feed: Feed::new(Arc::clone(&shared), state.subscriptions),
            tasks: SessionTasks::new(&shared.known_tasks),
            shared,
            peer,
            client: OnceCell::new(),
            log_level: Mutex::new(state.log_level.map(String::from)),
            questions: Arc::default(),
            calls: Arc::default(),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<ToModern> {
        &self.shared
    }

    /// The client, as its calls name it.
    pub(crate) fn peer(&self) -> &Peer {
        &self.peer
    }

    pub(crate) fn feed(&self) -> &Feed {
        &self.feed
    }

    pub(crate) fn tasks(&self) -> &SessionTasks {
        &self.tasks
    }

    pub(crate) fn questions(&self) -> &Arc<Questions> {
        &self.questions
    }

    pub(crate) fn log_level(&self) -> Option<String> {
        self.log_level.lock().clone()
    }

    /// What answers the calls of the session.
    pub(crate) fn into_service(self) -> BoxService {
        let bridged = Arc::new(self);
        BoxService::from_fn(move |call| Arc::clone(&bridged).answer(call))
    }

    /// The future of the reply to a call of the session.
    fn answer(self: Arc<Self>, call: Call) -> ReplyFuture {
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
            Input::Listen { .. } => Box::pin(self.listen(context)),
            Input::Resume { .. } => ready(Err(not_resumable())),
            Input::Close => {
                self.feed.close();
                ready(Ok(Reply::None))
            }
            _ => ready(Err(Fault::internal("this input is not known here"))),
        }
    }

    /// The future of the answer to a request.
    fn request(self: Arc<Self>, context: Arc<SessionHandle>, request: Request) -> ReplyFuture {
        match Method::parse(request.method()) {
            Method::Ping => answered(&request, &json!({})),
            Method::LoggingSetLevel => {
                Box::pin(async move { self.set_level(&context, &request).await })
            }
            Method::ResourcesSubscribe | Method::ResourcesUnsubscribe => {
                Box::pin(async move { self.change_subscriptions(&context, &request).await })
            }
            // What only the modern era has, and what is not carried.
            Method::ServerDiscover | Method::SubscriptionsListen | Method::TasksUpdate => {
                refused(&request, &codes::method_not_found(request.method()))
            }
            Method::TasksGet | Method::TasksResult | Method::TasksCancel | Method::TasksList => {
                Box::pin(self.task_request(context, request))
            }
            _ => Box::pin(async move {
                let client = self.client(&context).await;
                eyot_metrics::calls(Era::Legacy.as_str(), client.is_ok());
                let client = client?;
                let tasks = match Box::pin(self.call_tasks(&context, &request)).await {
                    Ok(tasks) => tasks,
                    Err(full) => {
                        return Ok(Reply::One(request.refuse(&full)));
                    }
                };
                let client = match tasks.wanted.is_some() {
                    true => declaring(&client)?,
                    false => client,
                };
                let revision = context.revision().unwrap_or(Revision::LATEST_LEGACY);
                let calling = Calling::new((self, client), revision, request, tasks)?;
                Ok(Reply::Stream(Messages::new(stream::unfold(calling, Calling::next))))
            }),
        }
    }

    /// Takes a notification of the client.
    fn hear(&self, notification: &Notification) {
        match Method::parse(notification.method()) {
            Method::Cancelled => {
                if let Some(id) = cancelled_id(notification) {
                    self.calls.cancel(&id);
                }
            }
            // The modern era has no such notifications: roots are asked for by each call.
            Method::Initialized | Method::RootsListChanged => {}
            _ => eyot_metrics::messages_dropped("notification_without_equivalent"),
        }
    }

    /// Takes the client's answer to a question.
    fn take_answer(&self, response: Response) {
        if !self.questions.answer(response.into()) {
            eyot_metrics::messages_dropped("answer_to_nobody");
        }
    }

    /// Registers a call, so that it can be cancelled.
    pub(crate) fn calls(&self) -> &Arc<Calls> {
        &self.calls
    }

    /// The messages that belong to no call.
    async fn listen(self: Arc<Self>, context: Arc<SessionHandle>) -> Result<Reply, Fault> {
        let client = self.client(&context).await?;
        let revision = context.revision().unwrap_or(Revision::LATEST_LEGACY);
        let listening = Listening::open(self, client, revision).await;
        Ok(Reply::Stream(Messages::new(stream::unfold(listening, Listening::next))))
    }

    /// `resources/subscribe` and `resources/unsubscribe`.
    async fn change_subscriptions(
        &self,
        context: &SessionHandle,
        request: &Request,
    ) -> Result<Reply, Fault> {
        let client = self.client(context).await?;
        let refused = |detail: &str| Ok(Reply::One(request.refuse(&codes::invalid_params(detail))));
        let Some(uri) = request.uri().map(Cow::into_owned) else { return refused("no uri") };
        let is_wanted = request.is_method(Method::ResourcesSubscribe.as_str());
        if !is_wanted {
            self.feed.unsubscribe(&client, &uri).await;
        } else if !self.feed.subscribe(&client, &uri).await? {
            return refused("the server does not tell when this resource changes");
        }
        store(context, |state| {
            if is_wanted {
                state.subscriptions.insert(uri);
            } else {
                state.subscriptions.remove(&uri);
            }
        })
        .await?;
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
        *self.log_level.lock() = Some(level);
        Ok(Reply::One(request.answer(&json!({}))))
    }

    /// Who the client is.
    pub(super) async fn client(&self, context: &SessionHandle) -> Result<Arc<ClientMeta>, Fault> {
        let reading = || async {
            let record = context.record().await.map_err(|error| {
                tracing::error!(%error, "session cannot be read");
                Fault::internal("the session store cannot be used now")
            })?;
            let record = record.ok_or_else(|| Fault::session_gone("session not found"))?;
            let fingerprint = self.shared.upstream.fingerprint.as_str();
            let upstream = record.state.upstreams.get(&UpstreamName::DEFAULT);
            if upstream.and_then(|it| it.target.as_deref()) != Some(fingerprint) {
                return Err(Fault::session_gone("session not found"));
            }
            let unreadable = || Fault::internal("stored session cannot be read");
            let params = std::str::from_utf8(&record.initialize).map_err(|_| unreadable())?;
            let client = ClientMeta::of_initialize(record.revision, params);
            Ok(Arc::new(client.map_err(|_| unreadable())?.0))
        };
        self.client.get_or_try_init(reading).await.cloned()
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
    context.update(edit).await.map_err(|error| {
        tracing::error!(%error, "state of a session was not stored");
        Fault::internal("the session store cannot be used now")
    })
}

fn answered(request: &Request, result: &serde_json::Value) -> ReplyFuture {
    ready(Ok(Reply::One(request.answer(result))))
}

fn refused(request: &Request, error: &ErrorObject) -> ReplyFuture {
    ready(Ok(Reply::One(request.refuse(error))))
}
