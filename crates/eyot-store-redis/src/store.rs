//! The store that callers see.

use std::future::ready;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use deadpool_redis::redis::cmd;
use eyot_session::{
    Claimant, Claimed, EventLog, Fence, ItemChange, Leases, NodeId, NodeLease, Page, ParkedCall,
    ParkedCalls, Position, RECORD_VERSION, SessionId, SessionRecord, SessionState, Sessions, Store,
    StoreError, StoreFuture, StreamNo, StreamWrite,
};
use eyot_stdx::{Secret, random_bytes};

use crate::address::Address;
use crate::driver;
use crate::failure::{corrupt, store_error, unavailable};
use crate::index;
use crate::keys::Index;
use crate::link::Connector;
use crate::operation::{Step, Subject, number, text};
use crate::options::RedisOptions;
use crate::server::ServerDurability;
use crate::shared::Shared;
use crate::values::{Values, Word};
use crate::{leases, sessions, streams};

/// Keeps sessions and events in Redis or Valkey, for any number of processes.
///
/// One thread has one connection. While the server is away, operations fail at once with
/// [`StoreError::Unavailable`], and the thread connects again by itself. A write that fails because its
/// answer did not come may have been done.
///
/// Dropping the store lets its thread end when everything accepted is done.
#[derive(Debug)]
pub struct RedisStore {
    shared: Arc<Shared>,
    /// The key of the store, once it was asked for: it never changes.
    seal_key: Arc<OnceLock<Secret<[u8; 32]>>>,
}

impl RedisStore {
    /// Opens a store, and waits for the first attempt to connect: at most twice
    /// [`RedisOptions::connect_timeout`]. A server that is away is no error: [`Store::health`] tells.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] when the address or the options cannot be used.
    pub fn open(address: &Address, options: RedisOptions) -> Result<Self, StoreError> {
        if options.prefix.contains(['{', '}']) {
            return Err(unavailable(format!("prefix `{}` has a brace", options.prefix)));
        }
        let connector = Connector::new(address, &options).map_err(|it| store_error(&it))?;
        let shared = Shared::new(address.clone(), options);
        driver::spawn(Arc::clone(&shared), connector)?;
        Ok(Self { shared, seal_key: Arc::default() })
    }

    /// What the server promises for what it has acknowledged. `None` until there was a connection.
    #[must_use]
    pub fn server_durability(&self) -> Option<ServerDurability> {
        self.shared.durability()
    }

    /// Changes a session that this process owns.
    fn change(&self, name: &'static str, id: &SessionId, args: Vec<Bytes>) -> StoreFuture<()> {
        let [head, items, ..] = self.shared.keys.session(id);
        let step = Step::call(name, [head, items], args);
        self.shared.call(Subject::Session(id.clone()), step, true, |mut values| values.expect_ok())
    }
}

impl Store for RedisStore {
    fn health(&self) -> Result<(), StoreError> {
        self.shared.intake.check()
    }

    fn seal_key(&self) -> StoreFuture<Secret<[u8; 32]>> {
        if let Some(key) = self.seal_key.get() {
            return Box::pin(ready(Ok(key.clone())));
        }
        let made: [u8; 32] = random_bytes();
        let name = self.shared.keys.seal_key();
        let (mut set, mut get) = (cmd("SET"), cmd("GET"));
        set.arg(&name).arg(&made[..]).arg("NX");
        get.arg(&name);
        let known = Arc::clone(&self.seal_key);
        let steps = vec![Step::Plain(set), Step::Plain(get)];
        self.shared.submit(Subject::All, steps, true, move |answers| {
            let answer = answers.into_iter().next_back().map(|it| vec![it]).unwrap_or_default();
            let key = Values::of(deadpool_redis::redis::Value::Array(answer))?.bytes()?;
            let key = <[u8; 32]>::try_from(&*key).map_err(|_| corrupt("the key of the store"))?;
            Ok(known.get_or_init(|| Secret::new(key)).clone())
        })
    }

