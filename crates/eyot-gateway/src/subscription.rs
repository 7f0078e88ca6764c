//! What a modern client hears of all servers: one `subscriptions/listen` at each.

use std::collections::VecDeque;
use std::sync::Arc;

use eyot_jsonrpc::{Changes as Rewriting, Json, Keeps, Message, Request};
use eyot_service::{Call, Fault, Input, Messages, ReplyItem};
use eyot_types::{JsonObject, Method, SubscriptionFilter, SubscriptionsAcknowledgedParams, meta};
use futures_util::stream;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::fan_in::{changed, note_change};
use crate::listing::Change;
use crate::member::Member;
use crate::merged::{Heard, Merged};
use crate::servers::{Changes, Servers};

/// One subscription on its way to its client.
struct Subscription {
    call: Call,
    request: Request,
    /// What each server is asked to tell.
    asked: Vec<(Member, SubscriptionFilter)>,
    /// What the client was promised.
    granted: SubscriptionFilter,
    merged: Merged,
    changes: watch::Receiver<Changes>,
    seen: Changes,
    /// Servers that fail: they are asked again when they are well.
    parked: Vec<Member>,
    servers: Arc<Servers>,
    untold: VecDeque<Message>,
}

/// The messages of a subscription. `asked`: what each server is to tell of what the client `wants`.
///
/// Its first message says what is granted, as soon as each server has said so, or has had its time: what
/// fails is tried again while the client listens.
pub(crate) fn listen(
    servers: &Arc<Servers>,
    (call, request): (Call, Request),
    wants: &SubscriptionFilter,
    asked: Vec<(Member, SubscriptionFilter)>,
) -> Messages {
    let mut changes = servers.changes();
    let seen = *changes.borrow_and_update();
    // Lists are merged here, and so we can always tell that they have changed.
    let mut granted = wants.clone();
    granted.resource_subscriptions = wants.resource_subscriptions.as_ref().map(|_| Vec::new());
    granted.task_ids = wants.task_ids.as_ref().map(|_| Vec::new());
    let merged = Merged::default();
    let untold = VecDeque::new();
    let (parked, servers) = (Vec::new(), Arc::clone(servers));
    let patience = servers.limits.upstream.list_timeout;
    let it = Subscription {
        call,
        request,
        asked,
        granted,
        merged,
        changes,
        seen,
        parked,
        servers,
        untold,
    };
    Messages::new(stream::unfold((Box::new(it), false), move |(mut it, is_begun)| async move {
        let message = match is_begun {
            false => it.begin(Instant::now() + patience).await.into(),
            true => it.next().await,
        };
        Some((Ok::<_, Fault>(message), (it, true)))
    }))
}

impl Subscription {
    /// Opens all streams; returns what is granted. "The server MUST send
    /// `notifications/subscriptions/acknowledged` as the first message" (2026-07-28,
    /// basic/patterns/subscriptions).
    async fn begin(&mut self, deadline: Instant) -> Message {
        for (member, filter) in self.asked.clone() {
            let call = self.call_with(&filter);
            self.merged.begin(&member, call);
        }
        let mut open = self.asked.len();
        while open > 0 {
            let Ok(heard) = timeout_at(deadline, self.merged.next()).await else { break };
            match heard {
                Heard::Said(member, ReplyItem::Message { message, .. }) => {
                    match granted(&message) {
                        Some(filter) => {
                            self.grant(filter);
                            open -= 1;
                        }
                        None => {
                            note_change(&member, &message.clone().into());
                            self.untold.push_back(message);
                        }
                    }
                }
                lost @ (Heard::Lost(..) | Heard::Refused(_)) => {
                    self.lose(lost);
                    open -= 1;
                }
                Heard::Said(..) => {}
            }
        }
        let id = self.request.id();
        let params = SubscriptionsAcknowledgedParams::new(&id, self.granted.clone());
        let message = Message::notification(Method::SubscriptionsAcknowledged.as_str(), &params);
        meta::with_exact_subscription_id(message, &id)
    }

