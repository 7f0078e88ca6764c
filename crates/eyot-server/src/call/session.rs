//! What a server remembers of a legacy session besides what is stored.

use std::sync::{Arc, OnceLock, Weak};

use eyot_jsonrpc::{Id, Response};
use eyot_service::SessionHandle;
use eyot_types::{InitializeParams, LogLevel};
use parking_lot::Mutex;

use super::running::RunningCall;
use crate::changes::log::Place;
use crate::failure::{HandlerError, HandlerResult};

/// Made when a session's first call comes, so that a session at rest is nothing but its
/// entry in the store and in the map of the live ones.
#[derive(Debug)]
pub(crate) struct HandlerSession {
    running: Mutex<Vec<Weak<dyn RunningCall>>>,
    /// Up to where the client knows what has changed.
    seen: Mutex<Place>,
    /// Read from the store when a handler wants to know.
    client: OnceLock<Arc<InitializeParams>>,
}

impl HandlerSession {
    /// What is kept with the session; made now if there is nothing yet.
    pub(crate) fn of(context: &SessionHandle, now: Place) -> Arc<Self> {
        context.value_or_else(|| {
            let (running, client) = (Mutex::default(), OnceLock::new());
            Arc::new(Self { running, seen: Mutex::new(now), client })
        })
    }

    /// Takes a call that runs.
    pub(crate) fn enter(&self, call: Weak<dyn RunningCall>) {
        self.running.lock().push(call);
    }

    /// Lets go of a call that has ended.
    pub(crate) fn leave(&self, call: &dyn RunningCall) {
        self.running.lock().retain(|it| !std::ptr::addr_eq(it.as_ptr(), call));
    }

    /// The running call with the client's id.
    pub(crate) fn find(&self, id: &Id) -> Option<Arc<dyn RunningCall>> {
        let running = self.running.lock();
        running.iter().filter_map(Weak::upgrade).find(|it| it.request_id() == *id)
    }

    /// Gives an answer of the client to the call that asked; `false` when none did.
    pub(crate) fn answer(&self, response: &Response) -> bool {
        let running: Vec<_> = self.running.lock().iter().filter_map(Weak::upgrade).collect();
        running.iter().any(|call| call.exchange().answer(response))
    }

    /// Ends every call: the session is over.
    pub(crate) fn end(&self) {
        let running = std::mem::take(&mut *self.running.lock());
        running.iter().filter_map(Weak::upgrade).for_each(|call| call.exchange().cancel());
    }

    /// Up to where the client knows what has changed.
    pub(crate) fn seen(&self) -> Place {
        *self.seen.lock()
    }

    /// The client has been told of everything before `place`.
    pub(crate) fn set_seen(&self, place: Place) {
        *self.seen.lock() = place;
    }

    /// What the client said of itself.
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
