//! Subscriptions of the modern kind at a legacy server.

use std::collections::VecDeque;
use std::sync::Arc;

use eyot_jsonrpc::Notification;
use eyot_types::{Method, ServerCapabilities, SubscriptionFilter};
use futures_util::stream;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::client::Client;
use crate::error::ClientError;
use crate::state::ClientEvent;
use crate::subscription::{Subscription, SubscriptionEvent};

/// Subscribes to what the filter names: to lists by the session's notifications, to resources by
/// `resources/subscribe`.
pub(crate) async fn legacy(
    client: Client,
    filter: SubscriptionFilter,
) -> Result<Subscription, ClientError> {
    let notifications = client.shared().notifications.subscribe();
    let events = client.shared().events.subscribe();
    let capabilities = client.capabilities();
    let filter = honoured(filter, &capabilities);
    let mut resources = ResourceSubscriptions { client, uris: Vec::new() };
    for uri in filter.resource_subscriptions.clone().unwrap_or_default() {
        resources.client.subscribe(uri.clone()).await?;
        resources.uris.push(uri);
    }
    let first = SubscriptionEvent::Acknowledged(filter.clone());
    let pending = VecDeque::from([first]);
    let subscription = LegacySubscription { notifications, events, filter, resources, pending };
    Ok(Subscription::new(stream::unfold(subscription, LegacySubscription::next)))
}

/// "Notification types the server does not support are omitted" (2026-07-28,
/// basic/patterns/subscriptions, Acknowledgment).
fn honoured(
    mut filter: SubscriptionFilter,
    capabilities: &ServerCapabilities,
) -> SubscriptionFilter {
    let is_told =
        |wanted: Option<bool>, list| wanted.filter(|it| *it && capabilities.has_list_changed(list));
    filter.tools_list_changed = is_told(filter.tools_list_changed, "tools");
    filter.prompts_list_changed = is_told(filter.prompts_list_changed, "prompts");
    filter.resources_list_changed = is_told(filter.resources_list_changed, "resources");
    if !capabilities.has_resources_subscribe() {
        filter.resource_subscriptions = None;
    }
    filter.task_ids = None;
    filter
}

struct LegacySubscription {
    notifications: broadcast::Receiver<Notification>,
    events: broadcast::Receiver<ClientEvent>,
    filter: SubscriptionFilter,
    resources: ResourceSubscriptions,
    pending: VecDeque<SubscriptionEvent>,
}

impl LegacySubscription {
    async fn next(mut self) -> Option<(Result<SubscriptionEvent, ClientError>, Self)> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some((Ok(event), self));
            }
            let mut liveness = self.resources.client.liveness();
            tokio::select! {
                received = self.notifications.recv() => match received {
                    Ok(notification) if is_wanted(&self.filter, &notification) => {
                        let message = notification.into_message();
                        self.pending.push_back(SubscriptionEvent::Notification(message));
                    }
                    Ok(_) => {}
                    // Too slow: what was missed is not told.
                    Err(RecvError::Lagged(_)) => {
                        self.pending.push_back(SubscriptionEvent::Interrupted);
                    }
                    Err(RecvError::Closed) => return None,
                },
                event = self.events.recv() => {
                    if matches!(event, Ok(ClientEvent::SessionReplaced { .. })) {
                        self.pending.push_back(SubscriptionEvent::Interrupted);
                        let again = SubscriptionEvent::Acknowledged(self.filter.clone());
                        self.pending.push_back(again);
                    }
                }
                _ = liveness.wait_for(|it| *it == super::Liveness::Closed) => return None,
            }
        }
    }
}

fn is_wanted(filter: &SubscriptionFilter, notification: &Notification) -> bool {
    match Method::parse(notification.method()) {
        Method::ToolsListChanged => filter.tools_list_changed.unwrap_or(false),
        Method::PromptsListChanged => filter.prompts_list_changed.unwrap_or(false),
        Method::ResourcesListChanged => filter.resources_list_changed.unwrap_or(false),
        Method::ResourcesUpdated => {
            let uri = notification.uri().unwrap_or_default();
            // "This may be a sub-resource of the one that the client actually subscribed to"
            // (2025-11-25, schema, ResourceUpdatedNotification).
            let uris = filter.resource_subscriptions.iter().flatten();
            uris.into_iter().any(|it| uri.starts_with(it.as_str()))
        }
        _ => false,
    }
}

/// Ends the subscriptions when it is dropped.
struct ResourceSubscriptions {
    client: Client,
    uris: Vec<String>,
}

impl Drop for ResourceSubscriptions {
    fn drop(&mut self) {
        let shared = Arc::clone(self.client.shared());
        for uri in std::mem::take(&mut self.uris) {
            if let Some(ending) = self.client.unsubscribing(&uri) {
                shared.run(Box::pin(async move {
                    if let Err(error) = ending.await {
                        tracing::debug!(%error, "server keeps a subscription that nobody needs");
                    }
                }));
            }
        }
    }
}
