//! What a session hears of changes: one `subscriptions/listen` at the server.
//!
//! The filter of a running stream cannot be changed. A stream with the new filter is opened beside
//! it and replaces it once the server has acknowledged it, so that no change is missed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use eyot_era::legacy_to_modern::ClientMeta;
use eyot_jsonrpc::{Message, MessageKind, Request};
use eyot_service::{Fault, Messages, Reply, ReplyItem};
use eyot_types::{
    Method, SubscriptionFilter, SubscriptionsAcknowledgedParams, SubscriptionsListenParams,
};
use eyot_upstream::Sender;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{sleep, timeout};

use super::upstream::{ModernUpstream, upstreams_fault};

/// The subscription of one session.
#[derive(Debug)]
pub(crate) struct ChangeSubscription {
    upstream: Arc<ModernUpstream>,
    state: Mutex<State>,
    /// One caller opens a stream at a time; those that waited use it.
    opening: Semaphore,
    /// There is a new stream, or another is wanted.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The resources that the client wants to hear of.
    wanted: BTreeSet<String>,
    /// Counts the changes of `wanted`.
    wanted_no: u64,
    /// The count at which the newest stream was opened.
    opened_no: u64,
    acknowledged: SubscriptionFilter,
    /// The newest stream, until a client listens.
    stream: Option<ChangeStream>,
    /// Whether the newest stream has not ended, as far as is known.
    is_open: bool,
}

/// What the server tells of changes, for the client that listens.
#[derive(Debug)]
pub(crate) struct ChangeStream {
    pub(crate) parts: Messages,
    /// Messages of an older stream that the client has not read.
    pub(crate) unread: Vec<Message>,
}

impl ChangeStream {
    /// What has come already, without waiting for more.
    pub(crate) fn drain(&mut self) -> Vec<Message> {
        let mut messages = std::mem::take(&mut self.unread);
        while messages.len() < UNREAD_MAX {
            let Some(Some(Ok(part))) = self.parts.next().now_or_never() else { break };
            messages.extend(part.into_message());
        }
        messages
    }
}

impl ChangeSubscription {
    /// A subscription that hears nothing yet.
    pub(crate) fn new(upstream: Arc<ModernUpstream>, wanted: BTreeSet<String>) -> Self {
        let state = State { wanted, wanted_no: 1, ..State::default() };
        let (opening, changed) = (Semaphore::new(1), Notify::new());
        Self { upstream, state: Mutex::new(state), opening, changed }
    }

    /// Subscribes to a resource; `false` when the server does not tell of it. The session has room
    /// for it.
    pub(crate) async fn subscribe(&self, client: &ClientMeta, uri: &str) -> Result<bool, Fault> {
        let number = {
            let mut state = self.state.lock();
            if state.is_open && state.tells(uri) {
                return Ok(true);
            }
            state.want(|wanted| wanted.insert(uri.to_owned()))
        };
        let opened = self.reach(client, number).await;
        let mut state = self.state.lock();
        let is_told = opened.is_ok() && state.tells(uri);
        if !is_told {
            state.wanted.remove(uri);
        }
        opened.map(|()| is_told)
    }

    /// Ends the subscription to a resource.
    pub(crate) async fn unsubscribe(&self, client: &ClientMeta, uri: &str) {
        let number = {
            let mut state = self.state.lock();
            if !state.wanted.contains(uri) {
                return;
            }
            let number = state.want(|wanted| wanted.remove(uri));
            if state.wanted.is_empty() && state.stream.take().is_some() {
                // No client listens, and no resource is wanted.
                state.is_open = false;
                return;
            }
            number
        };
        if let Err(fault) = self.reach(client, number).await {
            tracing::debug!(%fault, "subscription was not made smaller");
        }
    }

    /// Opens a stream with what is wanted since that change, unless there is one. Changes within a
    /// short time are made together.
    async fn reach(&self, client: &ClientMeta, number: u64) -> Result<(), Fault> {
        sleep(COALESCE).await;
        let permit = self.opening.acquire().await;
        let is_reached = {
            let state = self.state.lock();
            state.is_open && state.opened_no >= number
        };
        let opened = if is_reached { Ok(()) } else { self.open(client).await };
        drop(permit);
        opened
    }

    /// Opens a stream for a client that listens and has lost its own.
    pub(crate) async fn reopen(&self, client: &ClientMeta) -> Result<(), Fault> {
        let permit = self.opening.acquire().await;
        let is_there = self.state.lock().stream.is_some();
        let opened = if is_there { Ok(()) } else { self.open(client).await };
        drop(permit);
        opened
    }

    /// Opens a stream and leaves it for the client that listens.
    async fn open(&self, client: &ClientMeta) -> Result<(), Fault> {
        let patience = self.upstream.limits().calls.timeout;
        let opening = timeout(patience, self.listen(client)).await;
        let opened = opening.unwrap_or_else(|_elapsed| Err(Fault::timed_out(patience)));
        let (number, acknowledged, stream) = opened.map_err(upstreams_fault)?;
        {
            let mut state = self.state.lock();
            state.opened_no = number;
            state.acknowledged = acknowledged;
            let unread = state.stream.take().map(|mut it| it.drain()).unwrap_or_default();
            state.stream = Some(ChangeStream { parts: stream, unread });
            state.is_open = true;
        }
        self.changed.notify_one();
        Ok(())
    }

