//! Calls at rest: handlers that wait for a modern client's next round.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use eyot_jsonrpc::{ErrorObject, Request};
use eyot_service::{Limits, ReplyFuture, SealedState};
use eyot_types::{JsonObject, codes};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::rounds::sealed::Sealed;

/// A call that can rest until its client's next round.
pub(crate) trait Resting: fmt::Debug + Send {
    /// Who may bring the next round.
    fn principal(&self) -> Option<&Arc<str>>;

    /// The number of the next round.
    fn next_round(&mut self) -> u32;

    /// Goes on with what the client's next request has brought.
    fn resume(self: Box<Self>, request: Request, responses: JsonObject) -> ReplyFuture;
}

/// The parked calls of one server.
#[derive(Debug)]
pub(crate) struct Parked {
    /// Tells a state of an earlier process from one of ours.
    process: u64,
    calls_max: usize,
    calls_per_principal_max: usize,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    calls: HashMap<u64, Entry>,
    by_expiry: BTreeSet<(Instant, u64)>,
    by_principal: HashMap<Arc<str>, usize>,
    last: u64,
}

#[derive(Debug)]
struct Entry {
    call: Box<dyn Resting>,
    round: u32,
    expires: Instant,
}

impl Table {
    fn of_principal(&self, principal: Option<&Arc<str>>) -> usize {
        principal.and_then(|it| self.by_principal.get(it)).copied().unwrap_or(0)
    }

    fn insert(&mut self, call: u64, entry: Entry) {
        if let Some(principal) = entry.call.principal() {
            *self.by_principal.entry(Arc::clone(principal)).or_default() += 1;
        }
        self.by_expiry.insert((entry.expires, call));
        self.calls.insert(call, entry);
    }

    fn remove(&mut self, call: u64) -> Option<Entry> {
        let entry = self.calls.remove(&call)?;
        self.by_expiry.remove(&(entry.expires, call));
        if let Some(principal) = entry.call.principal()
            && let Some(count) = self.by_principal.get_mut(principal)
        {
            *count -= 1;
            if *count == 0 {
                self.by_principal.remove(principal);
            }
        }
        Some(entry)
    }
}

impl Parked {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            process: u64::from_le_bytes(eyot_stdx::random_bytes()),
            calls_max: limits.memory.parked_calls_max,
            calls_per_principal_max: limits.memory.parked_calls_per_principal_max,
            table: Mutex::default(),
        }
    }

    /// Ends what has waited too long; its handlers are dropped.
    pub(crate) fn sweep(&self, now: Instant) {
        let mut expired = Vec::new();
        let mut table = self.table.lock();
        while let Some(&(expires, call)) = table.by_expiry.first()
            && expires <= now
        {
            expired.extend(table.remove(call));
        }
        drop(table);
        // Handlers are dropped without the lock: they may do anything then.
        drop(expired);
    }

    /// Ends everything.
    pub(crate) fn clear(&self) {
        let table = std::mem::take(&mut *self.table.lock());
        drop(table);
    }

    /// Calls that wait.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.table.lock().calls.len()
    }

    /// Parks a call for at most `timeout`; gives the state that brings it back.
    ///
    /// # Errors
    /// When there is no room; the call is dropped.
    pub(crate) fn park(
        &self,
        mut resting: Box<dyn Resting>,
        timeout: Duration,
    ) -> Result<Sealed, ErrorObject> {
        let now = Instant::now();
        self.sweep(now);
        let mut table = self.table.lock();
        let of_principal = table.of_principal(resting.principal());
        if table.calls.len() >= self.calls_max || of_principal >= self.calls_per_principal_max {
            drop(table);
            return Err(codes::overloaded("parked calls"));
        }
        table.last += 1;
        let call = table.last;
        let round = resting.next_round();
        table.insert(call, Entry { call: resting, round, expires: now + timeout });
        Ok(Sealed::Parked { process: self.process, call, round })
    }

    /// Goes on with a parked call, in its next round.
    ///
    /// A call can be taken once: of two equal retries the second is refused, so no answer is
    /// given twice.
    pub(crate) fn resume(
        &self,
        (process, call, round): (u64, u64, u32),
        request: Request,
        responses: JsonObject,
    ) -> Result<ReplyFuture, ErrorObject> {
        self.sweep(Instant::now());
        let call = self.take(process, call, round).ok_or_else(SealedState::refused)?;
        Ok(call.resume(request, responses))
    }

    fn take(&self, process: u64, call: u64, round: u32) -> Option<Box<dyn Resting>> {
        if process != self.process {
            return None;
        }
        let mut table = self.table.lock();
        table.calls.get(&call).filter(|it| it.round == round)?;
        table.remove(call).map(|it| it.call)
    }
}