    fn shutdown(&self) -> StoreFuture<()> {
        let end = self.shared.intake.watch_end();
        self.shared.intake.close();
        Box::pin(async move {
            // The sender is dropped at the end, or was before.
            drop(end.await);
            Ok(())
        })
    }
}

impl Sessions for RedisStore {
    fn create(&self, record: SessionRecord) -> StoreFuture<()> {
        let args = match sessions::created(&record) {
            Ok(args) => args,
            Err(error) => return Box::pin(ready(Err(error))),
        };
        let (shared, name) = (&self.shared, record.id.as_str());
        // A touch that waits was not meant for this session.
        shared.settle(&record.id);
        let subject = Subject::Session(record.id.clone());
        let steps = vec![
            index::enter(shared, Index::Ends, name, record.expires_ms),
            index::enter(shared, Index::Ids, name, 0),
            Step::call("create", shared.keys.session(&record.id), args),
        ];
        shared.submit(subject, steps, true, |answers| Values::of_last(answers)?.expect_ok())
    }

    fn load(&self, id: SessionId, now_ms: u64) -> StoreFuture<Option<SessionRecord>> {
        self.shared.settle(&id);
        let loading = index::load(&self.shared, id);
        Box::pin(async move { Ok(loading.await?.filter(|it| it.expires_ms > now_ms)) })
    }

    fn claim(
        &self,
        id: SessionId,
        claimant: Claimant,
        now_ms: u64,
    ) -> StoreFuture<Option<Claimed>> {
        self.shared.settle(&id);
        let [head, items, ..] = self.shared.keys.session(&id);
        let args = sessions::claimed(&claimant, now_ms);
        let step = Step::call("claim", [head, items], args);
        let subject = Subject::Session(id.clone());
        self.shared.call(subject, step, true, move |mut values| match values.word()? {
            Word::Ok => sessions::read(id, &mut values).map(Some),
            Word::Conflict => Err(StoreError::Conflict),
            _ => Ok(None),
        })
    }

    fn release(&self, id: SessionId, fence: Fence) -> StoreFuture<()> {
        self.change("release", &id, vec![number(fence.0)])
    }

    fn update(&self, id: SessionId, fence: Fence, state: SessionState) -> StoreFuture<()> {
        match state.encode() {
            Err(error) => Box::pin(ready(Err(error))),
            Ok(state) => {
                let args = vec![number(fence.0), number(RECORD_VERSION), state.into()];
                self.change("update", &id, args)
            }
        }
    }

    fn change_items(
        &self,
        id: SessionId,
        fence: Fence,
        changes: Vec<ItemChange>,
    ) -> StoreFuture<()> {
        self.change("items", &id, sessions::changed(fence, &changes))
    }

    /// The touch is sent before the next operation that could see it, or after two seconds.
    fn touch(&self, id: &SessionId, expires_ms: u64) {
        self.shared.intake.touch(id, expires_ms);
    }

    fn remove(&self, id: SessionId) -> StoreFuture<bool> {
        self.shared.settle(&id);
        let step = Step::call("remove", self.shared.keys.session(&id), Vec::new());
        let shared = Arc::clone(&self.shared);
        self.shared.call(Subject::Session(id.clone()), step, true, move |mut values| {
            let was_there = values.word()? == Word::Ok;
            shared.drop_streams(&id, &values.rest(Values::number)?);
            shared.send(index::leave(&shared, &id));
            Ok(was_there)
        })
    }

    fn sweep(&self, now_ms: u64, limit: usize) -> StoreFuture<Vec<SessionId>> {
        self.shared.settle_all();
        Box::pin(index::sweep(Arc::clone(&self.shared), now_ms, limit))
    }

    fn list(&self, after: Option<SessionId>, limit: usize) -> StoreFuture<Vec<SessionRecord>> {
        self.shared.settle_all();
        let first = index::ask_ids(&self.shared, after.as_ref().map(SessionId::as_str), limit);
        Box::pin(index::list(Arc::clone(&self.shared), first, limit))
    }
}

impl Leases for RedisStore {
    fn renew(&self, lease: NodeLease, time: Duration) -> StoreFuture<()> {
        let step = Step::call("renew", [self.shared.keys.leases()], leases::said(&lease, time));
        self.shared.call(Subject::Leases, step, true, |mut values| values.expect_ok())
    }

