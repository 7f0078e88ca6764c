//! The thread that owns the connection.
//!
//! While one pipeline is under way, the operations of the next one gather in the intake. The slower the
//! server, the larger the pipelines: no timer decides.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread::Builder;
use std::time::Duration;

use deadpool_redis::redis::{RedisError, Value};
use eyot_session::StoreError;
use eyot_stdx::Backoff;

use crate::failure::{ends_connection, store_error, unavailable};
use crate::link::{Connector, Link};
use crate::operation::Operation;
use crate::server::ServerDurability;
use crate::shared::Shared;

/// How long to wait before the next attempt to connect.
const BACKOFF: Backoff =
    Backoff { base: Duration::from_millis(50), delay_max: Duration::from_secs(1) };

/// Starts the thread, and waits for the outcome of its first attempt to connect.
pub(crate) fn spawn(shared: Arc<Shared>, connector: Connector) -> Result<(), StoreError> {
    let (tried, outcome) = mpsc::sync_channel(1);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| unavailable(format!("runtime of the connection: {error}")))?;
    let thread = Builder::new().name("eyot-redis".to_owned());
    let spawned = thread.spawn(move || {
        // Dropped last, on every way out.
        let _end = End(Arc::clone(&shared));
        runtime.block_on(Driver { shared, connector }.run(tried));
    });
    spawned.map_err(|error| unavailable(format!("thread of the connection: {error}")))?;
    match outcome.recv() {
        // It is said, or the sender is dropped, when the attempt has an outcome.
        Ok(()) | Err(mpsc::RecvError) => Ok(()),
    }
}

struct Driver {
    shared: Arc<Shared>,
    connector: Connector,
}

struct End(Arc<Shared>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.intake.end();
    }
}

impl Driver {
    async fn run(self, tried: mpsc::SyncSender<()>) {
        let mut tried = Some(tried);
        let mut failures = 0;
        loop {
            let reason = match Box::pin(self.connect()).await {
                Ok(mut link) => {
                    self.shared.intake.heal();
                    drop(tried.take());
                    failures = 0;
                    match self.serve(&mut link).await {
                        None => return,
                        Some(reason) => reason,
                    }
                }
                Err(error) => store_error(&error),
            };
            if failures == 0 {
                tracing::warn!(address = %self.shared.address, %reason, "store cannot be used");
            }
            self.shared.intake.fail(&reason);
            drop(tried.take());
            failures += 1;
            if self.shared.intake.pause(BACKOFF.steady_delay(failures)).await {
                return;
            }
        }
    }

    async fn connect(&self) -> Result<Link<'_>, RedisError> {
        let options = &self.shared.options;
        let connecting = async {
            let mut link = Box::pin(self.connector.connect(options)).await?;
            let found = ServerDurability::read(&mut link).await;
            Ok((link, found))
        };
        let connected = tokio::time::timeout(options.connect_timeout * 2, connecting).await;
        let (link, found) = connected.unwrap_or_else(|_| {
            Err(RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut)))
        })?;
        self.shared.note_durability(found);
        Ok(link)
    }

    /// Works until the store is closed (`None`), or the connection is of no use.
    async fn serve(&self, link: &mut Link<'_>) -> Option<StoreError> {
        while let Some(mut batch) = self.shared.intake.next_batch().await {
            let touches = batch.touches.into_iter();
            // They change nothing that an operation of the batch has asked for: those who want to see
            // them have taken them.
            batch.operations.extend(touches.map(|(id, ms)| self.shared.touching(&id, ms)));
            let timeout = self.shared.options.timeout;
            let running = tokio::time::timeout(timeout, link.run(&batch.operations));
            let answers = match running.await {
                Ok(Ok(answers)) => answers,
                Ok(Err(error)) => return Some(self.give_up(batch.operations, store_error(&error))),
                Err(_) => {
                    let late = format!("no answer within {} ms", timeout.as_millis());
                    return Some(self.give_up(batch.operations, unavailable(late)));
                }
            };
            let values = answers.iter().filter_map(|it| it.as_ref().ok());
            let trouble = values.flatten().find_map(end_of_connection);
            // Who learns of trouble finds the store in trouble.
            trouble.iter().for_each(|it| self.shared.intake.fail(it));
            for (operation, answer) in batch.operations.into_iter().zip(answers) {
                (operation.reply)(answer.map_err(|it| store_error(&it)));
            }
            if trouble.is_some() {
                return trouble;
            }
        }
        None
    }

    fn give_up(&self, operations: Vec<Operation>, reason: StoreError) -> StoreError {
        self.shared.intake.fail(&reason);
        for operation in operations {
            (operation.reply)(Err(reason.clone()));
        }
        reason
    }
}

fn end_of_connection(answer: &Value) -> Option<StoreError> {
    let Value::ServerError(error) = answer else { return None };
    let is_gone = error.details().is_some_and(|it| it.contains("Function not found"));
    (is_gone || ends_connection(error.code())).then(|| unavailable(error.to_string()))
}
