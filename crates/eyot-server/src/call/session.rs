//! What a server remembers of a legacy session beside what is stored.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Waker};

use eyot_jsonrpc::{Id, Message, Response};
use eyot_service::SessionHandle;
use eyot_types::{InitializeParams, LogLevel};
use parking_lot::Mutex;

use super::running::RunningCall;
use crate::changes::log::Place;
use crate::failure::{HandlerError, HandlerResult};

/// Made when the first call of a session comes: until then a session is nothing but its entry in
/// the store and in the map of the live sessions.
#[derive(Debug)]
pub(crate) struct HandlerSession {
    calls: Mutex<Calls>,
    /// The client has been told of every change before this place.
    seen: Mutex<Place>,
    /// The client's `initialize`, read from the store when a handler first needs it.
    client: OnceLock<Arc<InitializeParams>>,
}

#[derive(Debug, Default)]
struct Calls {
    running: Vec<Weak<dyn RunningCall>>,
    /// Messages of dropped calls that have not gone out yet.
    unsent: VecDeque<Message>,
    /// The stream that sends them: its number and its waker.
    listener: Option<(u64, Waker)>,
}

impl HandlerSession {
    /// The memory that is kept with the session; made now if there is none yet.
    pub(crate) fn of(context: &SessionHandle, now: Place) -> Arc<Self> {
        context.value_or_else(|| {
            let (calls, client) = (Mutex::default(), OnceLock::new());
            Arc::new(Self { calls, seen: Mutex::new(now), client })
        })
    }

    /// Adds a running call.
    pub(crate) fn enter(&self, call: Weak<dyn RunningCall>) {
        self.calls.lock().running.push(call);
    }

    /// Removes a call that has ended. The session's listener gets the messages that the call can no
    /// longer send itself: when a call is cancelled over a pipe, its own stream is cut off.
    pub(crate) fn leave(&self, call: &dyn RunningCall) {
        let rest = call.exchange().take_rest();
        let mut calls = self.calls.lock();
        calls.running.retain(|it| !std::ptr::addr_eq(it.as_ptr(), call));
        if !rest.is_empty() {
            let room = UNSENT_MAX.saturating_sub(calls.unsent.len());
            calls.unsent.extend(rest.into_iter().take(room));
            let listener = calls.listener.take();
            drop(calls);
            listener.into_iter().for_each(|(_, waker)| waker.wake());
        }
    }

    /// The next unsent message of a dropped call. `None`: there is none, and the newest listener is
    /// woken when there is.
    pub(crate) fn poll_unsent(&self, listener: u64, cx: &Context<'_>) -> Option<Message> {
        let mut calls = self.calls.lock();
        let message = calls.unsent.pop_front();
        if message.is_none() {
            calls.listener = Some((listener, cx.waker().clone()));
        }
        message
    }

    /// Removes this listener, which has gone.
    pub(crate) fn forget_listener(&self, listener: u64) {
        self.calls.lock().listener.take_if(|(it, _)| *it == listener);
    }

    /// The running call with this request id of the client.
    pub(crate) fn find(&self, id: &Id) -> Option<Arc<dyn RunningCall>> {
        let calls = self.calls.lock();
        calls.running.iter().filter_map(Weak::upgrade).find(|it| it.request_id() == *id)
    }

    /// Gives an answer of the client to the call that asked; `false` when no call asked.
    pub(crate) fn answer(&self, response: &Response) -> bool {
        let calls = self.calls.lock();
        let running: Vec<_> = calls.running.iter().filter_map(Weak::upgrade).collect();
        drop(calls);
        running.iter().any(|call| call.exchange().answer(response))
    }

    /// Ends every call, because the session is over.
    pub(crate) fn end(&self) {
        let running = std::mem::take(&mut self.calls.lock().running);
        running.iter().filter_map(Weak::upgrade).for_each(|call| call.exchange().cancel());
    }

    /// The place up to which the client knows the changes.
    pub(crate) fn seen(&self) -> Place {
        *self.seen.lock()
    }

    /// Notes that the client has been told of every change before `place`.
    pub(crate) fn set_seen(&self, place: Place) {
        *self.seen.lock() = place;
    }

    /// The client's `initialize`.
    pub(crate) async fn client(
        &self,
        context: &SessionHandle,
    ) -> HandlerResult<Arc<InitializeParams>> {
        if let Some(client) = self.client.get() {
            return Ok(Arc::clone(client));
        }
        let gone = || HandlerError::new("the session has ended");
        let record = context.record().await?.ok_or_else(gone)?;
        let params: InitializeParams = serde_json::from_slice(&record.initialize)?;
        Ok(Arc::clone(self.client.get_or_init(|| Arc::new(params))))
    }
}

/// The least severe level that a session wants to see.
///
/// "If no logging/setLevel request has been sent from the client, the server MAY decide which
/// messages to send automatically" (2025-11-25, schema): all.
pub(crate) fn log_level_of(context: &SessionHandle) -> LogLevel {
    let level = context.state().log_level;
    level.map_or(LogLevel::Debug, |it| LogLevel::from(&*it))
}

/// How many messages of dropped calls are kept for a client that does not listen.
const UNSENT_MAX: usize = 64;