    fn lease(&self, node: NodeId) -> StoreFuture<Option<NodeLease>> {
        let all = self.leases();
        Box::pin(async move { Ok(all.await?.into_iter().find(|it| it.node == node)) })
    }

    fn leases(&self) -> StoreFuture<Vec<NodeLease>> {
        let step = Step::call("leases", [self.shared.keys.leases()], Vec::new());
        self.shared.call(Subject::Leases, step, false, leases::read)
    }

    fn end_lease(&self, node: NodeId) -> StoreFuture<()> {
        let args = vec![text(node.as_str())];
        let step = Step::call("end_lease", [self.shared.keys.leases()], args);
        self.shared.call(Subject::Leases, step, true, |mut values| values.expect_ok())
    }
}

impl EventLog for RedisStore {
    fn write(&self, id: SessionId, fence: Fence, write: StreamWrite) -> StoreFuture<()> {
        let (shared, limits) = (&self.shared, &self.shared.options.limits);
        let ends = streams::ends_ms(&write, limits);
        let mut steps = Vec::with_capacity(2);
        steps.extend(ends.map(|ms| index::enter_sooner(shared, Index::Finished, id.as_str(), ms)));
        let keys = shared.keys.session(&id).into_iter();
        let keys = keys.chain(shared.keys.stream(&id, write.stream.no()));
        steps.push(Step::call("write", keys, streams::written(fence, &write, limits)));
        let me = Arc::clone(shared);
        shared.submit(Subject::Session(id.clone()), steps, true, move |answers| {
            let mut values = Values::of_last(answers)?;
            values.expect_ok()?;
            let forgotten = values.rest(Values::number)?;
            me.drop_streams(&id, &forgotten);
            Ok(())
        })
    }

    fn read(
        &self,
        id: SessionId,
        stream: StreamNo,
        after: Position,
        limit: usize,
    ) -> StoreFuture<Page> {
        let [_, _, kept, _] = self.shared.keys.session(&id);
        let [events, cursors] = self.shared.keys.stream(&id, stream);
        let args = streams::asked(stream, after, limit);
        let step = Step::call("read", [kept, events, cursors], args);
        self.shared
            .call(Subject::Session(id), step, false, move |values| streams::page(stream, values))
    }
}

impl ParkedCalls for RedisStore {
    fn park(&self, call: ParkedCall) -> StoreFuture<()> {
        let keys = [self.shared.keys.parked(&call.name)];
        let subject = Subject::Parked(call.name.as_str().into());
        let args = vec![number(call.fence.0), number(call.expires_ms), call.content];
        let steps = vec![
            index::enter(&self.shared, Index::Parked, &call.name, call.expires_ms),
            Step::call("park", keys, args),
        ];
        self.shared.submit(subject, steps, true, |answers| Values::of_last(answers)?.expect_ok())
    }

    fn take_over(&self, name: String, now_ms: u64) -> StoreFuture<Option<ParkedCall>> {
        let keys = [self.shared.keys.parked(&name)];
        let step = Step::call("take_over", keys, vec![number(now_ms)]);
        self.shared.call(Subject::Parked(name.as_str().into()), step, true, move |mut values| {
            match values.word()? {
                Word::Ok => {
                    let fence = Fence(values.number()?);
                    let expires_ms = values.number()?;
                    Ok(Some(ParkedCall { name, fence, expires_ms, content: values.bytes()? }))
                }
                _ => Ok(None),
            }
        })
    }

    fn unpark(&self, name: String, fence: Fence) -> StoreFuture<()> {
        let keys = [self.shared.keys.parked(&name)];
        let step = Step::call("unpark", keys, vec![number(fence.0)]);
        self.shared.call(Subject::Parked(name.into()), step, true, |mut values| values.expect_ok())
    }
}

impl Drop for RedisStore {
    fn drop(&mut self) {
        self.shared.intake.close();
    }
}

#[cfg(test)]
mod tests;
