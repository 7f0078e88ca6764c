//! The one place where tasks of connections start.

use crate::target::Runtime;

/// Starts a task that shutdown waits for: one for each connection, and one for the other end of
/// a connection within this process.
pub fn spawn(runtime: &Runtime, task: impl Future<Output = ()> + Send + 'static) {
    runtime.tasks.spawn(task);
}
