//! A write on its way to the writer thread.

use eyot_session::StoreError;
use tokio::sync::oneshot;

use crate::failure::Failure;
use crate::tables::Tables;

/// A write that shares a transaction with others.
pub(crate) trait Write: Send {
    /// About how many bytes it adds to the transaction.
    fn len_bytes(&self) -> usize;

    /// Does the work and keeps its outcome. May be called again when the first transaction was
    /// rolled back.
    ///
    /// # Errors
    ///
    /// When SQLite failed: the transaction must be rolled back.
    fn apply(&mut self, tables: &mut Tables<'_>) -> Result<(), rusqlite::Error>;

    /// Tells the caller the outcome, when it is known whether the transaction was committed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// The work of one method call, with the channel to the caller.
pub(crate) struct PendingWrite<T, W> {
    work: W,
    len_bytes: usize,
    outcome: Result<T, StoreError>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> PendingWrite<T, W>
where
    W: FnMut(&mut Tables<'_>) -> Result<T, Failure>,
{
    pub(crate) fn new(
        len_bytes: usize,
        work: W,
        reply: oneshot::Sender<Result<T, StoreError>>,
    ) -> Self {
        // This outcome is never seen: a write is answered after it was applied, or with the reason
        // why it was not.
        Self { work, len_bytes, outcome: Err(StoreError::Backpressure), reply }
    }
}

impl<T, W> Write for PendingWrite<T, W>
where
    T: Send,
    W: FnMut(&mut Tables<'_>) -> Result<T, Failure> + Send,
{
    fn len_bytes(&self) -> usize {
        self.len_bytes
    }

    fn apply(&mut self, tables: &mut Tables<'_>) -> Result<(), rusqlite::Error> {
        self.outcome = match (self.work)(tables) {
            Ok(value) => Ok(value),
            Err(Failure::Refused(error)) => Err(error),
            Err(Failure::Engine(error)) => return Err(error),
        };
        Ok(())
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        // The receiver is gone if the caller has stopped waiting.
        drop(self.reply.send(committed.and(self.outcome)));
    }
}
