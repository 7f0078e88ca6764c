//! Holds what waits for the thread of the connection: operations in order, and the newest end of each
//! touched session.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::time::{Duration, Instant};

use eyot_session::{SessionId, StoreError};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use crate::failure::unavailable;
use crate::operation::Operation;

/// How many operations one pipeline has at most.
const BATCH_MAX: usize = 256;
/// How long a touch may wait.
const TOUCH_DELAY_MAX: Duration = Duration::from_secs(2);
/// This many touches do not wait.
const TOUCHES_DUE: usize = 4_096;
/// Touches beyond this are forgotten: their sessions end early. This happens only while the server is
/// away, and with more live sessions than one process serves.
const TOUCHES_MAX: usize = 1 << 18;

pub(crate) struct Intake {
    state: Mutex<State>,
    wake: Notify,
    ops_max: usize,
}

struct State {
    operations: VecDeque<Operation>,
    touches: HashMap<SessionId, u64>,
    touches_due: Option<Instant>,
    /// Why nothing can be done now.
    trouble: Option<StoreError>,
    is_closed: bool,
    has_ended: bool,
    watchers: Vec<oneshot::Sender<()>>,
}

/// What is sent at once.
pub(crate) struct Batch {
    pub(crate) operations: Vec<Operation>,
    pub(crate) touches: Vec<(SessionId, u64)>,
}

impl Intake {
    pub(crate) fn new(ops_max: usize) -> Self {
        let state = State {
            operations: VecDeque::new(),
            touches: HashMap::new(),
            touches_due: None,
            trouble: None,
            is_closed: false,
            has_ended: false,
            watchers: Vec::new(),
        };
        Self { state: Mutex::new(state), wake: Notify::new(), ops_max }
    }

    pub(crate) fn submit(&self, operation: Operation) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        state.check()?;
        if state.operations.len() >= self.ops_max {
            return Err(StoreError::Backpressure);
        }
        state.operations.push_back(operation);
        drop(state);
        self.wake.notify_one();
        Ok(())
    }

    /// Fails with the reason why nothing can be done now.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.state.lock().check()
    }

    pub(crate) fn touch(&self, id: &SessionId, expires_ms: u64) {
        let mut state = self.state.lock();
        if state.is_closed || state.touches.len() >= TOUCHES_MAX {
            return;
        }
        let end = state.touches.entry(id.clone()).or_insert(expires_ms);
        *end = expires_ms.max(*end);
        let delay =
            if state.touches.len() >= TOUCHES_DUE { Duration::ZERO } else { TOUCH_DELAY_MAX };
        let due = Instant::now() + delay;
        let is_sooner = state.touches_due.is_none_or(|planned| due < planned);
        if is_sooner {
            state.touches_due = Some(due);
            drop(state);
            self.wake.notify_one();
        }
    }

    /// The end that waits, for a caller that wants to see it obeyed now.
    pub(crate) fn take_touch(&self, id: &SessionId) -> Option<u64> {
        self.state.lock().touches.remove(id)
    }

    pub(crate) fn take_touches(&self) -> Vec<(SessionId, u64)> {
        self.state.lock().take_touches()
    }

    /// Waits for something to do. `None` when all is done that was accepted before the intake was
    /// closed.
    pub(crate) async fn next_batch(&self) -> Option<Batch> {
        loop {
            let due = {
                let mut state = self.state.lock();
                if state.is_ready() {
                    return Some(state.take_batch());
                }
                if state.is_closed {
                    return None;
                }
                state.touches_due
            };
            match due {
                None => self.wake.notified().await,
                Some(due) => {
                    let woken = tokio::time::timeout_at(due.into(), self.wake.notified()).await;
                    drop(woken);
                }
            }
        }
    }

    /// Waits for the end of a pause between two attempts to connect; `true` when the store was closed.
    pub(crate) async fn pause(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        loop {
            if self.state.lock().is_closed {
                return true;
            }
            if tokio::time::timeout_at(until.into(), self.wake.notified()).await.is_err() {
                return self.state.lock().is_closed;
            }
        }
    }

    /// The server can be asked.
    pub(crate) fn heal(&self) {
        self.state.lock().trouble = None;
    }

    /// The server cannot be asked: nothing waits for it.
    pub(crate) fn fail(&self, trouble: &StoreError) {
        let waiting = {
            let mut state = self.state.lock();
            state.trouble = Some(trouble.clone());
            std::mem::take(&mut state.operations)
        };
        for operation in waiting {
            (operation.reply)(Err(trouble.clone()));
        }
    }

    /// Accepts nothing from now on.
    pub(crate) fn close(&self) {
        let mut state = self.state.lock();
        state.is_closed = true;
        if !state.touches.is_empty() {
            state.touches_due = Some(Instant::now());
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Resolves when the thread has ended.
    pub(crate) fn watch_end(&self) -> oneshot::Receiver<()> {
        let (watcher, end) = oneshot::channel();
        let mut state = self.state.lock();
        if !state.has_ended {
            state.watchers.push(watcher);
        }
        end
    }

    /// Notes that no thread takes batches any more.
    pub(crate) fn end(&self) {
        let mut state = self.state.lock();
        state.is_closed = true;
        state.has_ended = true;
        state.touches.clear();
        state.watchers.clear();
        let waiting = std::mem::take(&mut state.operations);
        drop(state);
        for operation in waiting {
            (operation.reply)(Err(closed()));
        }
    }
}

impl State {
    fn check(&self) -> Result<(), StoreError> {
        if self.is_closed {
            return Err(closed());
        }
        self.trouble.clone().map_or(Ok(()), Err)
    }

    fn is_ready(&self) -> bool {
        let has_due_touches =
            !self.touches.is_empty() && self.touches_due.is_some_and(|due| due <= Instant::now());
        !self.operations.is_empty() || has_due_touches
    }

    fn take_touches(&mut self) -> Vec<(SessionId, u64)> {
        self.touches_due = None;
        self.touches.drain().collect()
    }

    fn take_batch(&mut self) -> Batch {
        let is_due = self.touches_due.is_some_and(|due| due <= Instant::now());
        let touches = if is_due { self.take_touches() } else { Vec::new() };
        let count = self.operations.len().min(BATCH_MAX);
        Batch { operations: self.operations.drain(..count).collect(), touches }
    }
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        f.debug_struct("Intake")
            .field("operations_waiting", &state.operations.len())
            .field("touches_waiting", &state.touches.len())
            .field("trouble", &state.trouble)
            .finish_non_exhaustive()
    }
}

fn closed() -> StoreError {
    unavailable("store is closed")
}
