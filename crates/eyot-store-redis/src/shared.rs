//! What the methods of the store and the thread of the connection share.

use std::sync::Arc;

use deadpool_redis::redis::Value;
use eyot_session::{SessionId, StoreError, StoreFuture, StreamNo};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::address::Address;
use crate::failure::unavailable;
use crate::intake::Intake;
use crate::keys::Keys;
use crate::operation::{Operation, Step, Subject, number};
use crate::options::RedisOptions;
use crate::server::ServerDurability;
use crate::values::Values;

/// What the methods of the store and the thread of the connection share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) address: Address,
    pub(crate) options: RedisOptions,
    pub(crate) keys: Keys,
    pub(crate) intake: Intake,
    durability: Mutex<Option<ServerDurability>>,
    /// For operations that follow from the answers to others.
    me: std::sync::Weak<Self>,
}

impl Shared {
    pub(crate) fn new(address: Address, options: RedisOptions) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            address,
            keys: Keys::new(&options.prefix),
            intake: Intake::new(options.queue_ops_max),
            options,
            durability: Mutex::default(),
            me: me.clone(),
        })
    }

    /// Hands an operation over. `read` makes the outcome of the answers, before the caller has it.
    pub(crate) fn submit<T, R>(
        &self,
        subject: Subject,
        steps: Vec<Step>,
        is_write: bool,
        read: R,
    ) -> StoreFuture<T>
    where
        T: Send + 'static,
        R: FnOnce(Vec<Value>) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        // The receiver is gone if the caller has stopped waiting.
        let reply = move |answers: Result<_, _>| drop(reply.send(answers.and_then(read)));
        let operation = Operation { subject, steps, is_write, reply: Box::new(reply) };
        if let Err(error) = self.intake.submit(operation) {
            return Box::pin(std::future::ready(Err(error)));
        }
        let ended = || Err(unavailable("thread of the store has ended"));
        Box::pin(async move { answer.await.unwrap_or_else(|_| ended()) })
    }

    /// The answer to the only call of an operation, without a word that is an error.
    pub(crate) fn call<T, R>(
        &self,
        subject: Subject,
        step: Step,
        is_write: bool,
        read: R,
    ) -> StoreFuture<T>
    where
        T: Send + 'static,
        R: FnOnce(Values) -> Result<T, StoreError> + Send + 'static,
    {
        self.submit(subject, vec![step], is_write, |answers| read(Values::of_last(answers)?))
    }

    /// Sends what waits for this session first, so that the next operation sees it.
    pub(crate) fn settle(&self, id: &SessionId) {
        if let Some(ms) = self.intake.take_touch(id) {
            self.send(self.touching(id, ms));
        }
    }

    /// As [`settle`](Self::settle), of all sessions.
    pub(crate) fn settle_all(&self) {
        for (id, ms) in self.intake.take_touches() {
            self.send(self.touching(&id, ms));
        }
    }

    /// Hands an operation over that has no caller. If it cannot be done, what it should clear away stays
    /// until its time is over.
    pub(crate) fn send(&self, operation: Operation) {
        if let Err(error) = self.intake.submit(operation) {
            tracing::debug!(%error, "an operation is given up");
        }
    }

    /// Moves the end of a session.
    pub(crate) fn touching(&self, id: &SessionId, expires_ms: u64) -> Operation {
        let step = Step::call("touch", self.keys.session(id), vec![number(expires_ms)]);
        let (me, id) = (self.me.clone(), id.clone());
        let subject = Subject::Session(id.clone());
        let reply = move |answers: Result<Vec<Value>, StoreError>| {
            let Some(me) = me.upgrade() else { return };
            let renewed = answers.and_then(|it| {
                let mut values = Values::of_last(it)?;
                values.expect_ok()?;
                values.rest(Values::number)
            });
            match renewed {
                Ok(streams) => me.renew(&id, &streams, expires_ms),
                // It is tried again with the next ones.
                Err(_) => me.intake.touch(&id, expires_ms),
            }
        };
        Operation { subject, steps: vec![step], is_write: false, reply: Box::new(reply) }
    }

    /// Gives the keys of streams more time.
    fn renew(&self, id: &SessionId, streams: &[u64], expires_ms: u64) {
        for keys in self.stream_keys(id, streams) {
            let step = Step::call("spare", keys, vec![number(expires_ms)]);
            self.send(Operation::aside(Subject::Session(id.clone()), vec![step]));
        }
    }

    /// Clears away the keys of streams that are forgotten.
    pub(crate) fn drop_streams(&self, id: &SessionId, streams: &[u64]) {
        let [_, _, kept, _] = self.keys.session(id);
        for (no, [events, cursors]) in streams.iter().zip(self.stream_keys(id, streams)) {
            let keys = [kept.clone(), events, cursors];
            let step = Step::call("drop", keys, vec![number(*no)]);
            self.send(Operation::aside(Subject::Session(id.clone()), vec![step]));
        }
    }

    fn stream_keys(&self, id: &SessionId, streams: &[u64]) -> Vec<[String; 2]> {
        let numbers = streams.iter().filter_map(|no| u32::try_from(*no).ok());
        numbers.map(|no| self.keys.stream(id, StreamNo(no))).collect()
    }

    /// Keeps what the server promises, and tells the operator when it is news.
    pub(crate) fn note_durability(&self, found: ServerDurability) {
        let before = self.durability.lock().replace(found);
        if before == Some(found) {
            tracing::info!(address = %self.address, "store can be used again");
        } else if found == ServerDurability::Snapshots {
            tracing::warn!(address = %self.address, promise = %found, "store is connected");
        } else {
            tracing::info!(address = %self.address, promise = %found, "store is connected");
        }
    }

    pub(crate) fn durability(&self) -> Option<ServerDurability> {
        *self.durability.lock()
    }
}
