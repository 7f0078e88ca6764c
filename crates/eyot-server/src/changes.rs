//! The changes of a running server, and the streams that report them.

mod listen;
pub(crate) mod log;

use std::sync::Arc;

use eyot_jsonrpc::{Id, Message};
use eyot_service::{Messages, Reply, SessionHandle, Shutdown};
use eyot_types::{Method, ServerCapabilities, SubscriptionFilter, SubscriptionsAcknowledgedParams};

use self::listen::{Audience, Listener};
use self::log::{Change, ChangeLog, Place};
use crate::call::session::HandlerSession;
use crate::identity::Identity;
use crate::tasks::TaskEntry;

/// The changes of one server, and the streams that report them.
#[derive(Debug)]
pub(crate) struct Changes {
    log: Arc<ChangeLog>,
    identity: Arc<Identity>,
    shutdown: Shutdown,
}

impl Changes {
    pub(crate) fn new(identity: Arc<Identity>, shutdown: Shutdown) -> Self {
        Self { log: Arc::default(), identity, shutdown }
    }

    /// Reports a change to every listener.
    pub(crate) fn push(&self, change: Change) {
        self.log.push(change);
    }

    /// The place behind the newest change.
    pub(crate) fn end(&self) -> Place {
        self.log.end()
    }

    /// The stream of a legacy session outside its calls. It begins with the changes that the client
    /// has missed.
    pub(crate) fn listen_session(
        &self,
        context: Arc<SessionHandle>,
        session: Arc<HandlerSession>,
    ) -> Reply {
        let place = session.seen();
        Reply::Stream(Messages::new(self.listener(Audience::Session { context, session }, place)))
    }

    /// The stream of a `subscriptions/listen` request. Its first message says which changes it
    /// reports.
    pub(crate) fn listen(
        &self,
        id: Id,
        mut filter: SubscriptionFilter,
        tasks: Vec<Arc<TaskEntry>>,
    ) -> Reply {
        if !tasks.is_empty() {
            let ids = tasks.iter().map(|task| task.read(|it| it.id().as_ref().to_owned()));
            filter.task_ids = Some(ids.collect());
        }
        let acknowledged = SubscriptionsAcknowledgedParams::new(&id, filter.clone());
        let method = Method::SubscriptionsAcknowledged.as_str();
        let mut listener = self.listener(Audience::Subscription { id, filter }, self.log.end());
        listener.watch(tasks);
        listener.tell(Message::notification(method, &acknowledged));
        Reply::Stream(Messages::new(listener))
    }

    fn listener(&self, audience: Audience, place: Place) -> Listener {
        let drained = self.shutdown.drained().clone().cancelled_owned();
        Listener::new(&self.log, &self.identity, drained, audience, place)
    }
}

/// The part of a filter that a server with these capabilities and resources can serve: "the server
/// agreed to honor" no more than that (2026-07-28, schema,
/// `SubscriptionsAcknowledgedNotification`).
pub(crate) fn honoured(
    asked: SubscriptionFilter,
    capabilities: &ServerCapabilities,
    has_resource: impl Fn(&str) -> bool,
) -> SubscriptionFilter {
    let keep = |asked: Option<bool>, name: &str| {
        asked.filter(|asked| *asked && capabilities.has_list_changed(name))
    };
    let mut filter = SubscriptionFilter::new();
    filter.tools_list_changed = keep(asked.tools_list_changed, "tools");
    filter.prompts_list_changed = keep(asked.prompts_list_changed, "prompts");
    filter.resources_list_changed = keep(asked.resources_list_changed, "resources");
    if capabilities.has_resources_subscribe() {
        let mut uris = asked.resource_subscriptions.unwrap_or_default();
        uris.retain(|it| has_resource(it));
        filter.resource_subscriptions = Some(uris).filter(|it| !it.is_empty());
    }
    filter
}
