//! Routes messages of an upstream session to the call, task or subscription that they belong to.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use eyot_era::modern_to_legacy::{Asked, Change, Levels, Subscribers, related_task};
use eyot_jsonrpc::{
    ErrorObject, INVALID_REQUEST, Id, Message, MessageKind, Notification, Request, Response,
    UpstreamId,
};
use eyot_types::{
    ClientCapabilities, LogLevel, Method, Question, SubscriptionFilter, TaskParams, cancelled_id,
    codes,
};
use parking_lot::Mutex;
use serde_json::json;
use tokio::sync::Notify;

use super::shared::CallShared;
use super::tasks::{AskTarget, WeakTarget};
use eyot_service::Aside;
use eyot_upstream::{KnownLists, KnownTools, List};

/// What is known of the upstream, until it says that it has changed.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) tools: Arc<KnownTools>,
    pub(crate) lists: Arc<KnownLists>,
}

/// The running calls and subscriptions of one upstream session.
#[derive(Debug)]
pub(crate) struct SessionRouter {
    /// What the clients of this session have declared.
    capabilities: ClientCapabilities,
    /// What the upstream says on other streams than the call's.
    aside: Arc<Aside>,
    known: Known,
    state: Mutex<State>,
    /// A subscription has a change, or the session is lost.
    pub(crate) changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    calls: BTreeMap<UpstreamId, Arc<CallShared>>,
    /// The calls that can be asked; one with a task is asked in that.
    askable: BTreeSet<UpstreamId>,
    asked: Asked<WeakTarget>,
    /// Questions from before the first call: some servers ask for the roots as soon as they are
    /// initialised.
    early: Vec<Request>,
    has_begun: bool,
    levels: Levels,
    subscribers: Subscribers,
    /// The upstream's event id up to which the session's own stream was heard.
    cursor: Option<Bytes>,
    /// Who is asked in the upstream's tasks, by its ids of them.
    tasks: HashMap<String, AskTarget>,
    is_gone: bool,
}

impl Known {
    fn handle_changed(&self, change: &Change) {
        match change {
            Change::Tools => {
                self.tools.handle_changed();
                self.lists.handle_changed(&[List::Tools]);
            }
            Change::Prompts => self.lists.handle_changed(&[List::Prompts]),
            Change::Resources => self.lists.handle_changed(&[List::Resources, List::Templates]),
            // A resource changes no list.
            _ => {}
        }
    }
}

impl SessionRouter {
    /// A router of a session that has no calls yet.
    pub(crate) fn new(capabilities: ClientCapabilities, aside: Arc<Aside>, known: Known) -> Self {
        Self { capabilities, aside, known, state: Mutex::default(), changed: Notify::new() }
    }

    /// A call begins. Early questions are asked in the first call that can be asked: the session was
    /// opened for it.
    pub(crate) fn begin(&self, call: &Arc<CallShared>) {
        let target = AskTarget::Call(Arc::clone(call));
        // Those of a call that an earlier process has begun.
        let asked = target.open_questions();
        let mut state = self.state.lock();
        state.calls.insert(call.id, Arc::clone(call));
        state.asked.add(asked, &target.downgrade());
        if !call.may_be_asked {
            return;
        }
        state.askable.insert(call.id);
        state.has_begun = true;
        let early = std::mem::take(&mut state.early);
        drop(state);
        for question in early {
            if let Err(error) = self.ask_in(&target, &question) {
                tracing::debug!(%error.message, "early question is not asked");
            }
        }
    }

    pub(crate) fn end(&self, id: UpstreamId) {
        let mut state = self.state.lock();
        state.calls.remove(&id);
        state.askable.remove(&id);
        state.levels.end(id);
    }

    /// The log level that the upstream must be told before this call begins.
    pub(crate) fn level(&self, call: UpstreamId, wanted: Option<&LogLevel>) -> Option<LogLevel> {
        self.state.lock().levels.begin(call, wanted)
    }

    /// The upstream has made a task, in which `target` is asked.
    pub(crate) fn begin_task(&self, id: &str, target: AskTarget) {
        let mut state = self.state.lock();
        if let Some(call) = target.call() {
            state.askable.remove(&call.id);
        }
        state.tasks.insert(id.to_owned(), target);
    }

    pub(crate) fn end_task(&self, id: &str) {
        let mut state = self.state.lock();
        let ended = state.tasks.remove(id);
        if let Some(call) = ended.as_ref().and_then(AskTarget::call)
            && call.may_be_asked
            && state.calls.contains_key(&call.id)
        {
            state.askable.insert(call.id);
        }
    }

    /// Takes a message that is no answer; `own` is asked what comes on the stream of the message.
    /// What is returned goes to the upstream.
    pub(crate) fn route(&self, message: Message, own: Option<AskTarget>) -> Option<Response> {
        match message.into_kind() {
            MessageKind::Request(request) => self.route_request(&request, own),
            MessageKind::Notification(notification) => {
                self.route_notification(notification);
                None
            }
            MessageKind::Response(_) => {
                eyot_metrics::messages_dropped("answer_unmatched");
                None
            }
        }
    }

    fn route_request(&self, request: &Request, own: Option<AskTarget>) -> Option<Response> {
        let method = Method::parse(request.method());
        if method == Method::Ping {
            return Some(request.answer(&json!({})));
        }
        let asked = match method.client_capability() {
            Some(_) => self.ask_declared(request, own),
            None => Err(codes::method_not_found(request.method())),
        };
        asked.err().map(|error| request.refuse(&error))
    }

