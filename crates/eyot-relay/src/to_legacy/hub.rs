//! Where the messages of an upstream session belong that do not come on a call's own stream.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use eyot_era::to_legacy::{Change, Levels, Subscribers};
use eyot_jsonrpc::{ErrorObject, INVALID_REQUEST, Id, Kind, Message};
use eyot_types::{ClientCapabilities, LogLevel, Method, SubscriptionFilter, codes};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::Notify;

use super::call::CallShared;
use crate::server_id::cancelled_id;

/// The running calls and subscriptions of one upstream session.
#[derive(Debug)]
pub(crate) struct Hub {
    /// What the clients of this session have declared.
    capabilities: ClientCapabilities,
    /// The upstream asks on other streams than the call's: then one call at a time.
    asks_aside: Arc<AtomicBool>,
    state: Mutex<State>,
    /// Something was noted for a subscription, or the session is gone.
    pub(crate) changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    calls: BTreeMap<u64, Arc<CallShared>>,
    /// Questions from before the first call: some servers ask for the roots as soon as they are
    /// initialised.
    early: Vec<Message>,
    has_begun: bool,
    levels: Levels,
    subscribers: Subscribers,
    is_gone: bool,
}

impl Hub {
    pub(crate) fn new(capabilities: ClientCapabilities, asks_aside: Arc<AtomicBool>) -> Self {
        Self { capabilities, asks_aside, state: Mutex::default(), changed: Notify::new() }
    }

    /// A call begins. Early questions are asked in the first that can be asked: it is the one that
    /// the session was opened for.
    pub(crate) fn begin(&self, call: &Arc<CallShared>) {
        let mut state = self.state.lock();
        state.calls.insert(call.number, Arc::clone(call));
        if !call.may_be_asked {
            return;
        }
        state.has_begun = true;
        let early = std::mem::take(&mut state.early);
        drop(state);
        for question in early {
            if let Err(error) = call.ask(&question) {
                tracing::debug!(%error.message, "early question is not asked");
            }
        }
    }

    pub(crate) fn end(&self, number: u64) {
        let mut state = self.state.lock();
        state.calls.remove(&number);
        state.levels.end(number);
    }

    /// The log level that the upstream must be told before this call begins.
    pub(crate) fn level(&self, call: u64, wanted: Option<&LogLevel>) -> Option<LogLevel> {
        self.state.lock().levels.begin(call, wanted)
    }

    /// Takes a message that is no answer; `own` is the call on whose stream it came. What is
    /// returned goes to the upstream.
    pub(crate) fn route(
        &self,
        message: &Message,
        own: Option<&Arc<CallShared>>,
    ) -> Option<Message> {
        match message.kind() {
            Kind::Request => self.route_request(message, own),
            Kind::Notification => {
                self.route_notification(message);
                None
            }
            Kind::Response | Kind::Error => {
                eyot_metrics::messages_dropped("answer_to_nobody");
                None
            }
        }
    }

    fn route_request(&self, message: &Message, own: Option<&Arc<CallShared>>) -> Option<Message> {
        let id = message.id()?;
        let text = message.method().unwrap_or_default();
        let method = Method::parse(&text);
        if method == Method::Ping {
            return Some(Message::response(id, &json!({})));
        }
        let asked = match method.client_capability() {
            Some(capability) if self.capabilities.has(capability) => self.ask(message, own),
            _ => Err(codes::method_not_found(&text)),
        };
        asked.err().map(|error| Message::error_response(Some(id), &error))
    }

    /// Finds the call that a question belongs to: the one on whose stream it came, or the only one
    /// that can be asked. Anything else would be a guess, and an answer must never reach another
    /// call than the one that asked.
    fn ask(&self, message: &Message, own: Option<&Arc<CallShared>>) -> Result<(), ErrorObject> {
        if let Some(own) = own.filter(|it| it.may_be_asked) {
            return own.ask(message);
        }
        let refused = |text: &str| Err(ErrorObject::new(INVALID_REQUEST, text));
        let mut state = self.state.lock();
        if !state.has_begun && state.early.len() < EARLY_MAX {
            state.early.push(message.clone());
            return Ok(());
        }
        let mut candidates = state.calls.values().filter(|it| it.may_be_asked);
        let (first, second) = (candidates.next().cloned(), candidates.next().is_some());
        drop(state);
        self.asks_aside.store(true, Ordering::Relaxed);
        match first {
            Some(only) if !second => only.ask(message),
            Some(_) => refused("several calls run, and the question does not say which it is of"),
            None => refused("no call runs that could be asked"),
        }
    }

    fn route_notification(&self, message: &Message) {
        let text = message.method().unwrap_or_default();
        let method = Method::parse(&text);
        match method {
            Method::Progress => self.tell(message.progress_token(), message.clone()),
            Method::LoggingMessage => self.tell_only(message.clone()),
            Method::Cancelled => self.withdraw(cancelled_id(message)),
            _ => match Change::of(message) {
                Some(change) => {
                    let is_heard = self.state.lock().subscribers.changed(&change);
                    if is_heard {
                        self.changed.notify_waiters();
                    }
                }
                // Such as the word that a page was visited.
                None => eyot_metrics::messages_dropped("notification_without_equivalent"),
            },
        }
    }

    fn tell(&self, token: Option<Id>, message: Message) {
        let number = token.and_then(|it| it.as_u64());
        let call = number.and_then(|it| self.state.lock().calls.get(&it).cloned());
        match call {
            Some(call) => call.tell(message),
            None => eyot_metrics::messages_dropped("progress_of_nobody"),
        }
    }

    /// A log message names no call: it is of the only one, or of nobody knows which.
    fn tell_only(&self, message: Message) {
        let only = {
            let state = self.state.lock();
            let mut calls = state.calls.values();
            let first = calls.next().cloned();
            first.filter(|_| calls.next().is_none())
        };
        match only {
            Some(call) => call.tell(message),
            None => eyot_metrics::messages_dropped("notification_ambiguous"),
        }
    }

    fn withdraw(&self, id: Option<Id>) {
        let Some(id) = id else { return };
        let calls: Vec<_> = {
            let mut state = self.state.lock();
            state.early.retain(|it| it.id().as_ref() != Some(&id));
            state.calls.values().cloned().collect()
        };
        for call in calls {
            call.withdraw(&id);
        }
    }

    /// Whoever listens here must listen elsewhere.
    pub(crate) fn set_gone(&self) {
        self.state.lock().is_gone = true;
        self.changed.notify_waiters();
    }

    /// Whether calls run, or are at rest.
    pub(crate) fn has_calls(&self) -> bool {
        !self.state.lock().calls.is_empty()
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.state.lock().is_gone
    }

    /// Adds a subscription: its number, and the resources that the upstream must be told.
    pub(crate) fn subscribe(&self, filter: SubscriptionFilter) -> (u64, Vec<String>) {
        self.state.lock().subscribers.add(filter)
    }

    /// Ends one: the resources that nobody wants any more.
    pub(crate) fn unsubscribe(&self, number: u64) -> Vec<String> {
        self.state.lock().subscribers.remove(number)
    }

    pub(crate) fn is_unwanted(&self, uri: &str) -> bool {
        self.state.lock().subscribers.is_unwanted(uri)
    }

    pub(crate) fn next_change(&self, number: u64) -> Option<Change> {
        self.state.lock().subscribers.next(number)
    }
}

/// Questions that are kept for the first call.
const EARLY_MAX: usize = 4;
