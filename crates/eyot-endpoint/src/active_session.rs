//! A session that this process serves now.

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
    streams: Mutex<RunningStreams>,
}

/// The streams that run, each once: a short list, because most sessions have one or two.
#[derive(Debug, Default)]
struct RunningStreams(Vec<(StreamNo, Arc<SharedStream>)>);

impl RunningStreams {
    fn place(&self, stream: StreamNo) -> Option<usize> {
        self.0.iter().position(|(no, _)| *no == stream)
    }

    fn get(&self, stream: StreamNo) -> Option<&Arc<SharedStream>> {
        self.0.get(self.place(stream)?).map(|(_, shared)| shared)
    }

    fn get_or_insert(
        &mut self,
        stream: StreamNo,
        make: impl FnOnce() -> SharedStream,
    ) -> Arc<SharedStream> {
        if let Some(shared) = self.get(stream) {
            return Arc::clone(shared);
        }
        let shared = Arc::new(make());
        self.0.push((stream, Arc::clone(&shared)));
        shared
    }

    /// Takes a stream out. An idle session keeps no room for streams.
    fn take(&mut self, stream: StreamNo) -> Option<Arc<SharedStream>> {
        let place = self.place(stream)?;
        let (_, shared) = self.0.swap_remove(place);
        if self.0.is_empty() {
            self.0 = Vec::new();
        }
        Some(shared)
    }
}

impl ActiveSession {
    /// A session with its place among those of this process.
    pub(crate) fn new(handle: SessionHandle, machine: SessionMachine, place: QuotaPermit) -> Self {
        handle.keep_place(place);
        Self { handle: Arc::new(handle), machine: Mutex::new(machine), streams: Mutex::default() }
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
        self.streams.lock().get(stream).cloned()
    }

    /// The stream of messages that belong to no call; it runs as long as the session.
    pub(crate) fn standalone(&self) -> Arc<SharedStream> {
        let make = || SharedStream::new(EventStream::standalone(&self.handle));
        self.streams.lock().get_or_insert(StreamNo::STANDALONE, make)
    }

    /// Adds the stream of a call, or returns the one that is there already.
    pub(crate) fn add_call(&self, stream: StreamNo, events: EventStream) -> Arc<SharedStream> {
        self.streams.lock().get_or_insert(stream, || SharedStream::new(events))
    }

    /// Forgets a stream that has ended.
    pub(crate) fn remove_stream(&self, stream: StreamNo) {
        let ended = self.streams.lock().take(stream);
        drop(ended);
    }

    /// Ends every stream, and makes room for another session: this one is over.
    pub(crate) fn end(&self) {
        self.machine.lock().handle_close();
        let streams = std::mem::take(&mut *self.streams.lock());
        self.handle.give_up_place();
        streams.0.into_iter().for_each(|(_, shared)| shared.end());
    }
}

impl RunningRequests for ActiveSession {
    fn handle_end(&self, id: &Id) {
        self.machine().handle_answer(id, unix_ms());
    }
}

#[cfg(test)]
mod tests;
