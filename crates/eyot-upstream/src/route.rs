//! Which call a message of a child belongs to.
//!
//! A child has one pipe for everything. Answers are found by id and progress by token,
//! both ours. What names no call is given to the one it can only belong to, or to whoever
//! listens: "the server MUST send each of its JSON-RPC messages on only one of the
//! connected streams" (2025-11-25, basic/transports, Multiple Connections).

use std::collections::BTreeMap;

use eyot_jsonrpc::{Id, Kind, Message, Request, UpstreamId};
use eyot_service::{Fault, ReplyItem};
use eyot_types::{Era, Method, meta};
use serde_json::value::RawValue;
use tokio::sync::mpsc;

/// Where the parts of a call go.
pub(crate) type PartSender = mpsc::Sender<Result<ReplyItem, Fault>>;

/// A running call.
#[derive(Debug)]
pub(crate) struct Running {
    /// The caller's id, to be put back into the answer.
    pub(crate) id: Id,
    /// The caller's progress token, to be put back into progress.
    pub(crate) progress_token: Option<Id>,
    /// Where its messages go.
    pub(crate) parts: PartSender,
    /// What belongs to it says so itself.
    is_subscription: bool,
}

/// Where a message goes.
#[derive(Debug)]
pub(crate) enum Route {
    /// To this call, which goes on.
    Call(PartSender, Message),
    /// To this call, which ends with it.
    Answer(PartSender, Message),
    /// To whoever listens.
    Unsolicited(Message),
    /// Nowhere, for this reason.
    Drop(&'static str),
}

/// The running calls of one child, by our ids.
#[derive(Debug)]
pub(crate) struct Calls {
    era: Era,
    running: BTreeMap<u64, Running>,
}

impl Calls {
    pub(crate) fn new(era: Era) -> Self {
        Self { era, running: BTreeMap::new() }
    }

    /// The peer turned out to be of this era.
    pub(crate) fn speak(&mut self, era: Era) {
        self.era = era;
    }

    /// Takes a call under our id; returns the request as it goes to the child.
    pub(crate) fn begin(&mut self, number: u64, request: Request, parts: PartSender) -> Request {
        let id = request.id();
        let progress_token = request.progress_token();
        let is_subscription = request.is_method(Method::SubscriptionsListen.as_str());
        self.running.insert(number, Running { id, progress_token, parts, is_subscription });
        request.with_upstream_id_and_token(UpstreamId::new(number))
    }

    /// Lets go of a call; its answer, should one come, goes nowhere.
    pub(crate) fn forget(&mut self, number: u64) -> Option<Running> {
        self.running.remove(&number)
    }

    /// Our id of the call that the caller calls `id`.
    pub(crate) fn find(&self, id: &Id) -> Option<u64> {
        self.running.iter().find(|(_, call)| call.id == *id).map(|(number, _)| *number)
    }

    /// Our id of the call whose messages go to `parts`.
    pub(crate) fn find_parts(&self, parts: &PartSender) -> Option<u64> {
        let is_same = |call: &Running| call.parts.same_channel(parts);
        self.running.iter().find(|(_, call)| is_same(call)).map(|(number, _)| *number)
    }

    /// Takes every call.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Running> {
        std::mem::take(&mut self.running).into_values()
    }

    /// Finds where a message belongs.
    pub(crate) fn route(&mut self, message: Message, is_listening: bool) -> Route {
        match message.kind() {
            Kind::Response | Kind::Error => self.route_answer(message),
            Kind::Notification => self.route_notification(message, is_listening),
            Kind::Request if self.era == Era::Modern => {
                // "The server MUST NOT write JSON-RPC requests to stdout" (2026-07-28, stdio).
                Route::Drop("request_of_modern_server")
            }
            Kind::Request => self.route_related(message, is_listening),
        }
    }

    fn route_answer(&mut self, message: Message) -> Route {
        let number = message.id().and_then(|id| id.as_u64());
        match number.and_then(|number| self.running.remove(&number)) {
            Some(call) => Route::Answer(call.parts, message.with_id(call.id)),
            None => Route::Drop("answer_to_nobody"),
        }
    }

    fn route_notification(&mut self, message: Message, is_listening: bool) -> Route {
        let method = message.method().unwrap_or_default();
        let method = Method::parse(&method);
        if method == Method::Progress {
            return self.route_progress(message);
        }
        if self.era == Era::Modern
            && let Some(route) = self.route_subscribed(&message)
        {
            return route;
        }
        match method {
            Method::LoggingMessage | Method::Cancelled => self.route_related(message, is_listening),
            _ if self.era == Era::Modern => self.route_related(message, is_listening),
            _ => Route::Unsolicited(message),
        }
    }

    fn route_progress(&self, message: Message) -> Route {
        let number = message.progress_token().and_then(|token| token.as_u64());
        let call = number.and_then(|number| self.running.get(&number));
        match call.and_then(|it| Some((it, it.progress_token.clone()?))) {
            Some((call, token)) => {
                Route::Call(call.parts.clone(), message.with_progress_token(token))
            }
            None => Route::Drop("progress_of_nobody"),
        }
    }

    /// "Clients MUST correlate these using the `io.modelcontextprotocol/subscriptionId`
    /// field in `_meta`" (2026-07-28, basic/transports/stdio).
    fn route_subscribed(&self, message: &Message) -> Option<Route> {
        let id = subscription_id(message)?;
        let call = id.as_u64().and_then(|number| self.running.get(&number));
        Some(match call {
            Some(call) => match with_subscription_id(message, &call.id) {
                Some(message) => Route::Call(call.parts.clone(), message),
                None => Route::Drop("notification_unreadable"),
            },
            None => Route::Drop("notification_of_nobody"),
        })
    }

    /// A message that should belong to a call but does not say to which.
    fn route_related(&self, message: Message, is_listening: bool) -> Route {
        let is_log =
            message.method().is_some_and(|it| Method::parse(&it) == Method::LoggingMessage);
        // Nothing is logged in the name of a subscription.
        let mut running = self.running.values().filter(|it| !(is_log && it.is_subscription));
        match (running.next(), running.next_back()) {
            (Some(only), None) => Route::Call(only.parts.clone(), message),
            (Some(_), Some(_)) if self.era == Era::Modern => Route::Drop("notification_ambiguous"),
            (Some(_), Some(newest)) if !is_listening => Route::Call(newest.parts.clone(), message),
            _ if self.era == Era::Modern => Route::Drop("notification_of_nobody"),
            _ => Route::Unsolicited(message),
        }
    }
}

/// The subscription that a notification belongs to.
pub(crate) fn subscription_id(message: &Message) -> Option<Id> {
    let text = message.meta()?;
    if !text.contains(meta::SUBSCRIPTION_ID) {
        return None;
    }
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    Id::parse(members.get(meta::SUBSCRIPTION_ID)?.get())
}

/// The same notification with another subscription id; every other member stays as it is.
pub(crate) fn with_subscription_id(message: &Message, id: &Id) -> Option<Message> {
    let id = RawValue::from_string(id.as_raw().to_owned()).ok()?;
    let mut meta_members: BTreeMap<String, &RawValue> =
        serde_json::from_str(message.meta()?).ok()?;
    meta_members.insert(meta::SUBSCRIPTION_ID.to_owned(), &id);
    let meta_text = serde_json::value::to_raw_value(&meta_members).ok()?;
    let mut params: BTreeMap<String, &RawValue> = serde_json::from_str(message.params()?).ok()?;
    params.insert("_meta".to_owned(), &meta_text);
    Some(Message::notification(&message.method()?, &params))
}

#[cfg(test)]
mod tests;
