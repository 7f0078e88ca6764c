//! Messages that a tool can send while it works: progress, logs, and that it will take a while.

use std::time::Duration;

use eyot::types::LogLevel;
use eyot::{CallContext, NoArguments, Progress, ServerBuilder, tool};
use tokio::time::sleep;

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    server
        .tool(tool("test_tool_with_progress", progress).description("Says how far it is."))
        .tool(tool("test_tool_with_logging", steps).description("Logs its steps."))
        .tool(tool("test_logging_tool", log).description("Logs once."))
        .tool(tool("test_reconnection", reconnect).description("Lets its client come back."))
}

/// Clients that have not asked for progress get none.
async fn progress(_: NoArguments, call: CallContext) -> &'static str {
    for percent in [0.0, 50.0, 100.0] {
        call.progress(Progress::new(percent).of(100.0)).await;
        sleep(STEP).await;
    }
    "Tool with progress executed successfully"
}

async fn steps(_: NoArguments, call: CallContext) -> &'static str {
    for step in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        call.log(LogLevel::Info, step).await;
        sleep(STEP).await;
    }
    "Tool with logging executed successfully"
}

/// A modern client gets logs if its request asks for them, a legacy one by its session's level.
async fn log(_: NoArguments, call: CallContext) -> &'static str {
    call.log(LogLevel::Info, "A log message").await;
    "Logged"
}

/// The client hangs up while the work goes on, and comes back for the answer.
async fn reconnect(_: NoArguments, call: CallContext) -> &'static str {
    call.close_stream(COME_BACK).await;
    sleep(STEP).await;
    "Reconnection test completed successfully"
}

const STEP: Duration = Duration::from_millis(50);
const COME_BACK: Duration = Duration::from_millis(500);
