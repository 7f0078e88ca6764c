//! Counts allocations and tasks while a future runs.

use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};

/// A runtime of one thread whose work is counted.
pub(crate) struct Counter(Runtime);

/// What was counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    /// Requests to the allocator. A buffer that grows is a new one.
    pub(crate) allocations: f64,
    /// Bytes asked of the allocator.
    pub(crate) bytes: f64,
    /// Bytes that were not given back.
    pub(crate) live_bytes: f64,
    /// Tasks that were spawned.
    pub(crate) spawned_tasks: f64,
    /// Tasks that were spawned and have not ended.
    pub(crate) live_tasks: f64,
}

impl Counter {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self(Builder::new_current_thread().enable_all().build()?))
    }

    /// Runs a future without counting.
    pub(crate) fn run<T>(
        &self,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        self.0.block_on(work)
    }

    /// Runs a future, and all that it has spawned, until none of it can go on.
    pub(crate) fn count(
        &self,
        work: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<Counted> {
        /// Long enough for every task that has something to do.
        const REST: Duration = Duration::from_millis(50);
        let first_task = self.next_task()?;
        let tasks = self.tasks();
        let mut worked: anyhow::Result<()> = Ok(());
        let info = allocation_counter::measure(|| {
            worked = self.0.block_on(async {
                work.await?;
                tokio::time::sleep(REST).await;
                Ok(())
            });
        });
        worked?;
        let live_tasks = self.tasks() - tasks;
        // One of them asks which number is the next.
        let spawned_tasks = self.next_task()? - first_task - 1.0;
        Ok(Counted {
            allocations: info.count_total as f64,
            bytes: info.bytes_total as f64,
            live_bytes: info.bytes_current as f64,
            spawned_tasks,
            live_tasks,
        })
    }

    fn tasks(&self) -> f64 {
        self.0.metrics().num_alive_tasks() as f64
    }

    /// The number of the next task: tokio counts them through, in the whole process.
    fn next_task(&self) -> anyhow::Result<f64> {
        let task = self.0.spawn(std::future::ready(()));
        let number = task.id().to_string().parse().context("tokio no longer counts tasks")?;
        self.0.block_on(task)?;
        Ok(number)
    }
}

impl Counted {
    /// The share of each of so many.
    pub(crate) fn per(self, count: u32) -> Self {
        let count = f64::from(count);
        Self {
            allocations: self.allocations / count,
            bytes: self.bytes / count,
            live_bytes: self.live_bytes / count,
            spawned_tasks: self.spawned_tasks / count,
            live_tasks: self.live_tasks / count,
        }
    }
}
