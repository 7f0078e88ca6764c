//! Tower layers around a single tool.

use std::sync::Arc;
use std::task::{Context, Poll};

use eyot_service::{Call, Fault, Reply, ReplyFuture};
use tower::Service;

use crate::app::App;
use crate::define::tool::RegisteredTool;

/// Which tool a call is for, while it passes the layers around that tool.
#[derive(Clone, Debug)]
pub(crate) struct LayeredCall {
    pub(crate) app: Arc<App>,
    pub(crate) tool: Arc<RegisteredTool>,
}

/// The tool itself, behind its layers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Innermost;

impl Service<Call> for Innermost {
    type Response = Reply;
    type Error = Fault;
    type Future = ReplyFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut call: Call) -> ReplyFuture {
        match call.extensions.remove::<LayeredCall>() {
            Some(LayeredCall { app, tool }) => app.run_tool(tool, call),
            None => {
                let fault = Fault::internal("a layer lost the tool that it stands before");
                Box::pin(std::future::ready(Err(fault)))
            }
        }
    }
}
