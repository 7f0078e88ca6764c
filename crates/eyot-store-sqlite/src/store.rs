//! The store that callers see.

use std::fmt;
use std::future::ready;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use eyot_session::{
    Claimant, Claimed, EventLog, Fence, ItemChange, Leases, LogLimits, NodeId, NodeLease, Page,
    ParkedCall, ParkedCalls, Position, SessionId, SessionRecord, SessionState, Sessions, Store,
    StoreError, StoreFuture, StreamNo, StreamWrite,
};
use eyot_stdx::Secret;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::connection::{open_reader, open_writer};
use crate::failure::{Failure, unavailable};
use crate::health::Health;
use crate::intake::Intake;
use crate::options::SqliteOptions;
use crate::owned::Owned;
use crate::readers::{self, ReadQueue};
use crate::tables::Tables;
use crate::write::PendingWrite;
use crate::writer::{self, Writer};
use crate::{free_pages, leases, parked, sessions, streams};

/// Keeps sessions and events in one SQLite file.
///
/// Several processes may have the file open; fences keep their writes apart, and a touch in one
/// process is seen by the others after two seconds at most. Dropping the store lets its threads end
/// when everything accepted is written.
///
/// After the disk was full or failed, nothing more is written until the file is opened anew:
/// [`Store::health`] gives the reason. Reads go on.
pub struct SqliteStore {
    intake: Arc<Intake>,
    read_queue: Arc<ReadQueue>,
    health: Arc<Health>,
    limits: LogLimits,
    /// The key of the file, once it was asked for: it never changes.
    seal_key: Arc<OnceLock<Secret<[u8; 32]>>>,
}

impl SqliteStore {
    /// Opens the file, or makes it, readable only for its owner, with the folders above it. Rights of
    /// others to a file of this user are taken away. A file of an older version is copied, then brought to this version. Blocks for a few milliseconds,
    /// or for up to [`SqliteOptions::busy_timeout`] when another process holds the file.
    ///
    /// # Errors
    ///
    /// [`StoreError::Corrupt`] when the file is no store, [`StoreError::Unsupported`] when a later
    /// version made it, [`StoreError::Unavailable`], [`StoreError::ReadOnly`] and
    /// [`StoreError::Full`] when it cannot be written, [`StoreError::Unsafe`] when another user could
    /// read or replace it.
    pub fn open(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let connection = open_writer(path, &options)?;
        let (read_queue, readers) = start_readers(path, &options)?;
        let intake = Arc::new(Intake::new(options.queue_ops_max));
        let health = Arc::new(Health::default());
        let store = Self {
            intake: Arc::clone(&intake),
            read_queue: Arc::clone(&read_queue),
            health: Arc::clone(&health),
            limits: options.limits,
            seal_key: Arc::default(),
        };
        writer::spawn(Writer { connection, intake, health, read_queue, readers })?;
        Ok(store)
    }

    /// Opens a file for reading only, even while another process writes it. Writes are refused with
    /// [`StoreError::ReadOnly`], touches are ignored.
    ///
    /// # Errors
    ///
    /// Those of [`SqliteStore::open`]; [`StoreError::Unavailable`] also when there is no file or
    /// when it is of an older version.
    pub fn open_readonly(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let options = SqliteOptions { readers: 1, ..SqliteOptions::default() };
        let (read_queue, _) = start_readers(path.as_ref(), &options)?;
        let refusal = StoreError::ReadOnly { reason: "opened for reading only".to_owned() };
        Ok(Self {
            intake: Arc::new(Intake::refusing(refusal)),
            read_queue,
            health: Arc::new(Health::default()),
            limits: options.limits,
            seal_key: Arc::default(),
        })
    }

    /// Hands work over to the writer thread, which does it in the order of the calls.
    fn submit_write<T, W>(&self, len_bytes: usize, work: W) -> StoreFuture<T>
    where
        T: Send + 'static,
        W: FnMut(&mut Tables<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let write = Box::new(PendingWrite::new(len_bytes, work, reply));
        answered(self.intake.submit(write), answer)
    }

