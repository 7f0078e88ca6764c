//! Which call a message of a child belongs to.
//!
//! A child has one pipe for everything. Answers are found by id and progress by token, both ours. A
//! message that names no call goes to the only call that it can belong to, or to the standalone
//! listener: "the server MUST send each of its JSON-RPC messages on only one of the connected
//! streams" (2025-11-25, basic/transports, Multiple Connections).

use std::collections::BTreeMap;

use eyot_jsonrpc::{Id, Message, MessageKind, Notification, Request, Response, UpstreamId};
use eyot_types::{Era, Method, meta};

use crate::lines::item_queue::ItemSender;
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
    /// It is a subscription: its messages name it.
    is_subscription: bool,
    /// It has asked for the log.
    hears_log: bool,
}

/// Where a message goes.
#[derive(Debug)]
pub(crate) enum Route {
    /// To this call, which goes on.
    Call(ItemSender, Message),
    /// To our call of this id, which ends with it.
    Answer { ours: UpstreamId, items: ItemSender, answer: Response },
    /// To the standalone listener.
    Standalone(Message),
    /// Nowhere, for this reason.
    Drop(&'static str),
}

/// The running calls of one child, by our ids.
#[derive(Debug)]
pub(crate) struct Calls {
    era: Era,
    running: BTreeMap<UpstreamId, RoutedCall>,
}

impl Calls {
    pub(crate) fn new(era: Era) -> Self {
        Self { era, running: BTreeMap::new() }
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
        let id = request.id();
        let progress_token = request.progress_token();
        let is_subscription = request.is_method(Method::SubscriptionsListen.as_str());
        let hears_log = self.era == Era::Modern && hears_log(&request);
        let call = RoutedCall { id, progress_token, items, is_subscription, hears_log };
        self.running.insert(ours, call);
        request.with_upstream_id_and_token(ours)
    }

    /// Lets go of a call; its answer, should one come, goes nowhere.
    pub(crate) fn forget(&mut self, ours: UpstreamId) -> Option<RoutedCall> {
        self.running.remove(&ours)
    }

    /// Our id of the call that the caller calls `id`.
    pub(crate) fn find(&self, id: &Id) -> Option<UpstreamId> {
        self.running.iter().find(|(_, call)| call.id == *id).map(|(ours, _)| *ours)
    }

    /// Our id of the call whose messages go to `items`.
    pub(crate) fn find_items(&self, items: &ItemSender) -> Option<UpstreamId> {
        let is_same = |call: &RoutedCall| call.items.is_same(items);
        self.running.iter().find(|(_, call)| is_same(call)).map(|(ours, _)| *ours)
    }

    /// The calls that an answer ends; a subscription ends by itself only when all ends.
    pub(crate) fn ending(&self) -> impl Iterator<Item = UpstreamId> {
        self.running.iter().filter(|(_, call)| !call.is_subscription).map(|(ours, _)| *ours)
    }

    /// Takes every call.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = RoutedCall> {
        std::mem::take(&mut self.running).into_values()
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
        let call = answer.upstream_id().and_then(|it| self.running.remove_entry(&it));
        match call {
            Some((ours, RoutedCall { id, items, is_subscription, .. })) => {
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
        let call = progress.upstream_token().and_then(|it| self.running.get(&it));
        match call.and_then(|it| Some((it, it.progress_token.clone()?))) {
            Some((call, token)) => {
                let progress = progress.with_client_token(token).into_message();
                Route::Call(call.items.clone(), progress)
            }
            None => Route::Drop("progress_unmatched"),
        }
    }

    /// "Clients MUST correlate these using the `io.modelcontextprotocol/subscriptionId`
    /// field in `_meta`" (2026-07-28, basic/transports/stdio).
    fn route_subscribed(&self, notification: &Notification) -> Option<Route> {
        let id = subscription_id(notification)?;
        let call = UpstreamId::repeated_by(&id).and_then(|it| self.running.get(&it));
        Some(match call {
            Some(call) => match meta::with_subscription_id(notification, &call.id) {
                Some(message) => Route::Call(call.items.clone(), message),
                None => Route::Drop("notification_unreadable"),
            },
            None => Route::Drop("notification_unmatched"),
        })
    }

    /// A message that should belong to a call but does not say to which.
    fn route_related(&self, message: Message, is_listening: bool) -> Route {
        let is_log = message.is_method(Method::LoggingMessage.as_str());
        // Nothing is logged in the name of a subscription, nor, in the modern era, of a call that
        // has not asked for it.
        let is_heard = is_log && self.running.values().any(|it| it.hears_log);
        let may_be_of =
            |it: &&RoutedCall| !is_log || it.hears_log || !(is_heard || it.is_subscription);
        let mut running = self.running.values().filter(may_be_of);
        match (running.next(), running.next_back()) {
            (Some(only), None) => Route::Call(only.items.clone(), message),
            (Some(_), Some(_)) if self.era == Era::Modern => Route::Drop("notification_ambiguous"),
            (Some(_), Some(newest)) if !is_listening => Route::Call(newest.items.clone(), message),
            _ if self.era == Era::Modern => Route::Drop("notification_unmatched"),
            _ => Route::Standalone(message),
        }
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
