//! Which call a message of a child belongs to.
//!
//! A child has one pipe for everything. Answers are found by id and progress by token, both ours. A
//! message that names no call goes to the only call that it can belong to, or to the standalone
//! listener: "the server MUST send each of its JSON-RPC messages on only one of the connected
//! streams" (2025-11-25, basic/transports, Multiple Connections).

use std::collections::{BTreeMap, BTreeSet};

use eyot_jsonrpc::{Id, Message, MessageKind, Notification, Request, Response, UpstreamId};
use eyot_types::{Era, Method, meta};

use crate::lines::item_queue::ItemSender;
use crate::running_calls::RunningCalls;
use crate::subscription::{answer_for_caller, subscription_id};

/// A running call.
#[derive(Debug)]
pub(crate) struct RoutedCall {
    /// The caller's id, to be put back into the answer.
    pub(crate) id: Id,
    /// The caller's progress token, to be put back into progress.
    pub(crate) progress_token: Option<Id>,
    /// Where its messages go.
    pub(crate) items: ItemSender,
}

/// Where a message goes.
#[derive(Debug)]
pub(crate) enum Route {
    /// To our call of this id, which goes on.
    Call { ours: UpstreamId, items: ItemSender, message: Message },
    /// To our call of this id, which ends with it.
    Answer { ours: UpstreamId, items: ItemSender, answer: Response },
    /// To the standalone listener.
    Standalone(Message),
    /// Nowhere, for this reason.
    Drop(&'static str),
}

/// The running calls of one child, by our ids. Many clients may share it: no message is held against
/// each of its calls.
#[derive(Debug)]
pub(crate) struct Calls {
    era: Era,
    /// The calls that an answer ends.
    ending: BTreeMap<UpstreamId, RoutedCall>,
    /// Those of them that have asked for the log.
    hearing: BTreeSet<UpstreamId>,
    /// Their messages name them.
    subscriptions: BTreeMap<UpstreamId, RoutedCall>,
    callers: RunningCalls,
}

impl Calls {
    pub(crate) fn new(era: Era) -> Self {
        Self {
            era,
            ending: BTreeMap::new(),
            hearing: BTreeSet::new(),
            subscriptions: BTreeMap::new(),
            callers: RunningCalls::default(),
        }
    }

    /// The peer turned out to be of this era.
    pub(crate) fn speak(&mut self, era: Era) {
        self.era = era;
    }

    /// Adds a call under our id; returns the request as it goes to the child.
    pub(crate) fn begin(
        &mut self,
        ours: UpstreamId,
        request: Request,
        items: ItemSender,
    ) -> Request {
        let call = RoutedCall { id: request.id(), progress_token: request.progress_token(), items };
        self.callers.begin(call.id.clone(), ours);
        if request.is_method(Method::SubscriptionsListen.as_str()) {
            self.subscriptions.insert(ours, call);
        } else {
            self.ending.insert(ours, call);
            if self.era == Era::Modern && hears_log(&request) {
                self.hearing.insert(ours);
            }
        }
        request.with_upstream_id_and_token(ours)
    }

    /// Lets go of a call; its answer, should one come, goes nowhere.
    pub(crate) fn forget(&mut self, ours: UpstreamId) -> Option<RoutedCall> {
        let call = self.ending.remove(&ours).or_else(|| self.subscriptions.remove(&ours))?;
        self.hearing.remove(&ours);
        self.callers.end(&call.id, ours);
        Some(call)
    }

    /// Our id of the call that the caller calls `id`.
    pub(crate) fn find(&self, id: &Id) -> Option<UpstreamId> {
        self.callers.find(id)
    }

    /// Whether our call of this id runs.
    pub(crate) fn is_running(&self, ours: UpstreamId) -> bool {
        self.get(ours).is_some()
    }

    fn get(&self, ours: UpstreamId) -> Option<&RoutedCall> {
        self.ending.get(&ours).or_else(|| self.subscriptions.get(&ours))
    }

    /// The calls that an answer ends; a subscription ends by itself only when all ends.
    pub(crate) fn ending(&self) -> impl Iterator<Item = UpstreamId> {
        self.ending.keys().copied()
    }

    /// Takes every call.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = RoutedCall> + use<> {
        let Self { ending, subscriptions, .. } = std::mem::replace(self, Self::new(self.era));
        ending.into_values().chain(subscriptions.into_values())
    }

