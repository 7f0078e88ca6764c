//! Subscriptions: what changes at the server, as a stream that does not end when it breaks.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use eyot_jsonrpc::{Id, Message, MessageKind, Notification};
use eyot_service::Messages;
use eyot_stdx::{Backoff, random_bytes};
use eyot_types::{Method, SubscriptionFilter, SubscriptionsAcknowledgedParams};
use futures_core::Stream;
use futures_util::{StreamExt as _, stream};
use http::HeaderMap;
use tokio::time::sleep;

use crate::error::ClientError;
use crate::params::Params;
use crate::perform::{Call, request_meta};
use crate::session::Session;
use crate::state::{Loss, Shared};

/// What a subscription tells.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SubscriptionEvent {
    /// The server will tell this: at most what was asked for. First of all, and again whenever
    /// the subscription was opened again.
    Acknowledged(SubscriptionFilter),
    /// A notification: `notifications/tools/list_changed`, `notifications/resources/updated` and
    /// their like.
    Notification(Message),
    /// The subscription broke and is being opened again. What changed meanwhile is not told.
    Interrupted,
}

/// Changes at the server. Dropping it ends the subscription.
pub struct Subscription(Pin<Box<dyn Stream<Item = Result<SubscriptionEvent, ClientError>> + Send>>);

impl Subscription {
    pub(crate) fn new(
        events: impl Stream<Item = Result<SubscriptionEvent, ClientError>> + Send + 'static,
    ) -> Self {
        Self(Box::pin(events))
    }

    /// The next event; `None` when the client is closed, or after an error.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: events are handed out once, whole.
    pub async fn next(&mut self) -> Option<Result<SubscriptionEvent, ClientError>> {
        self.0.next().await
    }
}

impl Stream for Subscription {
    type Item = Result<SubscriptionEvent, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subscription")
    }
}

/// A modern subscription: one request that stays open, and is made again when it breaks. `owner`
/// lives as long as the stream.
pub(crate) fn modern<O: Send + 'static>(
    shared: Arc<Shared>,
    filter: SubscriptionFilter,
    owner: O,
) -> Subscription {
    let listening = ModernSubscription {
        shared,
        filter,
        running: None,
        events: VecDeque::new(),
        failures: 0,
        is_over: false,
    };
    let state = (listening, owner);
    Subscription::new(stream::unfold(state, |(mut listening, owner)| async move {
        let event = listening.next().await?;
        Some((event, (listening, owner)))
    }))
}

struct ModernSubscription {
    shared: Arc<Shared>,
    filter: SubscriptionFilter,
    running: Option<OpenRequest>,
    events: VecDeque<SubscriptionEvent>,
    failures: u32,
    is_over: bool,
}

struct OpenRequest {
    session: Arc<Session>,
    messages: Messages,
    is_acknowledged: bool,
}

impl ModernSubscription {
    async fn next(&mut self) -> Option<Result<SubscriptionEvent, ClientError>> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(Ok(event));
            }
            if self.is_over {
                return None;
            }
            let stepped = match &mut self.running {
                Some(_) => self.next_item().await,
                None => self.open().await,
            };
            match stepped {
                Ok(()) => {}
                Err(ClientError::Closed) => return None,
                Err(error) => {
                    self.is_over = true;
                    return Some(Err(error));
                }
            }
        }
    }

    async fn open(&mut self) -> Result<(), ClientError> {
        if self.failures > 0 {
            let backoff = Backoff { base: PAUSE, delay_max: PAUSE_MAX };
            let random = u64::from_le_bytes(random_bytes());
            sleep(backoff.next_delay(self.failures - 1, random).max(PAUSE_MIN)).await;
        }
        self.failures = self.failures.saturating_add(1);
        let session = self.shared.session().await?;
        let params = Params::new().with("notifications", &self.filter)?;
        let call = Call::new(Method::SubscriptionsListen.as_str(), params);
        let meta = request_meta(&self.shared, &session, &call, None);
        let id = Id::from_number(self.shared.next_id());
        let request = call.params.request(id, &call.method, &meta);
        let messages = session.request(request, HeaderMap::new());
        self.running = Some(OpenRequest { session, messages, is_acknowledged: false });
        Ok(())
    }

    async fn next_item(&mut self) -> Result<(), ClientError> {
        let Some(running) = &mut self.running else { return Ok(()) };
        // What is acknowledged may be silent for hours; what is not, not for long.
        let patience =
            if running.is_acknowledged { None } else { Some(self.shared.config.timeout) };
        let item = tokio::select! {
            biased;
            item = running.messages.next() => item,
            () = running.session.retired.cancelled() => None,
            () = wait(patience) => None,
        };
        let message = match item {
            Some(Ok(item)) => item.into_message(),
            Some(Err(fault)) => return self.lose(ClientError::from_fault(&fault)).await,
            None => {
                self.interrupt();
                return Ok(());
            }
        };
        self.shared.touch();
        match message {
            Some(message) => self.take(message),
            None => Ok(()),
        }
    }

    fn take(&mut self, message: Message) -> Result<(), ClientError> {
        match message.into_kind() {
            MessageKind::Response(answer) => match answer.error_object() {
                Some(error) => Err(ClientError::Rpc(error)),
                // "A client that receives this response knows the subscription closed cleanly":
                // the server may be shutting down, and come back.
                None => {
                    self.interrupt();
                    Ok(())
                }
            },
            MessageKind::Notification(notification) => {
                self.take_notification(notification);
                Ok(())
            }
            MessageKind::Request(_) => Ok(()),
        }
    }

    fn take_notification(&mut self, notification: Notification) {
        if notification.is_method(Method::SubscriptionsAcknowledged.as_str()) {
            return self.acknowledge(&notification);
        }
        self.shared.observe(&notification);
        self.events.push_back(SubscriptionEvent::Notification(notification.into_message()));
    }

    fn acknowledge(&mut self, acknowledged: &Notification) {
        self.failures = 0;
        if let Some(running) = &mut self.running {
            running.is_acknowledged = true;
        }
        let params = acknowledged.decode_params::<SubscriptionsAcknowledgedParams>();
        let filter = params.map(|it| it.notifications).unwrap_or_default();
        self.events.push_back(SubscriptionEvent::Acknowledged(filter));
    }

    /// What broke is opened again; what was refused is an error.
    async fn lose(&mut self, error: ClientError) -> Result<(), ClientError> {
        let session = self.running.as_ref().map(|it| Arc::clone(&it.session));
        self.interrupt();
        match &error {
            ClientError::Unreachable { reason } | ClientError::Lost { reason, .. } => {
                if let Some(session) = session {
                    self.shared.report_loss(&session, Loss::Broken(reason.clone())).await;
                }
                Ok(())
            }
            ClientError::Protocol { .. } => Ok(()),
            _ => Err(error),
        }
    }

    fn interrupt(&mut self) {
        let running = self.running.take();
        if running.is_some_and(|it| it.is_acknowledged) {
            self.events.push_back(SubscriptionEvent::Interrupted);
        }
    }
}

async fn wait(patience: Option<Duration>) {
    match patience {
        Some(patience) => sleep(patience).await,
        None => std::future::pending().await,
    }
}

const PAUSE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(30);
const PAUSE_MIN: Duration = Duration::from_millis(50);
