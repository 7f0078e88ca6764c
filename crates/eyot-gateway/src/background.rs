//! Work that goes on while no client waits for it.
//!
//! It belongs to no call and to no session: a list that takes longer than its clients wait is asked for
//! to the end, and a server that fails is looked after.

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Where such work runs.
#[derive(Clone, Debug)]
pub(crate) struct Background {
    pub(crate) tasks: TaskTracker,
    /// Ends all of it.
    pub(crate) over: CancellationToken,
}

impl Background {
    /// Begins work, which ends with the process at the latest.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        let over = self.over.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = over.cancelled() => {}
                () = work => {}
            }
        })
    }
}
