//! Subscriptions of modern clients over the sessions of a legacy upstream.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use eyot_era::modern_to_legacy::{Change, Subscribers, granted};
use eyot_jsonrpc::Message;
use eyot_service::{Fault, Reply, ReplyItem};
use eyot_stdx::Backoff;
use eyot_types::{
    JsonObject, Method, SubscriptionFilter, SubscriptionsAcknowledgedParams,
    SubscriptionsListenParams, codes, meta,
};
use futures_util::stream;
use serde_json::{Value, json};

use super::inner::Inner;
use super::modern_request::ModernRequest;
use super::session::UpstreamSession;
use super::tasks::TaskWatch;

/// A subscription on its way to its client. It ends with the client.
struct Listening {
    bridge: Arc<Inner>,
    request: Arc<ModernRequest>,
    granted: SubscriptionFilter,
    /// `None`: the upstream session was lost.
    subscription: Option<SessionSubscription>,
    tasks: TaskWatch,
    /// Messages of our own: the acknowledgement, and what may have changed in a gap.
    untold: VecDeque<Message>,
    failures: u32,
}

/// A subscription in one session; dropping it ends it there.
struct SessionSubscription {
    session: Arc<UpstreamSession>,
    number: u64,
}

impl Inner {
    /// Opens a subscription. "The server MUST send `notifications/subscriptions/acknowledged` as
    /// the first message" (2026-07-28, basic/patterns/subscriptions), with what is granted.
    pub(crate) async fn listen(
        self: &Arc<Self>,
        request: &Arc<ModernRequest>,
    ) -> Result<Reply, Fault> {
        let params: SubscriptionsListenParams = match request.message.decode_params() {
            Ok(params) => params,
            Err(error) => {
                let error = codes::invalid_params(&error.to_string());
                return Ok(Reply::One(request.refuse(&error)));
            }
        };
        let session = self.pool.session(request, true).await?;
        let ids = params.notifications.task_ids.clone().filter(|_| session.offers.tasks);
        let tasks = match self.watched_tasks(request, &ids.unwrap_or_default()) {
            Ok(tasks) => tasks,
            Err(error) => return Ok(Reply::One(request.refuse(&error))),
        };
        let capabilities = &session.initialized.capabilities;
        let granted = granted(&params.notifications, capabilities, session.has_stream);
        let subscription = match SessionSubscription::open(&session, granted.clone()).await {
            Ok(subscription) => subscription,
            Err(fault) => return request.fail(fault),
        };
        let mut told = granted.clone();
        told.task_ids = tasks.ids();
        let acknowledged = SubscriptionsAcknowledgedParams::new(&request.id, told);
        let method = Method::SubscriptionsAcknowledged.as_str();
        let acknowledged = Message::notification(method, &acknowledged);
        let acknowledged = meta::with_exact_subscription_id(acknowledged, &request.id);
        let untold = VecDeque::from([acknowledged]);
        let (bridge, request) = (Arc::clone(self), Arc::clone(request));
        let subscription = Some(subscription);
        let listening =
            Listening { bridge, request, granted, subscription, tasks, untold, failures: 0 };
        Ok(Reply::Stream(eyot_service::Messages::new(stream::unfold(listening, Listening::next))))
    }
}

impl Listening {
    async fn next(mut self) -> Option<(Result<ReplyItem, Fault>, Self)> {
        loop {
            if let Some(message) = self.untold.pop_front() {
                return Some((Ok(message.into()), self));
            }
            match &self.subscription {
                Some(subscription) => {
                    let changed = tokio::select! {
                        biased;
                        changed = subscription.next() => changed,
                        state = self.tasks.next(&self.request.id) => {
                            return Some((Ok(state.into()), self));
                        }
                    };
                    match changed {
                        Some(change) => {
                            let message = self.told(&change);
                            return Some((Ok(message.into()), self));
                        }
                        None => self.subscription = None,
                    }
                }
                // Boxed, because it is large and rare, and this future lives long.
                None => Box::pin(self.come_back()).await,
            }
        }
    }

    fn told(&self, change: &Change) -> Message {
        let mut metadata = JsonObject::new();
        meta::set_subscription_id(&mut metadata, &self.request.id);
        let mut params = json!({ "_meta": metadata });
        if let (Change::Resource(uri), Some(members)) = (change, params.as_object_mut()) {
            members.insert("uri".to_owned(), Value::from(uri.as_str()));
        }
        let told = Message::notification(change.method().as_str(), &params);
        meta::with_exact_subscription_id(told, &self.request.id)
    }

    /// Subscribes in a new session. It is not known what changed meanwhile: everything may have.
    async fn come_back(&mut self) {
        self.failures = self.failures.saturating_add(1);
        tokio::time::sleep(PAUSE.steady_delay(self.failures)).await;
        let Ok(session) = self.bridge.pool.session(&self.request, true).await else { return };
        if let Ok(subscription) = SessionSubscription::open(&session, self.granted.clone()).await {
            self.subscription = Some(subscription);
            self.failures = 0;
            let changes = Subscribers::everything(&self.granted);
            self.untold = changes.iter().map(|change| self.told(change)).collect();
        }
    }
}

impl SessionSubscription {
    /// Subscribes in a session.
    ///
    /// # Errors
    /// A refusal when the upstream refuses a resource; another fault when it does not answer.
    async fn open(
        session: &Arc<UpstreamSession>,
        filter: SubscriptionFilter,
    ) -> Result<Self, Fault> {
        let (number, new) = session.router.subscribe(filter);
        let subscription = Self { session: Arc::clone(session), number };
        for uri in new {
            let params = json!({ "uri": uri });
            let answer = session.ask(Method::ResourcesSubscribe, &params).await?;
            if let Ok(error) = answer.decode_error() {
                let text = format!("the upstream refused to subscribe {uri}: {}", error.message);
                return Err(Fault::refused(codes::invalid_params(&text)));
            }
        }
        Ok(subscription)
    }

    /// The next change; `None` when the session is lost.
    async fn next(&self) -> Option<Change> {
        let router = &self.session.router;
        loop {
            let mut changed = std::pin::pin!(router.changed.notified());
            changed.as_mut().enable();
            if let Some(change) = router.next_change(self.number) {
                return Some(change);
            }
            if !self.session.is_open() {
                return None;
            }
            changed.await;
        }
    }
}

impl Drop for SessionSubscription {
    fn drop(&mut self) {
        let unwanted = self.session.router.unsubscribe(self.number);
        if unwanted.is_empty() || !self.session.is_open() {
            return;
        }
        let session = Arc::clone(&self.session);
        let lingering = async move {
            // A client that comes back soon finds the resource still subscribed.
            tokio::time::sleep(LINGER).await;
            for uri in unwanted.into_iter().filter(|it| session.router.is_unwanted(it)) {
                let params = json!({ "uri": uri });
                if let Err(fault) = session.ask(Method::ResourcesUnsubscribe, &params).await {
                    tracing::debug!(%fault, "upstream keeps a subscription that nobody wants");
                }
            }
        };
        self.session.run_on_driver(lingering);
    }
}

/// How long a resource stays subscribed after its last subscription has ended.
const LINGER: Duration = Duration::from_secs(5);
const PAUSE: Backoff =
    Backoff { base: Duration::from_millis(500), delay_max: Duration::from_secs(15) };
