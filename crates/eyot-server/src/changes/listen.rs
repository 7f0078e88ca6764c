//! Streams of changes, for legacy sessions and for modern subscriptions.

use std::collections::{BTreeSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use eyot_jsonrpc::{Id, Message};
use eyot_service::{Fault, ReplyItem, SessionHandle};
use eyot_types::{
    JsonObject, Method, SubscribeParams, SubscriptionFilter, SubscriptionsListenResult, meta,
};
use futures_core::Stream;
use serde_json::json;
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::log::{Change, ChangeLog, Changed, Place};
use crate::call::session::HandlerSession;
use crate::identity::Identity;
use crate::tasks::{TaskEntry, Watch};

/// The client that listens.
pub(super) enum Audience {
    Session { context: Arc<SessionHandle>, session: Arc<HandlerSession> },
    Subscription { id: Id, filter: SubscriptionFilter },
}

/// Reads the change log for one client.
pub(super) struct Listener {
    log: Arc<ChangeLog>,
    identity: Arc<Identity>,
    reader: u64,
    audience: Audience,
    place: Place,
    tasks: Watch,
    out: VecDeque<Message>,
    drain: Pin<Box<WaitForCancellationFutureOwned>>,
    is_over: bool,
}

impl Listener {
    /// Begins at a place of the log, and ends once the server drains.
    pub(super) fn new(
        log: &Arc<ChangeLog>,
        identity: &Arc<Identity>,
        drain: WaitForCancellationFutureOwned,
        audience: Audience,
        place: Place,
    ) -> Self {
        let reader = log.reader();
        let (log, identity) = (Arc::clone(log), Arc::clone(identity));
        let (drain, out) = (Box::pin(drain), VecDeque::new());
        let tasks = Watch::new(reader, Vec::new());
        Self { log, identity, reader, audience, place, tasks, out, drain, is_over: false }
    }

    /// Reports the states of these tasks too.
    pub(super) fn watch(&mut self, tasks: Vec<Arc<TaskEntry>>) {
        self.tasks = Watch::new(self.reader, tasks);
    }

    /// Sends this message before all changes.
    pub(super) fn tell(&mut self, message: Message) {
        self.out.push_back(message);
    }

    fn announce(&mut self, changes: Changed) {
        let changes = match changes {
            Changed::These(changes) => changes,
            Changed::Anything => self.audience.everything(),
        };
        for change in changes {
            self.out.extend(self.audience.notification(&change));
        }
    }

    /// The next item of the stream. A modern client finds the id of its subscription in it.
    fn said(&self, message: Message) -> Poll<Option<Result<ReplyItem, Fault>>> {
        let message = match &self.audience {
            Audience::Session { .. } => message,
            Audience::Subscription { id, .. } => meta::with_exact_subscription_id(message, id),
        };
        Poll::Ready(Some(Ok(message.into())))
    }

    /// A response to the request that stayed open "signals that the subscription ended gracefully"
    /// (2026-07-28, basic/patterns/subscriptions).
    fn farewell(&self) -> Option<Message> {
        match &self.audience {
            Audience::Session { .. } => None,
            Audience::Subscription { id, .. } => {
                let mut result = SubscriptionsListenResult::new(id);
                meta::set_server_info(&mut result.meta, self.identity.info());
                Some(Message::response(id.clone(), &result))
            }
        }
    }
}

impl Audience {
    /// Every change that may have happened, for a client that missed more than the log holds.
    fn everything(&self) -> BTreeSet<Change> {
        let mut all = BTreeSet::from([Change::Tools, Change::Prompts, Change::Resources]);
        let resource = |uri: String| Change::Resource(uri.into());
        match self {
            Self::Session { context, .. } => {
                let items = context.look(|state| state.items.clone());
                all.extend(items.subscriptions().map(|it| resource(it.to_owned())));
            }
            Self::Subscription { filter, .. } => {
                let uris = filter.resource_subscriptions.clone().unwrap_or_default();
                all.extend(uris.into_iter().map(resource));
            }
        }
        all
    }

    /// The notification of a change; `None` when this client has not asked for it.
    fn notification(&self, change: &Change) -> Option<Message> {
        if !self.wants(change) {
            return None;
        }
        let meta = match self {
            Self::Session { .. } => None,
            Self::Subscription { id, .. } => {
                let mut meta = JsonObject::new();
                meta::set_subscription_id(&mut meta, id);
                Some(meta)
            }
        };
        let method = match change {
            Change::Tools => Method::ToolsListChanged,
            Change::Prompts => Method::PromptsListChanged,
            Change::Resources => Method::ResourcesListChanged,
            Change::Resource(uri) => {
                let mut params = SubscribeParams::new(uri.as_ref());
                params.meta = meta;
                return Some(Message::notification(Method::ResourcesUpdated.as_str(), &params));
            }
        };
        Some(match meta {
            Some(meta) => Message::notification(method.as_str(), &json!({ "_meta": meta })),
            None => Message::notification(method.as_str(), &()),
        })
    }

    fn wants(&self, change: &Change) -> bool {
        match (self, change) {
            (Self::Session { context, .. }, Change::Resource(uri)) => {
                context.look(|state| state.items.subscriptions().any(|it| covers(it, uri)))
            }
            (Self::Session { .. }, _) => true,
            (Self::Subscription { filter, .. }, change) => match change {
                Change::Tools => filter.tools_list_changed == Some(true),
                Change::Prompts => filter.prompts_list_changed == Some(true),
                Change::Resources => filter.resources_list_changed == Some(true),
                Change::Resource(uri) => {
                    let uris = filter.resource_subscriptions.as_deref().unwrap_or_default();
                    uris.iter().any(|it| covers(it, uri))
                }
            },
        }
    }
}

/// Whether a subscription to `subscribed` covers `uri`: "This may be a sub-resource of the one that
/// the client actually subscribed to" (2025-11-25, schema).
fn covers(subscribed: &str, uri: &str) -> bool {
    let rest = uri.strip_prefix(subscribed);
    rest.is_some_and(|it| it.is_empty() || it.starts_with('/') || subscribed.ends_with('/'))
}

impl Stream for Listener {
    type Item = Result<ReplyItem, Fault>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(message) = this.out.pop_front() {
                return this.said(message);
            }
            if let Audience::Session { session, .. } = &this.audience {
                // The host writes or stores what was taken from here.
                session.set_seen(this.place);
                if let Some(message) = session.poll_unsent(this.reader, cx) {
                    return this.said(message);
                }
            }
            if this.is_over {
                return Poll::Ready(None);
            }
            if this.drain.as_mut().poll(cx).is_ready() {
                this.is_over = true;
                this.out.extend(this.farewell());
                continue;
            }
            if let Audience::Subscription { id, .. } = &this.audience
                && let Poll::Ready(notice) = this.tasks.poll_notice(id, cx)
            {
                return this.said(notice);
            }
            match this.log.poll_since(this.reader, &mut this.place, cx) {
                Some(changes) => this.announce(changes),
                None => return Poll::Pending,
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.log.forget(self.reader);
        if let Audience::Session { session, .. } = &self.audience {
            session.forget_listener(self.reader);
        }
    }
}
