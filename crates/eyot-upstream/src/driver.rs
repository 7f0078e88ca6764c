//! The one place where tasks of connections start.

use eyot_service::Fault;
use eyot_types::Era;

use crate::line_connection::LineConnection;
use crate::target::{Runtime, Target};

/// Starts a task that shutdown waits for: one for each connection, and one for the other end of
/// a connection within this process.
pub fn spawn(runtime: &Runtime, task: impl Future<Output = ()> + Send + 'static) {
    runtime.tasks.spawn(task);
}

/// Opens a link of lines whose driver is a task of its own.
pub(crate) fn open_lines(
    target: &Target,
    era: Era,
    runtime: &Runtime,
) -> Result<LineConnection, Fault> {
    let (connection, driver) = LineConnection::open(target, era, runtime)?;
    spawn(runtime, driver.run());
    Ok(connection)
}