    /// Hands work over to a reader thread. It sees everything that was acknowledged before.
    fn submit_read<T, W>(&self, work: W) -> StoreFuture<T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let read = move |connection: &mut Connection| {
            let outcome = in_transaction(connection, work).map_err(StoreError::from);
            // The receiver is gone if the caller has stopped waiting.
            drop(reply.send(outcome));
        };
        answered(self.read_queue.submit(Box::new(read)), answer)
    }

    fn close(&self) {
        self.read_queue.close();
        self.intake.close(unavailable("store is closed"));
    }
}

impl Store for SqliteStore {
    fn health(&self) -> Result<(), StoreError> {
        self.intake.check_open()?;
        self.health.check()
    }

    fn seal_key(&self) -> StoreFuture<Secret<[u8; 32]>> {
        if let Some(key) = self.seal_key.get() {
            return Box::pin(ready(Ok(key.clone())));
        }
        let known = Arc::clone(&self.seal_key);
        let reading = self.submit_write(0, |tables| parked::seal_key(tables.connection));
        Box::pin(async move {
            let key = reading.await?;
            Ok(known.get_or_init(|| key).clone())
        })
    }

    fn shutdown(&self) -> StoreFuture<()> {
        let end = self.intake.watch_end();
        self.close();
        Box::pin(async move {
            // The sender is dropped at the end, or was before.
            drop(end.await);
            Ok(())
        })
    }
}

impl Sessions for SqliteStore {
    fn create(&self, record: SessionRecord) -> StoreFuture<()> {
        let len_bytes = record.initialize.len();
        self.submit_write(len_bytes, move |tables| sessions::create(tables, &record))
    }

    fn load(&self, id: SessionId, now_ms: u64) -> StoreFuture<Option<SessionRecord>> {
        let intake = Arc::clone(&self.intake);
        self.submit_read(move |connection| {
            let touched_ms = intake.touched(&id).unwrap_or(0);
            let mut found = sessions::find(connection, &id)?;
            if let Some(record) = &mut found {
                record.expires_ms = touched_ms.max(record.expires_ms);
            }
            Ok(found.filter(|record| record.expires_ms > now_ms))
        })
    }

    fn claim(
        &self,
        id: SessionId,
        claimant: Claimant,
        now_ms: u64,
    ) -> StoreFuture<Option<Claimed>> {
        self.submit_write(0, move |tables| {
            let is_theirs = |record: &SessionRecord| {
                record.expires_ms > now_ms && record.belongs_to(claimant.principal.as_deref())
            };
            sessions::claim(tables, &id, &claimant, is_theirs)
        })
    }

    fn release(&self, id: SessionId, fence: Fence) -> StoreFuture<()> {
        self.submit_write(0, move |tables| sessions::release(tables, Owned { id: &id, fence }))
    }

    fn update(&self, id: SessionId, fence: Fence, state: SessionState) -> StoreFuture<()> {
        self.submit_write(0, move |tables| {
            sessions::update(tables, Owned { id: &id, fence }, &state)
        })
    }

    fn change_items(
        &self,
        id: SessionId,
        fence: Fence,
        changes: Vec<ItemChange>,
    ) -> StoreFuture<()> {
        let bytes = changes.iter().map(|it| match it {
            ItemChange::Subscribe(uri) => uri.len(),
            _ => 0,
        });
        self.submit_write(bytes.sum(), move |tables| {
            sessions::change_items(tables, Owned { id: &id, fence }, &changes)
        })
    }

    /// The touch is written with the next write, or after two seconds.
    fn touch(&self, id: &SessionId, expires_ms: u64) {
        self.intake.touch(id, expires_ms);
    }

    fn remove(&self, id: SessionId) -> StoreFuture<bool> {
        self.submit_write(0, move |tables| Ok(sessions::remove(tables, id.as_str())?))
    }

    fn sweep(&self, now_ms: u64, limit: usize) -> StoreFuture<Vec<SessionId>> {
        self.submit_write(0, move |tables| {
            streams::sweep(tables, now_ms)?;
            parked::sweep(tables.connection, now_ms)?;
            let swept = sessions::sweep(tables, now_ms, limit)?;
            free_pages::give_back(tables.connection)?;
            Ok(swept)
        })
    }

