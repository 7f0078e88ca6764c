//! The tools on Eyot.

use eyot::{BuildError, CallContext, Progress, Server, tool};

use super::{Add, NAME, Text};

/// A server with every [`Tool`](crate::exchange::Tool).
///
/// # Errors
///
/// When Eyot does not take one of the tools.
pub fn server() -> Result<Server, BuildError> {
    let add = tool("add", |it: Add, _| async move { (it.a + it.b).to_string() });
    let echo = tool("echo", |it: Text, _| async move { it.text });
    let length = tool("length", |it: Text, _| async move { it.text.len().to_string() });
    let report = tool("report", |it: Text, call: CallContext| async move {
        call.progress(Progress::new(1.0)).await;
        it.text
    });
    Server::builder(NAME, "1")
        .tool(add.description("Adds two numbers."))
        .tool(echo.description("Sends its argument back."))
        .tool(length.description("Tells how many bytes its argument has."))
        .tool(report.description("Reports progress, then sends its argument back."))
        .build()
}
