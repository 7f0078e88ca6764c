//! A session that this process serves now.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use eyot_jsonrpc::Id;
use eyot_service::{Call, Input, Peer, SessionHandle, unix_ms};
use eyot_session::{Session, StreamNo};
use eyot_stdx::QuotaPermit;
use parking_lot::{Mutex, MutexGuard};

use crate::core::Core;
use crate::in_flight::{InFlight, RunningRequests};
use crate::slot::{SlotKind, StreamSlot};

/// A session in the map of those that live, found by its id.
#[derive(Debug)]
pub(crate) struct ById(pub(crate) Arc<LiveSession>);

impl Borrow<str> for ById {
    fn borrow(&self) -> &str {
        self.0.context.id().as_str()
    }
}

impl Hash for ById {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Borrow::<str>::borrow(self).hash(state);
    }
}

impl PartialEq for ById {
    fn eq(&self, other: &Self) -> bool {
        Borrow::<str>::borrow(self) == Borrow::<str>::borrow(other)
    }
}

impl Eq for ById {}

/// What lives of a session in memory: its machine, and the streams that run.
#[derive(Debug)]
pub(crate) struct LiveSession {
    context: Arc<SessionHandle>,
    machine: Mutex<Session>,
    until_end: Mutex<UntilEnd>,
}

/// What a session gives up when it ends, whoever may still hold it then.
#[derive(Debug)]
struct UntilEnd {
    slots: BTreeMap<StreamNo, Arc<StreamSlot>>,
    /// Its place among the sessions of this process.
    permit: Option<QuotaPermit>,
}

impl LiveSession {
    pub(crate) fn new(context: SessionHandle, machine: Session, permit: QuotaPermit) -> Self {
        let until_end = UntilEnd { slots: BTreeMap::new(), permit: Some(permit) };
        Self {
            context: Arc::new(context),
            machine: Mutex::new(machine),
            until_end: Mutex::new(until_end),
        }
    }

    pub(crate) fn context(&self) -> &Arc<SessionHandle> {
        &self.context
    }

    /// Whether `principal` opened the session: an id alone opens nothing.
    pub(crate) fn belongs_to(&self, principal: Option<&Arc<str>>) -> bool {
        self.context.principal() == principal
    }

    /// A call in this session.
    pub(crate) fn call(&self, input: Input, peer: Peer) -> Call {
        let mut call = Call::new(input, peer);
        call.session = Some(Arc::clone(&self.context));
        call
    }

    /// Keeps the id of a request that the machine has taken until its answer.
    pub(crate) fn in_flight(self: &Arc<Self>, id: Id) -> InFlight {
        let session: Arc<Self> = Arc::clone(self);
        InFlight::new(session, id)
    }

    /// The state machine. The guard lives for one statement.
    pub(crate) fn machine(&self) -> MutexGuard<'_, Session> {
        self.machine.lock()
    }

    /// The running stream of that number.
    pub(crate) fn slot(&self, stream: StreamNo) -> Option<Arc<StreamSlot>> {
        self.until_end.lock().slots.get(&stream).cloned()
    }

    /// The stream of messages that belong to no call; it runs as long as the session.
    pub(crate) fn standalone(&self) -> Arc<StreamSlot> {
        let mut until_end = self.until_end.lock();
        let slot = until_end.slots.entry(StreamNo::STANDALONE).or_insert_with(|| {
            let core = Core::standalone(&self.context);
            Arc::new(StreamSlot::new(SlotKind::Standalone, core))
        });
        Arc::clone(slot)
    }

    /// Adds the stream of a call, or returns the one that is there already.
    pub(crate) fn add_call(&self, stream: StreamNo, core: Core) -> Arc<StreamSlot> {
        let mut until_end = self.until_end.lock();
        let slot = until_end
            .slots
            .entry(stream)
            .or_insert_with(|| Arc::new(StreamSlot::new(SlotKind::Call, core)));
        Arc::clone(slot)
    }

    /// Forgets a stream that has ended.
    pub(crate) fn remove_slot(&self, stream: StreamNo) {
        self.until_end.lock().slots.remove(&stream);
    }

    /// Ends every stream, and makes room for another session: this one is over.
    pub(crate) fn end(&self) {
        self.machine.lock().handle_close();
        let UntilEnd { slots, permit } = self.until_end.lock().take();
        drop(permit);
        slots.into_values().for_each(|slot| slot.end());
    }
}

impl RunningRequests for LiveSession {
    fn handle_end(&self, id: &Id) {
        self.machine().handle_answer(id, unix_ms());
    }
}

impl UntilEnd {
    fn take(&mut self) -> Self {
        Self { slots: std::mem::take(&mut self.slots), permit: self.permit.take() }
    }
}