    /// Asks a client that has declared the capability. A missing one is noted: it may be the reason
    /// why the call fails.
    fn ask_declared(&self, request: &Request, own: Option<AskTarget>) -> Result<(), ErrorObject> {
        let question = Question::decode_text(request.method(), request.params());
        let question = question.map_err(|error| codes::invalid_params(&error.to_string()))?;
        let Some(unmet) = question.unmet(&self.capabilities) else {
            return self.ask(request, own);
        };
        let method = question.method();
        // Roots may be asked for without any call.
        let is_of_call = method != Method::RootsList;
        let own = own.as_ref().and_then(AskTarget::call).cloned();
        if let Some(call) = own.or_else(|| self.only_call().filter(|_| is_of_call)) {
            call.note_unmet(&unmet);
        }
        match method.client_capability().is_some_and(|it| self.capabilities.has(it)) {
            true => Err(codes::invalid_params("the client has not declared that it can do this")),
            false => Err(codes::method_not_found(request.method())),
        }
    }

    /// The only call that runs.
    fn only_call(&self) -> Option<Arc<CallShared>> {
        let state = self.state.lock();
        let mut calls = state.calls.values();
        calls.next().filter(|_| calls.next().is_none()).cloned()
    }

    /// Finds the call that a question belongs to: that of the task which it names, the one on whose
    /// stream it came, or the only one that can be asked. Anything else would be a guess, and an
    /// answer must never reach another call than the one that asked.
    fn ask(&self, request: &Request, own: Option<AskTarget>) -> Result<(), ErrorObject> {
        let refused = |text: &str| Err(ErrorObject::new(INVALID_REQUEST, text));
        let related = related_task(request);
        let named = related.as_ref().and_then(|it| self.state.lock().tasks.get(it).cloned());
        if let Some(target) = named.or_else(|| own.filter(AskTarget::may_be_asked)) {
            return self.ask_in(&target, request);
        }
        if related.is_some() {
            return refused("there is no such task here");
        }
        let mut state = self.state.lock();
        if !state.has_begun && state.early.len() < EARLY_MAX {
            state.early.push(request.clone());
            return Ok(());
        }
        let first = state.askable.first().and_then(|it| state.calls.get(it)).cloned();
        let is_only = state.askable.len() == 1;
        drop(state);
        self.aside.note_question();
        match first {
            Some(only) if is_only => self.ask_in(&AskTarget::Call(only), request),
            Some(_) => refused("several calls run, and the question does not say which it is of"),
            None => refused("no call runs that could be asked"),
        }
    }

    /// Asks, and keeps where it was asked: a question may be taken back.
    fn ask_in(&self, target: &AskTarget, question: &Request) -> Result<(), ErrorObject> {
        target.ask(question)?;
        let due = {
            let mut state = self.state.lock();
            state.asked.add([question.id().detached()], &target.downgrade());
            state.asked.due()
        };
        if let Some(asked) = due {
            // Without the lock: each call has its own.
            let is_open = |id: &Id, it: AskTarget| it.open_questions().contains(id);
            let is_closed =
                |(id, it): &(Id, WeakTarget)| !it.upgrade().is_some_and(|it| is_open(id, it));
            let closed: Vec<_> = asked.into_iter().filter(is_closed).map(|it| it.0).collect();
            self.state.lock().asked.forget(&closed);
        }
        Ok(())
    }

    fn route_notification(&self, notification: Notification) {
        match Method::parse(notification.method()) {
            Method::Progress => self.tell(notification),
            Method::LoggingMessage => {
                self.aside.note_log();
                self.tell_only(notification.into_message());
            }
            Method::Cancelled => self.withdraw(cancelled_id(&notification)),
            Method::TasksStatus => {
                let params: Option<TaskParams> = notification.decode_params().ok();
                let task = params.and_then(|it| self.state.lock().tasks.get(&it.task_id).cloned());
                if let Some(task) = task {
                    task.changed();
                }
            }
            _ => match Change::of(&notification) {
                Some(change) => {
                    self.known.handle_changed(&change);
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

    fn tell(&self, progress: Notification) {
        let call = progress.upstream_token();
        let call = call.and_then(|it| self.state.lock().calls.get(&it).cloned());
        match call {
            Some(call) => call.tell(progress.into_message()),
            None => eyot_metrics::messages_dropped("progress_unmatched"),
        }
    }

    /// A log message names no call: it is delivered only if exactly one runs.
    fn tell_only(&self, message: Message) {
        match self.only_call() {
            Some(call) => call.tell(message),
            None => eyot_metrics::messages_dropped("notification_ambiguous"),
        }
    }

    fn withdraw(&self, id: Option<Id>) {
        let Some(id) = id else { return };
        let target = {
            let mut state = self.state.lock();
            state.early.retain(|it| it.id() != id);
            state.asked.take(&id)
        };
        if let Some(target) = target.and_then(|it| it.upgrade()) {
            target.withdraw(&id);
        }
    }

    /// What the clients of this session can do.
    pub(crate) fn capabilities(&self) -> &ClientCapabilities {
        &self.capabilities
    }

    /// Up to where the session's own stream was heard.
    pub(crate) fn cursor(&self) -> Option<Bytes> {
        self.state.lock().cursor.clone()
    }

    pub(crate) fn heard_until(&self, cursor: Option<Bytes>) {
        if cursor.is_some() {
            self.state.lock().cursor = cursor;
        }
    }

    /// The session is lost: subscriptions must be opened in another.
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

    /// Ends a subscription: the resources that no other one wants.
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

#[cfg(test)]
mod tests;
