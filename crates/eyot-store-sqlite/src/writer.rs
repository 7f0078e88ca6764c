//! The thread that owns the connection that writes.
//!
//! While one transaction is being committed, the writes of the next one gather in the
//! intake. The slower the disk, the larger the batches: no timer decides.

use std::slice;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use eyot_session::{SessionId, StoreError};
use rusqlite::Connection;

use crate::failure::{ends_writing, store_error, unavailable};
use crate::health::Health;
use crate::intake::{Batch, Intake};
use crate::readers::ReadQueue;
use crate::sessions;
use crate::tables::Tables;
use crate::write::Write;

/// The state of the thread.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) intake: Arc<Intake>,
    pub(crate) health: Arc<Health>,
    pub(crate) read_queue: Arc<ReadQueue>,
    pub(crate) readers: Vec<JoinHandle<()>>,
}

/// The reason why a transaction was rolled back.
enum Aborted {
    /// One of several writes could not be applied; the others may succeed without it.
    OneWrite(rusqlite::Error),
    /// The transaction as a whole failed.
    Whole(rusqlite::Error),
}

/// Starts the thread. It ends when the intake is closed and empty.
pub(crate) fn spawn(writer: Writer) -> Result<(), StoreError> {
    let thread = Builder::new().name("eyot-sqlite-write".to_owned());
    let spawned = thread.spawn(move || {
        // Dropped last, on every way out.
        let _end = End { intake: Arc::clone(&writer.intake), health: Arc::clone(&writer.health) };
        writer.run();
    });
    spawned.map(drop).map_err(|error| unavailable(format!("thread of the writer: {error}")))
}

impl Writer {
    fn run(self) {
        let Self { connection, intake, health, read_queue, readers } = self;
        match Tables::new(&connection) {
            Ok(tables) => Work { tables, intake: &intake, health: &health }.run(),
            Err(error) => health.stop(store_error(&error)),
        }
        close(connection, &read_queue, readers);
    }
}

/// What the thread does until the store is closed.
struct Work<'a> {
    tables: Tables<'a>,
    intake: &'a Intake,
    health: &'a Health,
}

impl Work<'_> {
    fn run(mut self) {
        while let Some(batch) = self.intake.next_batch() {
            self.write(batch);
        }
    }

    fn write(&mut self, mut batch: Batch) {
        let outcome = match self.health.stopped() {
            Some(error) => Err(error),
            None => match self.commit(&mut batch.writes, &batch.touches) {
                Err(Aborted::OneWrite(_)) => return self.write_one_by_one(batch),
                Err(Aborted::Whole(error)) => Err(self.fail(&error)),
                Ok(()) => Ok(()),
            },
        };
        self.settle(&batch.touches, outcome.is_ok());
        for write in batch.writes {
            write.answer(outcome.clone());
        }
    }

    /// Applies each write in a transaction of its own, so that one failure fails one write.
    fn write_one_by_one(&mut self, mut batch: Batch) {
        let touched = self.commit_alone(&mut [], &batch.touches);
        self.settle(&batch.touches, touched.is_ok());
        for mut write in batch.writes.drain(..) {
            let outcome = match self.health.stopped() {
                Some(error) => Err(error),
                None => self.commit_alone(slice::from_mut(&mut write), &[]),
            };
            write.answer(outcome);
        }
    }

    fn commit_alone(
        &mut self,
        write: &mut [Box<dyn Write>],
        touches: &[(SessionId, u64)],
    ) -> Result<(), StoreError> {
        match self.commit(write, touches) {
            Ok(()) => Ok(()),
            Err(Aborted::OneWrite(error)) => Err(store_error(&error)),
            Err(Aborted::Whole(error)) => Err(self.fail(&error)),
        }
    }

    fn commit(
        &mut self,
        writes: &mut [Box<dyn Write>],
        touches: &[(SessionId, u64)],
    ) -> Result<(), Aborted> {
        if writes.is_empty() && touches.is_empty() {
            return Ok(());
        }
        let committed = self.try_commit(writes, touches);
        if committed.is_err() {
            self.tables.roll_back();
        }
        committed
    }

    fn try_commit(
        &mut self,
        writes: &mut [Box<dyn Write>],
        touches: &[(SessionId, u64)],
    ) -> Result<(), Aborted> {
        self.tables.begin()?;
        sessions::touch(self.tables.connection, touches)?;
        for write in writes {
            write.apply(&mut self.tables).map_err(Aborted::of_write)?;
        }
        self.tables.commit()?;
        self.health.succeed();
        Ok(())
    }

    fn fail(&self, error: &rusqlite::Error) -> StoreError {
        let seen = store_error(error);
        if ends_writing(error) {
            tracing::error!(error = %seen, "nothing more is written to the store");
            self.health.stop(seen.clone());
        } else {
            tracing::warn!(error = %seen, "store could not be written");
            self.health.fail(seen.clone());
        }
        seen
    }

    /// Touches that could not be written are tried again, unless there is no hope.
    fn settle(&self, touches: &[(SessionId, u64)], is_written: bool) {
        if is_written {
            self.intake.settle(touches);
        } else if self.health.stopped().is_none() {
            self.intake.settle(&[]);
        }
    }
}

/// Folds the log into the file. The readers end first, so that none of them holds the log.
fn close(connection: Connection, read_queue: &ReadQueue, readers: Vec<JoinHandle<()>>) {
    read_queue.close();
    for reader in readers {
        // A reader that panicked has ended, too.
        drop(reader.join());
    }
    let folded = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()));
    let closed = folded.and_then(|()| connection.close().map_err(|(_, error)| error));
    if let Err(error) = closed {
        // Nothing is lost: the next process that opens the file reads the log.
        tracing::warn!(%error, "store was not closed cleanly");
    }
}

impl Aborted {
    fn of_write(error: rusqlite::Error) -> Self {
        if ends_writing(&error) { Self::Whole(error) } else { Self::OneWrite(error) }
    }
}

impl From<rusqlite::Error> for Aborted {
    fn from(error: rusqlite::Error) -> Self {
        Self::Whole(error)
    }
}

/// Tells all waiting callers that the thread has ended, even if it panicked.
struct End {
    intake: Arc<Intake>,
    health: Arc<Health>,
}

impl Drop for End {
    fn drop(&mut self) {
        self.health.stop(unavailable("store is closed"));
        self.intake.end();
    }
}