    async fn listen(
        &self,
        client: &ClientMeta,
    ) -> Result<(u64, SubscriptionFilter, Messages), Fault> {
        let (number, filter) = self.filter().await?;
        let params = SubscriptionsListenParams::new(filter);
        let method = Method::SubscriptionsListen.as_str();
        let bare = Request::unnumbered(method, &params);
        let request = client.request(&bare, None);
        let connection = self.upstream.connection().await?;
        let mut parts = match connection.request(request, &Sender::ourselves()).await? {
            Reply::Stream(parts) => parts,
            Reply::One(answer) => Messages::new(stream::iter([Ok(answer.into())])),
            Reply::None => return Err(Fault::unanswered()),
        };
        // "The server MUST send `notifications/subscriptions/acknowledged` as the first message
        // carrying the subscription's ID" (2026-07-28, basic/patterns/subscriptions).
        loop {
            let part: ReplyItem = parts.next().await.ok_or_else(Fault::unanswered)??;
            let Some(message) = part.into_message() else { continue };
            let notification = match message.into_kind() {
                MessageKind::Notification(notification) => notification,
                MessageKind::Response(answer) => {
                    let error = answer.error_object().ok_or_else(Fault::unanswered)?;
                    return Err(Fault::upstream(error));
                }
                MessageKind::Request(_) => continue,
            };
            if Method::parse(notification.method()) == Method::SubscriptionsAcknowledged {
                let params = notification.decode_params::<SubscriptionsAcknowledgedParams>();
                let acknowledged = params.map_err(|_| Fault::unanswered())?.notifications;
                return Ok((number, acknowledged, parts));
            }
        }
    }

    /// What to listen for: the lists that the server announces changes of, and what is wanted.
    async fn filter(&self) -> Result<(u64, SubscriptionFilter), Fault> {
        let discovered = self.upstream.discover().await?;
        let flag = |name| discovered.capabilities.has_list_changed(name).then_some(true);
        let mut filter = SubscriptionFilter::new();
        filter.tools_list_changed = flag("tools");
        filter.prompts_list_changed = flag("prompts");
        filter.resources_list_changed = flag("resources");
        let state = self.state.lock();
        let wanted = Vec::from_iter(state.wanted.iter().cloned());
        filter.resource_subscriptions = Some(wanted).filter(|it| !it.is_empty());
        Ok((state.wanted_no, filter))
    }

    /// Whether there is nothing to hear of at this server.
    pub(crate) async fn is_idle(&self) -> bool {
        let filter = self.filter().await.map(|(_, filter)| filter);
        filter.is_ok_and(|it| it == SubscriptionFilter::new())
    }

    /// The newest stream, for the client that listens.
    pub(crate) fn take(&self) -> Option<ChangeStream> {
        self.state.lock().stream.take()
    }

    /// Keeps the stream of a client that has stopped listening. It stays open if resources are
    /// wanted: the client hears of their changes when it listens again.
    pub(crate) fn park(&self, mut stream: ChangeStream) {
        let mut state = self.state.lock();
        if let Some(newer) = &mut state.stream {
            newer.unread.splice(0..0, stream.drain()).for_each(drop);
        } else if state.wanted.is_empty() {
            state.is_open = false;
        } else {
            state.stream = Some(stream);
        }
        drop(state);
        self.changed.notify_one();
    }

    /// The stream that was taken has ended.
    pub(crate) fn lost(&self) {
        let mut state = self.state.lock();
        state.is_open = state.stream.is_some();
    }

    /// Waits until there is a new stream, or another is wanted.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// What the server tells of, by method and URI.
    pub(crate) fn told(&self) -> Vec<(Method<'static>, Option<String>)> {
        let state = self.state.lock();
        let lists = [
            (Method::ToolsListChanged, state.acknowledged.tools_list_changed),
            (Method::PromptsListChanged, state.acknowledged.prompts_list_changed),
            (Method::ResourcesListChanged, state.acknowledged.resources_list_changed),
        ];
        let lists = lists.into_iter().filter(|it| it.1 == Some(true)).map(|it| (it.0, None));
        let uris = state.wanted.iter().map(|uri| (Method::ResourcesUpdated, Some(uri.clone())));
        lists.chain(uris).collect()
    }

    /// The session is over.
    pub(crate) fn close(&self) {
        let stream = self.state.lock().stream.take();
        drop(stream);
    }
}

impl State {
    fn want(&mut self, change: impl FnOnce(&mut BTreeSet<String>) -> bool) -> u64 {
        if change(&mut self.wanted) {
            self.wanted_no += 1;
        }
        self.wanted_no
    }

    fn tells(&self, uri: &str) -> bool {
        let told = self.acknowledged.resource_subscriptions.as_ref();
        self.wanted.contains(uri) && told.is_some_and(|it| it.iter().any(|it| it == uri))
    }
}

/// How long a change of what is wanted waits for further ones.
const COALESCE: Duration = Duration::from_millis(20);
/// Messages that are taken from a stream at once, when another takes its place.
const UNREAD_MAX: usize = 256;