    fn grant(&mut self, filter: SubscriptionFilter) {
        if let Some(uris) = &mut self.granted.resource_subscriptions {
            uris.extend(filter.resource_subscriptions.into_iter().flatten());
        }
        if let Some(tasks) = &mut self.granted.task_ids {
            tasks.extend(filter.task_ids.into_iter().flatten());
        }
    }

    async fn next(&mut self) -> ReplyItem {
        loop {
            if let Some(message) = self.untold.pop_front() {
                return message.into();
            }
            tokio::select! {
                biased;
                heard = self.merged.next() => match heard {
                    Heard::Said(member, item) => {
                        note_change(&member, &item);
                        if let Some(item) = self.said(item) {
                            return item;
                        }
                    }
                    lost => self.lose(lost),
                },
                Ok(()) = self.changes.changed() => {
                    let now = *self.changes.borrow_and_update();
                    let changes: Vec<_> = changed(self.seen, now).collect();
                    self.seen = now;
                    self.tell(changes);
                    for member in std::mem::take(&mut self.parked) {
                        self.begin_again(&member);
                    }
                }
            }
        }
    }

    /// What the client hears of a server's word. A stream that was opened anew may have missed what
    /// changed before.
    fn said(&mut self, item: ReplyItem) -> Option<ReplyItem> {
        let ReplyItem::Message { message, .. } = item else { return None };
        if granted(&message).is_some() {
            self.tell(Change::ALL.to_vec());
            return None;
        }
        Some(message.into())
    }

    /// Tells changes, as far as the client wants to hear of them.
    fn tell(&mut self, changes: Vec<Change>) {
        for change in changes {
            let wanted = match change {
                Change::Tools => self.granted.tools_list_changed,
                Change::Prompts => self.granted.prompts_list_changed,
                Change::Resources => self.granted.resources_list_changed,
            };
            if wanted == Some(true) {
                let id = self.request.id();
                let mut metadata = JsonObject::new();
                meta::set_subscription_id(&mut metadata, &id);
                let params = json!({ "_meta": metadata });
                let told = Message::notification(change.method().as_str(), &params);
                self.untold.push_back(meta::with_exact_subscription_id(told, &id));
            }
        }
    }

    /// Does what follows when a server does not tell any more.
    fn lose(&mut self, heard: Heard) {
        match heard {
            Heard::Lost(member, None) => self.begin_again(&member),
            Heard::Lost(member, Some(fault)) => {
                tracing::debug!(server = member.name(), %fault, "server cannot be listened to");
                self.servers.watch(&member);
                self.parked.push(member);
            }
            Heard::Refused(member) => {
                tracing::debug!(server = member.name(), "server has nothing to listen to");
            }
            Heard::Said(..) => {}
        }
    }

    fn begin_again(&mut self, member: &Member) {
        let filter = self.asked.iter().find(|(it, _)| it.is(member)).map(|(_, it)| it.clone());
        if let Some(filter) = filter {
            let call = self.call_with(&filter);
            self.merged.begin_again(member, call);
        }
    }

    fn call_with(&self, filter: &SubscriptionFilter) -> Call {
        let filter = Json::of(filter);
        let filter = filter.as_ref().map(|it| ("notifications", it));
        let changes = Rewriting { keeps: Keeps::All, adds: &[filter] };
        let request = self.request.rewritten(&changes, &Rewriting::NONE);
        let request = request.unwrap_or_else(|| self.request.clone());
        Call { input: Input::Request(request), ..self.call.clone() }
    }
}

/// What a server grants, if it says so here.
fn granted(message: &Message) -> Option<SubscriptionFilter> {
    let is_it = message.is_method(Method::SubscriptionsAcknowledged.as_str());
    let params = is_it.then(|| message.decode_params::<SubscriptionsAcknowledgedParams>());
    Some(params?.map(|it| it.notifications).unwrap_or_default())
}
