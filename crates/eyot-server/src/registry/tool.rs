//! Registered tools, and the replies of their handlers.

use std::fmt;
use std::time::Duration;

use eyot_jsonrpc::Request;
use eyot_service::BoxService;
use eyot_types::{CallToolResult, MirroredArguments, Tool};

use super::handling::{HandlerReply, Handling};
use crate::failure::HandlerError;
use crate::rounds::required::InputRequired;
use crate::schema::{Arguments, Fitting};
use crate::tasks::TaskPolicy;

/// A tool of a server, ready to be called. Its handler gets calls as a `C`.
pub(crate) struct RegisteredTool<C> {
    pub(crate) definition: Tool,
    pub(crate) handler: ToolHandler<C>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) task: TaskPolicy,
    pub(crate) task_ttl: Option<Duration>,
    pub(crate) arguments: Arguments,
    pub(crate) mirrored: MirroredArguments,
    /// The tool with the layers around it; `None` when there are none.
    pub(crate) layered: Option<BoxService>,
}

/// Runs a tool with arguments that fit its schema. The error says why the arguments do not fit the
/// handler's type.
pub(crate) type ToolHandler<C> =
    Box<dyn Fn(Fitting<'_>, C) -> Result<Handling<ToolReply>, String> + Send + Sync>;

impl<C> RegisteredTool<C> {
    /// Runs the handler once, if the arguments fit.
    pub(crate) fn run(&self, request: &Request, call: C) -> Handling<ToolReply> {
        // "arguments" are optional in every revision; without any, there are none.
        let arguments = request.arguments().filter(|it| *it != "null").unwrap_or("{}");
        // "Input validation errors (e.g., date in wrong format, value out of range)" are errors of
        // the tool, which a model can correct (2025-11-25, server/tools, Error Handling).
        let arguments = self.arguments.check(arguments);
        let running = arguments.and_then(|arguments| (self.handler)(arguments, call));
        running
            .unwrap_or_else(|problem| Box::pin(std::future::ready(Err(HandlerError::new(problem)))))
    }
}

impl<C> fmt::Debug for RegisteredTool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tool").field("name", &self.definition.name).finish_non_exhaustive()
    }
}

/// The reply of a tool.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ToolReply {
    /// It is done.
    Done(Box<CallToolResult>),
    /// It needs another round.
    InputRequired(InputRequired),
}

impl From<CallToolResult> for ToolReply {
    fn from(result: CallToolResult) -> Self {
        Self::Done(Box::new(result))
    }
}

impl From<String> for ToolReply {
    fn from(text: String) -> Self {
        CallToolResult::text(text).into()
    }
}

impl From<&str> for ToolReply {
    fn from(text: &str) -> Self {
        CallToolResult::text(text).into()
    }
}

impl From<InputRequired> for ToolReply {
    fn from(asked: InputRequired) -> Self {
        Self::InputRequired(asked)
    }
}

impl HandlerReply for ToolReply {
    type Done = CallToolResult;

    fn split(self) -> Result<CallToolResult, InputRequired> {
        match self {
            Self::Done(result) => Ok(*result),
            Self::InputRequired(asked) => Err(asked),
        }
    }
}
