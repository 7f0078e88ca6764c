//! The parked calls of one server, by the names that their clients bring back.

use std::sync::Arc;
use std::time::Instant as StdInstant;

use eyot_era::parked::{Fate, HeldCall, ParkedConfig, ParkedTable, Settled};
use eyot_jsonrpc::ErrorObject;
use eyot_service::{Limits, SharedTotal, TotalQuota};
use eyot_stdx::QuotaPermit;
use eyot_types::Revision;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::rounds::sealed::ParkedPlace;

/// Every call that waits for a client, and every last answer that a client may come back for. `H`
/// is a handler.
#[derive(Debug)]
pub(crate) struct ParkedCalls<H> {
    /// Tells a state of an earlier process from one of ours.
    process: u64,
    config: ParkedConfig,
    /// Room for calls that wait.
    pub(super) rooms: TotalQuota,
    /// Room for last answers.
    pub(super) words: TotalQuota,
    table: Mutex<ParkedTable<Arc<SharedCall<H>>, QuotaPermit>>,
    /// Wakes [`keep_time`](Self::keep_time) when a call is due before all others.
    earlier: Notify,
}

/// One call, as all of its clients see it.
#[derive(Debug)]
pub(super) struct SharedCall<H> {
    pub(super) number: u64,
    /// The principal that may come back to it.
    principal: Option<Arc<str>>,
    /// The lock is a leaf: no handler is polled or dropped under it.
    state: Mutex<State<H>>,
}

#[derive(Debug)]
struct State<H> {
    held: HeldCall<H>,
    /// `None` when it has ended.
    room: Option<QuotaPermit>,
}

impl<H> ParkedCalls<H> {
    pub(crate) fn new(limits: &Limits) -> Self {
        let config = ParkedConfig {
            // The machine converts nothing between eras here: handlers write for the client's era.
            revision: Revision::MODERN,
            question_timeout: limits.calls.round_timeout,
            questions_max: limits.calls.questions_max,
        };
        Self {
            process: u64::from_le_bytes(eyot_stdx::random_bytes()),
            config,
            rooms: TotalQuota::new(SharedTotal::ParkedCalls, limits),
            words: TotalQuota::new(SharedTotal::LastWords, limits),
            table: Mutex::default(),
            earlier: Notify::new(),
        }
    }

    /// A new call, if there is room.
    pub(super) fn begin(
        &self,
        principal: Option<&Arc<str>>,
    ) -> Result<Arc<SharedCall<H>>, ErrorObject> {
        self.sweep();
        let room = Some(self.rooms.acquire(principal, 0)?);
        let state = Mutex::new(State { held: HeldCall::new(self.config), room });
        let call = |number| Arc::new(SharedCall { number, principal: principal.cloned(), state });
        Ok(self.table.lock().insert(call))
    }

    /// The call of that name, if it belongs to this principal.
    pub(super) fn find(
        &self,
        place: &ParkedPlace,
        principal: Option<&Arc<str>>,
    ) -> Option<Arc<SharedCall<H>>> {
        if place.process != self.process {
            return None;
        }
        // Not every host lets the time pass by itself.
        self.sweep();
        let call = self.table.lock().get(place.call).map(Arc::clone)?;
        (call.principal.as_ref() == principal).then_some(call)
    }

    /// The name of a call, without a round.
    pub(super) fn place(&self, call: &SharedCall<H>) -> ParkedPlace {
        ParkedPlace { process: self.process, call: call.number, round: 0 }
    }

    /// Changes a call, and does the work that the change leaves.
    pub(super) fn change<T>(
        &self,
        call: &SharedCall<H>,
        change: impl FnOnce(&mut HeldCall<H>, StdInstant) -> T,
    ) -> T {
        let now = Instant::now().into_std();
        let mut state = call.state.lock();
        let changed = change(&mut state.held, now);
        let Settled { wakers, work, timeout, fate } = state.held.settle(now);
        let room = state.room.take_if(|_| fate != Fate::Lives);
        drop(state);
        match fate {
            Fate::Ended(bytes) if room.is_some() => self.keep(call, bytes),
            Fate::Over => self.remove(call.number),
            Fate::Lives | Fate::Ended(_) => {}
        }
        if let Some(timeout) = timeout {
            let is_next = self.table.lock().look_at(call.number, timeout);
            if is_next {
                self.earlier.notify_one();
            }
        }
        // Without a lock: the drop of a handler may run any code, and so may a woken task.
        drop((work, room));
        wakers.into_iter().for_each(std::task::Waker::wake);
        changed
    }

    /// Keeps a call that has ended, for its last answer. When there is no room, older ones make it.
    fn keep(&self, call: &SharedCall<H>, bytes: usize) {
        let principal = call.principal.as_ref();
        loop {
            if let Ok(word) = self.words.acquire(principal, bytes) {
                let forgotten = self.table.lock().end(call.number, word);
                return drop(forgotten);
            }
            let oldest = self.table.lock().oldest_ended(|it| it.principal() == principal);
            self.remove(oldest.unwrap_or(call.number));
            if oldest.is_none() {
                return;
            }
        }
    }

    /// Looks at every call whose time has come, and drops handlers that no client waits for any
    /// more. Returns the time of the next call.
    fn sweep(&self) -> Option<Instant> {
        let now = Instant::now().into_std();
        loop {
            let due = self.table.lock().take_due(now);
            match due {
                Ok(call) => self.change(&call, HeldCall::handle_timeout),
                Err(next) => return next.map(Instant::from_std),
            }
        }
    }

    /// Looks at each call when its time has come. Never ready.
    pub(crate) async fn keep_time(&self) {
        loop {
            let earlier = self.earlier.notified();
            match self.sweep() {
                Some(next) => drop(tokio::time::timeout_at(next, earlier).await),
                None => earlier.await,
            }
        }
    }

    /// Forgets every call: no client can come back.
    pub(crate) fn clear(&self) {
        let table = std::mem::take(&mut *self.table.lock());
        drop(table);
    }

    fn remove(&self, number: u64) {
        let removed = self.table.lock().remove(number);
        drop(removed);
    }
}
