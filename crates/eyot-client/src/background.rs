//! The subscription that a client holds for itself at a modern server.

use std::sync::Arc;

use eyot_types::{Era, SubscriptionFilter};
use tokio::sync::oneshot;

use crate::error::ClientError;
use crate::session::Session;
use crate::state::Shared;
use crate::subscription::{Subscription, SubscriptionEvent, modern};

/// Listens to the lists and resources that the caller's handlers are for. A subscription cannot be
/// changed, so a new one replaces the old one once it is acknowledged.
#[derive(Default)]
pub(crate) struct Background {
    current: Option<Subscription>,
    next: Option<Subscription>,
    waiting: Vec<oneshot::Sender<Result<(), ClientError>>>,
    is_due: bool,
}

impl Background {
    pub(crate) fn new(shared: &Arc<Shared>, session: &Arc<Session>) -> Self {
        if session.era() == Era::Legacy {
            return Self::default();
        }
        let is_due = wanted(shared, session).is_some();
        Self { is_due, ..Self::default() }
    }

    /// Makes the subscription anew; `done` is told when it is acknowledged.
    pub(crate) fn resubscribe(&mut self, done: oneshot::Sender<Result<(), ClientError>>) {
        self.waiting.retain(|it| !it.is_closed());
        self.waiting.push(done);
        self.is_due = true;
    }

    /// Goes on with it; ready whenever something happened. Cancel safe.
    pub(crate) async fn next(&mut self, shared: &Arc<Shared>) {
        if self.is_due {
            self.is_due = false;
            self.begin(shared);
        }
        let event = tokio::select! {
            event = next_event(&mut self.current) => {
                if event.is_none_or(|it| it.is_err()) {
                    self.current = None;
                }
                return;
            }
            event = next_event(&mut self.next) => event,
        };
        match event {
            Some(Ok(SubscriptionEvent::Acknowledged(_))) => {
                self.current = self.next.take();
                self.answer(&Ok(()));
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                tracing::warn!(%error, "server refused a subscription");
                self.next = None;
                self.answer(&Err(error));
            }
            None => self.next = None,
        }
    }

    fn begin(&mut self, shared: &Arc<Shared>) {
        let filter = shared.session_now().and_then(|session| wanted(shared, &session));
        match filter {
            Some(filter) => self.next = Some(modern(Arc::clone(shared), filter, ())),
            None => {
                (self.current, self.next) = (None, None);
                self.answer(&Ok(()));
            }
        }
    }

    fn answer(&mut self, answer: &Result<(), ClientError>) {
        for done in self.waiting.drain(..) {
            // It is no error that the caller has gone.
            drop(done.send(answer.clone()));
        }
    }
}

/// What the caller listens to, as far as the server has it.
fn wanted(shared: &Shared, session: &Session) -> Option<SubscriptionFilter> {
    let handlers = &shared.config.handlers;
    let capabilities = &session.facts.capabilities;
    let list = |name: &str| {
        (handlers.wants_list_changes() && capabilities.has_list_changed(name)).then_some(true)
    };
    let uris: Vec<String> = shared.subscribed().into_iter().collect();
    let mut filter = SubscriptionFilter::new();
    filter.tools_list_changed = list("tools");
    filter.prompts_list_changed = list("prompts");
    filter.resources_list_changed = list("resources");
    filter.resource_subscriptions = Some(uris).filter(|it| !it.is_empty());
    (filter != SubscriptionFilter::new()).then_some(filter)
}

async fn next_event(
    subscription: &mut Option<Subscription>,
) -> Option<Result<SubscriptionEvent, ClientError>> {
    match subscription {
        Some(subscription) => subscription.next().await,
        None => std::future::pending().await,
    }
}
