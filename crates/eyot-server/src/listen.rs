//! Streams of what changes, for legacy sessions and for modern subscriptions.

use std::collections::{BTreeSet, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use eyot_jsonrpc::{ErrorObject, Id, Message};
use eyot_service::{Fault, Messages, Peer, Reply, ReplyItem, SessionHandle};
use eyot_types::{
    Era, JsonObject, Method, SubscribeParams, SubscriptionFilter, SubscriptionsAcknowledgedParams,
    SubscriptionsListenParams, SubscriptionsListenResult, meta,
};
use futures_core::Stream;
use serde_json::json;
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::app::App;
use crate::app_session::AppSession;
use crate::change_log::{Change, Changes, Place};
use crate::tasks::Watch;

impl App {
    /// What a legacy session hears outside its calls. Changes that its client has missed come
    /// first.
    pub(crate) fn listen_session(self: &Arc<Self>, context: &Arc<SessionHandle>) -> Reply {
        let session = self.session(context);
        let place = session.seen();
        let audience = Audience::Session { context: Arc::clone(context), session };
        Reply::Stream(Messages::new(Listener::new(self, audience, place)))
    }

    /// `subscriptions/listen`: one request that stays open, which says first what it will tell.
    pub(crate) fn listen_modern(
        self: &Arc<Self>,
        (id, params): (Id, SubscriptionsListenParams),
        peer: &Peer,
        request: &Message,
    ) -> Result<Reply, ErrorObject> {
        let mut asked = params.notifications;
        let task_ids = asked.task_ids.take();
        let mut filter = self.honoured(asked);
        let tasks = self.watched_tasks(task_ids.unwrap_or_default(), peer, request)?;
        if !tasks.is_empty() {
            let ids = tasks.iter().map(|task| task.read(|it| it.id.as_ref().to_owned()));
            filter.task_ids = Some(ids.collect());
        }
        let acknowledged = SubscriptionsAcknowledgedParams::new(&id, filter.clone());
        let method = Method::SubscriptionsAcknowledged.as_str();
        let mut listener =
            Listener::new(self, Audience::Subscription { id, filter }, self.changes.end());
        listener.tasks = Watch::new(listener.reader, tasks);
        listener.out.push_back(Message::notification(method, &acknowledged));
        Ok(Reply::Stream(Messages::new(listener)))
    }

    /// What of a filter this server can tell at all.
    fn honoured(&self, asked: SubscriptionFilter) -> SubscriptionFilter {
        let capabilities = self.capabilities(Era::Modern);
        let keep = |asked: Option<bool>, name: &str| {
            asked.filter(|asked| *asked && capabilities.has_list_changed(name))
        };
        let mut filter = SubscriptionFilter::new();
        filter.tools_list_changed = keep(asked.tools_list_changed, "tools");
        filter.prompts_list_changed = keep(asked.prompts_list_changed, "prompts");
        filter.resources_list_changed = keep(asked.resources_list_changed, "resources");
        if capabilities.has_resources_subscribe() {
            filter.resource_subscriptions = asked.resource_subscriptions;
        }
        filter
    }
}

/// Who listens.
enum Audience {
    Session { context: Arc<SessionHandle>, session: Arc<AppSession> },
    Subscription { id: Id, filter: SubscriptionFilter },
}

/// Reads the change log for one client.
struct Listener {
    app: Arc<App>,
    reader: u64,
    audience: Audience,
    place: Place,
    tasks: Watch,
    out: VecDeque<Message>,
    drain: Pin<Box<WaitForCancellationFutureOwned>>,
    is_over: bool,
}

impl Listener {
    fn new(app: &Arc<App>, audience: Audience, place: Place) -> Self {
        let drain = Box::pin(app.shutdown.drained().clone().cancelled_owned());
        let reader = app.changes.reader();
        let (app, out) = (Arc::clone(app), VecDeque::new());
        let tasks = Watch::new(reader, Vec::new());
        Self { app, reader, audience, place, tasks, out, drain, is_over: false }
    }

    fn announce(&mut self, changes: Changes) {
        let changes = match changes {
            Changes::These(changes) => changes,
            Changes::Anything => self.audience.everything(),
        };
        for change in changes {
            self.out.extend(self.audience.notification(&change));
        }
    }

    /// A response to the request that stayed open "signals that the subscription ended gracefully"
    /// (2026-07-28, basic/patterns/subscriptions).
    fn farewell(&self) -> Option<Message> {
        match &self.audience {
            Audience::Session { .. } => None,
            Audience::Subscription { id, .. } => {
                let mut result = SubscriptionsListenResult::new(id);
                meta::set_server_info(&mut result.meta, &self.app.info);
                Some(Message::response(id.clone(), &result))
            }
        }
    }
}

impl Audience {
    /// All that may have changed when nobody knows any more what has.
    fn everything(&self) -> BTreeSet<Change> {
        let mut all = BTreeSet::from([Change::Tools, Change::Prompts, Change::Resources]);
        let resource = |uri: String| Change::Resource(uri.into());
        match self {
            Self::Session { context, .. } => {
                all.extend(context.state().subscriptions.into_iter().map(resource));
            }
            Self::Subscription { filter, .. } => {
                let uris = filter.resource_subscriptions.clone().unwrap_or_default();
                all.extend(uris.into_iter().map(resource));
            }
        }
        all
    }

    /// What is said of a change; `None` when this client has not asked for it.
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
                context.state().subscriptions.iter().any(|it| covers(it, uri))
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

/// Whether a subscription to `subscribed` hears of `uri`: "This may be a sub-resource of the one
/// that the client actually subscribed to" (2025-11-25, schema).
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
                return Poll::Ready(Some(Ok(message.into())));
            }
            if let Audience::Session { session, .. } = &this.audience {
                // What was taken from here is being written, or stored by the host.
                session.set_seen(this.place);
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
                return Poll::Ready(Some(Ok(notice.into())));
            }
            match this.app.changes.poll_since(this.reader, &mut this.place, cx) {
                Some(changes) => this.announce(changes),
                None => return Poll::Pending,
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.app.changes.forget(self.reader);
    }
}
