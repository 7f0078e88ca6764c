//! Threads that read, each with a connection of its own.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use eyot_session::StoreError;
use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;

use crate::failure::unavailable;

/// A read with the channel to its caller.
pub(crate) type Read = Box<dyn FnOnce(&mut Connection) + Send>;

/// Reads that wait for a thread.
pub(crate) struct ReadQueue {
    state: Mutex<State>,
    wake: Condvar,
    ops_max: usize,
}

struct State {
    reads: VecDeque<Read>,
    is_closed: bool,
}

impl ReadQueue {
    pub(crate) fn new(ops_max: usize) -> Self {
        let state = State { reads: VecDeque::new(), is_closed: false };
        Self { state: Mutex::new(state), wake: Condvar::new(), ops_max }
    }

    pub(crate) fn submit(&self, read: Read) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        if state.is_closed {
            return Err(unavailable("store is closed"));
        }
        if state.reads.len() >= self.ops_max {
            return Err(StoreError::Backpressure);
        }
        state.reads.push_back(read);
        self.wake.notify_one();
        Ok(())
    }

    /// Accepts nothing from now on. Accepted reads are still done.
    pub(crate) fn close(&self) {
        self.state.lock().is_closed = true;
        self.wake.notify_all();
    }

    fn next(&self) -> Option<Read> {
        let mut state = self.state.lock();
        loop {
            if let Some(read) = state.reads.pop_front() {
                return Some(read);
            }
            if state.is_closed {
                return None;
            }
            self.wake.wait(&mut state);
        }
    }
}

/// Starts a thread for each connection. They end when the queue is closed and empty.
pub(crate) fn spawn(
    connections: Vec<Connection>,
    queue: &Arc<ReadQueue>,
) -> Result<Vec<JoinHandle<()>>, StoreError> {
    let spawn_one = |mut connection: Connection| {
        let queue = Arc::clone(queue);
        Builder::new().name("eyot-sqlite-read".to_owned()).spawn(move || {
            let end = End { queue };
            while let Some(read) = end.queue.next() {
                read(&mut connection);
            }
        })
    };
    let threads = connections.into_iter().map(spawn_one).collect::<Result<_, _>>();
    threads.map_err(|error| {
        queue.close();
        unavailable(format!("thread of a reader: {error}"))
    })
}

/// Makes sure that no caller waits for a thread that has ended, even if it panicked.
struct End {
    queue: Arc<ReadQueue>,
}

impl Drop for End {
    fn drop(&mut self) {
        self.queue.close();
        // After an orderly end, nothing waits here.
        self.queue.state.lock().reads.clear();
    }
}

impl fmt::Debug for ReadQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.lock();
        f.debug_struct("ReadQueue").field("waiting", &state.reads.len()).finish_non_exhaustive()
    }
}