    fn list(&self, after: Option<SessionId>, limit: usize) -> StoreFuture<Vec<SessionRecord>> {
        let intake = Arc::clone(&self.intake);
        self.submit_read(move |connection| {
            let touched = intake.all_touched();
            let mut records = sessions::list(connection, after.as_ref(), limit)?;
            for record in &mut records {
                let touched_ms = touched.get(&record.id).copied().unwrap_or(0);
                record.expires_ms = touched_ms.max(record.expires_ms);
            }
            Ok(records)
        })
    }
}

impl Leases for SqliteStore {
    fn renew(&self, lease: NodeLease, time: Duration) -> StoreFuture<()> {
        self.submit_write(0, move |tables| leases::renew(tables.connection, &lease, time))
    }

    fn lease(&self, node: NodeId) -> StoreFuture<Option<NodeLease>> {
        self.submit_read(move |connection| {
            Ok(leases::all(connection)?.into_iter().find(|it| it.node == node))
        })
    }

    fn leases(&self) -> StoreFuture<Vec<NodeLease>> {
        self.submit_read(leases::all)
    }

    fn end_lease(&self, node: NodeId) -> StoreFuture<()> {
        self.submit_write(0, move |tables| leases::end(tables.connection, &node))
    }
}

impl EventLog for SqliteStore {
    fn write(&self, id: SessionId, fence: Fence, write: StreamWrite) -> StoreFuture<()> {
        let limits = self.limits;
        let len_bytes = write.events.iter().map(|event| event.data.len()).sum();
        self.submit_write(len_bytes, move |tables| {
            streams::write(tables, Owned { id: &id, fence }, &write, &limits)
        })
    }

    fn read(
        &self,
        id: SessionId,
        stream: StreamNo,
        after: Position,
        limit: usize,
    ) -> StoreFuture<Page> {
        let limits = self.limits;
        self.submit_read(move |connection| {
            streams::read(connection, &id, stream, (after, limit), &limits)
        })
    }
}

impl ParkedCalls for SqliteStore {
    fn park(&self, call: ParkedCall) -> StoreFuture<()> {
        let len_bytes = call.content.len();
        self.submit_write(len_bytes, move |tables| parked::park(tables.connection, &call))
    }

    fn take_over(&self, name: String, now_ms: u64) -> StoreFuture<Option<ParkedCall>> {
        self.submit_write(0, move |tables| parked::take_over(tables.connection, &name, now_ms))
    }

    fn unpark(&self, name: String, fence: Fence) -> StoreFuture<()> {
        self.submit_write(0, move |tables| parked::unpark(tables.connection, &name, fence))
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.close();
    }
}

/// Shows none of the stored data, which is private.
impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("intake", &self.intake)
            .field("read_queue", &self.read_queue)
            .field("health", &self.health)
            .field("limits", &self.limits)
            .finish()
    }
}

type Readers = (Arc<ReadQueue>, Vec<std::thread::JoinHandle<()>>);

fn start_readers(path: &Path, options: &SqliteOptions) -> Result<Readers, StoreError> {
    let connect = |_| open_reader(path, options.busy_timeout);
    let connections = (0..options.readers.max(1)).map(connect).collect::<Result<_, _>>()?;
    let queue = Arc::new(ReadQueue::new(options.queue_ops_max));
    let threads = readers::spawn(connections, &queue)?;
    Ok((queue, threads))
}

fn answered<T: Send + 'static>(
    submitted: Result<(), StoreError>,
    answer: oneshot::Receiver<Result<T, StoreError>>,
) -> StoreFuture<T> {
    match submitted {
        Err(error) => Box::pin(ready(Err(error))),
        Ok(()) => Box::pin(async move {
            answer.await.unwrap_or_else(|_| Err(unavailable("thread of the store has ended")))
        }),
    }
}

/// With this, several statements see one state of the file.
fn in_transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let transaction = connection.transaction()?;
    work(&transaction)
}

#[cfg(test)]
mod tests;
