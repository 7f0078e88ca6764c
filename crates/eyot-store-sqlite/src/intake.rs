//! Holds what waits for the writer thread: writes in order, and the newest end of each touched
//! session.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::time::{Duration, Instant};

use eyot_session::{SessionId, StoreError};
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use crate::failure::unavailable;
use crate::write::Write;

/// How many writes one transaction has at most.
const BATCH_WRITES_MAX: usize = 256;
/// How many bytes one transaction has at most, unless a single write is larger.
const BATCH_BYTES_MAX: usize = 1 << 20;
/// How long a touch may wait for a write to join.
const TOUCH_DELAY_MAX: Duration = Duration::from_secs(2);
/// This many touches do not wait for a write to join.
const TOUCHES_DUE: usize = 4_096;
/// Touches beyond this are forgotten: their sessions end early. This happens only while nothing can
/// be written, and with more live sessions than one process serves.
const TOUCHES_MAX: usize = 1 << 18;

pub(crate) struct Intake {
    state: Mutex<State>,
    wake: Condvar,
    ops_max: usize,
}

struct State {
    writes: VecDeque<Box<dyn Write>>,
    /// Ends that are not committed yet; see [`Intake::settle`].
    touches: HashMap<SessionId, u64>,
    /// The time when the touches are written even if no write comes.
    touches_due: Option<Instant>,
    /// The reason why nothing is accepted any more.
    refusal: Option<StoreError>,
    has_ended: bool,
    /// The callers that wait for the end of the writer thread.
    watchers: Vec<oneshot::Sender<()>>,
}

/// The contents of one transaction.
pub(crate) struct Batch {
    pub(crate) writes: Vec<Box<dyn Write>>,
    pub(crate) touches: Vec<(SessionId, u64)>,
}

impl Intake {
    pub(crate) fn new(ops_max: usize) -> Self {
        let state = State {
            writes: VecDeque::new(),
            touches: HashMap::new(),
            touches_due: None,
            refusal: None,
            has_ended: false,
            watchers: Vec::new(),
        };
        Self { state: Mutex::new(state), wake: Condvar::new(), ops_max }
    }

    /// An intake that accepts nothing; no thread empties it.
    pub(crate) fn refusing(error: StoreError) -> Self {
        let intake = Self::new(0);
        intake.close(error);
        intake.end();
        intake
    }

    pub(crate) fn submit(&self, write: Box<dyn Write>) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        state.check_open()?;
        if state.writes.len() >= self.ops_max {
            return Err(StoreError::Backpressure);
        }
        state.writes.push_back(write);
        self.wake.notify_one();
        Ok(())
    }

    /// Fails with the reason if nothing is accepted any more.
    pub(crate) fn check_open(&self) -> Result<(), StoreError> {
        self.state.lock().check_open()
    }

    pub(crate) fn touch(&self, id: &SessionId, expires_ms: u64) {
        let mut state = self.state.lock();
        let is_welcome = state.refusal.is_none() && state.touches.len() < TOUCHES_MAX;
        if !is_welcome {
            return;
        }
        let end = state.touches.entry(id.clone()).or_insert(expires_ms);
        *end = expires_ms.max(*end);
        if state.plan_touches() {
            self.wake.notify_one();
        }
    }

    /// The end that is not committed yet. Call this before you read the row: the end is forgotten
    /// here only after it is in the row.
    pub(crate) fn touched(&self, id: &SessionId) -> Option<u64> {
        self.state.lock().touches.get(id).copied()
    }

    /// All ends that are not committed yet.
    pub(crate) fn all_touched(&self) -> HashMap<SessionId, u64> {
        self.state.lock().touches.clone()
    }

    /// Forgets ends that are committed, except those that have moved since.
    pub(crate) fn settle(&self, written: &[(SessionId, u64)]) {
        let mut state = self.state.lock();
        for (id, expires_ms) in written {
            if state.touches.get(id) == Some(expires_ms) {
                state.touches.remove(id);
            }
        }
        state.plan_touches();
    }

    /// Waits for something to write. `None` when everything is written that was accepted before the
    /// intake was closed.
    pub(crate) fn next_batch(&self) -> Option<Batch> {
        let mut state = self.state.lock();
        loop {
            if state.is_ready() {
                return Some(state.take_batch());
            }
            match state.touches_due {
                _ if state.refusal.is_some() => return None,
                None => self.wake.wait(&mut state),
                Some(due) => drop(self.wake.wait_until(&mut state, due)),
            }
        }
    }

    /// Accepts nothing from now on; the first reason is kept.
    pub(crate) fn close(&self, error: StoreError) {
        let mut state = self.state.lock();
        if state.refusal.is_none() {
            state.refusal = Some(error);
            if !state.touches.is_empty() {
                state.touches_due = Some(Instant::now());
            }
        }
        self.wake.notify_one();
    }

    /// Resolves when the writer thread has ended.
    pub(crate) fn watch_end(&self) -> oneshot::Receiver<()> {
        let (watcher, end) = oneshot::channel();
        let mut state = self.state.lock();
        if !state.has_ended {
            state.watchers.push(watcher);
        }
        end
    }

    /// Notes that no thread takes batches any more. What still waits is dropped, and its callers
    /// learn of it from their closed channels.
    pub(crate) fn end(&self) {
        let mut state = self.state.lock();
        state.refusal.get_or_insert_with(|| unavailable("writer thread has ended"));
        state.has_ended = true;
        state.writes.clear();
        state.touches.clear();
        state.watchers.clear();
    }
}

impl State {
    fn check_open(&self) -> Result<(), StoreError> {
        self.refusal.clone().map_or(Ok(()), Err)
    }

    fn is_ready(&self) -> bool {
        !self.writes.is_empty() || self.touches_due.is_some_and(|due| due <= Instant::now())
    }

    /// Sets the time at which touches are written; returns whether it has changed. After the intake
    /// is closed nothing is planned: the last batch is tried once.
    fn plan_touches(&mut self) -> bool {
        if self.touches.is_empty() || self.refusal.is_some() {
            return false;
        }
        let is_many = self.touches.len() >= TOUCHES_DUE;
        let delay = if is_many { Duration::ZERO } else { TOUCH_DELAY_MAX };
        let due = Instant::now() + delay;
        let is_sooner = self.touches_due.is_none_or(|planned| due < planned);
        if is_sooner {
            self.touches_due = Some(due);
        }
        is_sooner
    }

    fn take_batch(&mut self) -> Batch {
        self.touches_due = None;
        let touches = self.touches.iter().map(|(id, end)| (id.clone(), *end)).collect();
        let mut writes = Vec::with_capacity(self.writes.len().min(BATCH_WRITES_MAX));
        let mut bytes = 0;
        while writes.len() < BATCH_WRITES_MAX
            && bytes < BATCH_BYTES_MAX
            && let Some(write) = self.writes.pop_front()
        {
            bytes += write.len_bytes();
            writes.push(write);
        }
        Batch { writes, touches }
    }
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        f.debug_struct("Intake")
            .field("writes_waiting", &state.writes.len())
            .field("touches_waiting", &state.touches.len())
            .field("refusal", &state.refusal)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