    /// Finds where a message belongs.
    pub(crate) fn route(&mut self, message: Message, is_listening: bool) -> Route {
        match message.into_kind() {
            MessageKind::Response(answer) => self.route_answer(answer),
            MessageKind::Notification(notification) => {
                self.route_notification(notification, is_listening)
            }
            MessageKind::Request(_) if self.era == Era::Modern => {
                // "The server MUST NOT write JSON-RPC requests to stdout" (2026-07-28, stdio).
                Route::Drop("request_of_modern_server")
            }
            MessageKind::Request(request) => {
                self.route_related(request.into_message(), is_listening)
            }
        }
    }

    fn route_answer(&mut self, answer: Response) -> Route {
        let Some(ours) = answer.upstream_id() else { return Route::Drop("answer_unmatched") };
        let is_subscription = self.subscriptions.contains_key(&ours);
        match self.forget(ours) {
            Some(RoutedCall { id, items, .. }) => {
                let answer = answer_for_caller(answer, &id, is_subscription);
                Route::Answer { ours, items, answer }
            }
            None => Route::Drop("answer_unmatched"),
        }
    }

    fn route_notification(&self, notification: Notification, is_listening: bool) -> Route {
        let method = Method::parse(notification.method());
        if method == Method::Progress {
            return self.route_progress(notification);
        }
        if self.era == Era::Modern
            && let Some(route) = self.route_subscribed(&notification)
        {
            return route;
        }
        let may_be_related = matches!(method, Method::LoggingMessage | Method::Cancelled);
        let message = notification.into_message();
        if may_be_related || self.era == Era::Modern {
            return self.route_related(message, is_listening);
        }
        Route::Standalone(message)
    }

    fn route_progress(&self, progress: Notification) -> Route {
        let ours = progress.upstream_token();
        let call = ours.and_then(|it| Some((it, self.get(it)?)));
        match call.and_then(|(ours, it)| Some((ours, it, it.progress_token.clone()?))) {
            Some((ours, call, token)) => {
                let message = progress.with_client_token(token).into_message();
                Route::Call { ours, items: call.items.clone(), message }
            }
            None => Route::Drop("progress_unmatched"),
        }
    }

    /// "Clients MUST correlate these using the `io.modelcontextprotocol/subscriptionId`
    /// field in `_meta`" (2026-07-28, basic/transports/stdio).
    fn route_subscribed(&self, notification: &Notification) -> Option<Route> {
        let id = subscription_id(notification)?;
        let call = UpstreamId::repeated_by(&id).and_then(|it| Some((it, self.get(it)?)));
        Some(match call {
            Some((ours, call)) => match meta::with_subscription_id(notification, &call.id) {
                Some(message) => Route::Call { ours, items: call.items.clone(), message },
                None => Route::Drop("notification_unreadable"),
            },
            None => Route::Drop("notification_unmatched"),
        })
    }

    /// A message that should belong to a call but does not say to which.
    fn route_related(&self, message: Message, is_listening: bool) -> Route {
        match self.oldest_and_newest(message.is_method(Method::LoggingMessage.as_str())) {
            Some((only, newest)) if only == newest => self.route_to(only, message),
            Some(_) if self.era == Era::Modern => Route::Drop("notification_ambiguous"),
            Some((_, newest)) if !is_listening => self.route_to(newest, message),
            None if self.era == Era::Modern => Route::Drop("notification_unmatched"),
            _ => Route::Standalone(message),
        }
    }

    fn route_to(&self, ours: UpstreamId, message: Message) -> Route {
        match self.get(ours) {
            Some(call) => Route::Call { ours, items: call.items.clone(), message },
            None => Route::Drop("notification_unmatched"),
        }
    }

    /// The first and the last of the calls that such a message can be of. Nothing is logged in the
    /// name of a subscription, nor, in the modern era, of a call that has not asked for it.
    fn oldest_and_newest(&self, is_log: bool) -> Option<(UpstreamId, UpstreamId)> {
        let Self { ending, hearing, subscriptions, .. } = self;
        if is_log && !hearing.is_empty() {
            return hearing.first().copied().zip(hearing.last().copied());
        }
        let subscriptions = (!is_log).then_some(subscriptions);
        let running = [Some(ending), subscriptions].into_iter().flatten();
        let oldest = running.clone().filter_map(|it| it.keys().next()).min();
        let newest = running.filter_map(|it| it.keys().next_back()).max();
        oldest.copied().zip(newest.copied())
    }
}

/// Whether a modern request has a log level: "If absent, the server MUST NOT send any
/// `notifications/message` notifications for this request" (2026-07-28, schema).
pub(crate) fn hears_log(request: &Request) -> bool {
    request.meta().is_some_and(|it| it.contains(meta::LOG_LEVEL))
        && !request.is_method(Method::SubscriptionsListen.as_str())
}

#[cfg(test)]
mod tests;
