//! A session that this process serves now.

use std::collections::BTreeMap;
use std::sync::Arc;

use eyot_jsonrpc::Id;
use eyot_service::{Call, Input, Peer, SessionHandle, unix_ms};
use eyot_session::{SessionMachine, StreamNo};
use eyot_stdx::QuotaPermit;
use parking_lot::{Mutex, MutexGuard};

use crate::event_stream::EventStream;
use crate::in_flight::{InFlight, RunningRequests};
use crate::shared_stream::SharedStream;

/// The part of a session in memory: its machine, and the streams that run.
#[derive(Debug)]
pub(crate) struct ActiveSession {
    handle: Arc<SessionHandle>,
    machine: Mutex<SessionMachine>,
    /// Given up when it ends, even if the session itself is still held.
    streams: Mutex<BTreeMap<StreamNo, Arc<SharedStream>>>,
}

impl ActiveSession {
    /// A session with its place among those of this process.
    pub(crate) fn new(handle: SessionHandle, machine: SessionMachine, place: QuotaPermit) -> Self {
        handle.keep_place(place);
        Self {
            handle: Arc::new(handle),
            machine: Mutex::new(machine),
            streams: Mutex::new(BTreeMap::new()),
        }
    }

    pub(crate) fn handle(&self) -> &Arc<SessionHandle> {
        &self.handle
    }

    /// Whether `principal` opened the session: an id alone opens nothing.
    pub(crate) fn belongs_to(&self, principal: Option<&Arc<str>>) -> bool {
        self.handle.principal() == principal
    }

    /// A call in this session.
    pub(crate) fn call(&self, input: Input, peer: Peer) -> Call {
        let mut call = Call::new(input, peer);
        call.session = Some(Arc::clone(&self.handle));
        call
    }

    /// Keeps the id of a request that the machine has taken until its answer.
    pub(crate) fn in_flight(self: &Arc<Self>, id: Id) -> InFlight {
        let session: Arc<Self> = Arc::clone(self);
        InFlight::new(session, id)
    }

    /// The state machine. The guard lives for one statement.
    pub(crate) fn machine(&self) -> MutexGuard<'_, SessionMachine> {
        self.machine.lock()
    }

    /// The running stream of that number.
    pub(crate) fn stream(&self, stream: StreamNo) -> Option<Arc<SharedStream>> {
        self.streams.lock().get(&stream).cloned()
    }

    /// The stream of messages that belong to no call; it runs as long as the session.
    pub(crate) fn standalone(&self) -> Arc<SharedStream> {
        let mut streams = self.streams.lock();
        let shared = streams.entry(StreamNo::STANDALONE).or_insert_with(|| {
            let events = EventStream::standalone(&self.handle);
            Arc::new(SharedStream::new(events))
        });
        Arc::clone(shared)
    }

    /// Adds the stream of a call, or returns the one that is there already.
    pub(crate) fn add_call(&self, stream: StreamNo, events: EventStream) -> Arc<SharedStream> {
        let mut streams = self.streams.lock();
        let shared = streams.entry(stream).or_insert_with(|| Arc::new(SharedStream::new(events)));
        Arc::clone(shared)
    }

    /// Forgets a stream that has ended.
    pub(crate) fn remove_stream(&self, stream: StreamNo) {
        self.streams.lock().remove(&stream);
    }

    /// Ends every stream, and makes room for another session: this one is over.
    pub(crate) fn end(&self) {
        self.machine.lock().handle_close();
        let streams = std::mem::take(&mut *self.streams.lock());
        self.handle.give_up_place();
        streams.into_values().for_each(|shared| shared.end());
    }
}

impl RunningRequests for ActiveSession {
    fn handle_end(&self, id: &Id) {
        self.machine().handle_answer(id, unix_ms());
    }
}

#[cfg(test)]
mod tests;
