//! Tower layers around a single tool.

use std::sync::Arc;
use std::task::{Context, Poll};

use eyot_service::{Call, Fault, Reply, ReplyFuture};
use tower::Service;

use super::context::{CallContext, HandlerParts};
use super::handlers::run_tool;
use crate::registry::tool::RegisteredTool;

/// The tool that a call is for, while the call passes the layers around that tool.
#[derive(Clone, Debug)]
pub(crate) struct LayeredCall {
    pub(crate) parts: Arc<HandlerParts>,
    pub(crate) tool: Arc<RegisteredTool<CallContext>>,
}

/// The service of the tool itself, behind its layers.
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
            Some(LayeredCall { parts, tool }) => run_tool(&parts, tool, call),
            None => {
                let fault = Fault::internal("a layer lost the tool that it stands before");
                Box::pin(std::future::ready(Err(fault)))
            }
        }
    }
}
