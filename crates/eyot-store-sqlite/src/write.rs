//! A write on its way to the writer thread.

use eyot_session::StoreError;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::failure::Failure;

/// A write that shares a transaction with others.
pub(crate) trait Write: Send {
    /// About how much it adds to the transaction.
    fn len_bytes(&self) -> usize;

    /// Does the work and keeps its outcome. May be called again when the transaction of
    /// the first time was taken back.
    ///
    /// # Errors
    ///
    /// SQLite failed: the transaction has to be taken back.
    fn apply(&mut self, connection: &Connection) -> Result<(), rusqlite::Error>;

    /// Tells the caller, now that it is known whether the transaction was committed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// The work of one method call, with the way back to the caller.
pub(crate) struct PendingWrite<T, W> {
    work: W,
    len_bytes: usize,
    outcome: Result<T, StoreError>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> PendingWrite<T, W>
where
    W: FnMut(&Connection) -> Result<T, Failure>,
{
    pub(crate) fn new(
        len_bytes: usize,
        work: W,
        reply: oneshot::Sender<Result<T, StoreError>>,
    ) -> Self {
        // Nobody sees this outcome: a write is answered after it was applied, or with the
        // reason why it was not.
        Self { work, len_bytes, outcome: Err(StoreError::Backpressure), reply }
    }
}

impl<T, W> Write for PendingWrite<T, W>
where
    T: Send,
    W: FnMut(&Connection) -> Result<T, Failure> + Send,
{
    fn len_bytes(&self) -> usize {
        self.len_bytes
    }

    fn apply(&mut self, connection: &Connection) -> Result<(), rusqlite::Error> {
        self.outcome = match (self.work)(connection) {
            Ok(value) => Ok(value),
            Err(Failure::Refused(error)) => Err(error),
            Err(Failure::Engine(error)) => return Err(error),
        };
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        // The receiver is gone when the caller has given up waiting.
        drop(self.reply.send(committed.and(self.outcome)));
    }
}
