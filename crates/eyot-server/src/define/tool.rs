//! Tools: a name, a schema, a handler.

use std::fmt;
use std::time::Duration;

use eyot_service::{BoxService, McpService, ServiceLayer};
use eyot_types::{
    CallToolResult, ContentBlock, JsonObject, MirroredArguments, Tool, ToolAnnotations,
};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::Layer;

use super::described::described;
use crate::call::context::CallContext;
use crate::call::layered::Innermost;
use crate::failure::{HandlerError, HandlerResult};
use crate::registry::eras::Eras;
use crate::registry::tool::{RegisteredTool, ToolHandler, ToolReply};
use crate::rounds::required::InputRequired;
use crate::schema::{self, Arguments};
use crate::tasks::TaskPolicy;

/// Makes a tool out of an async function or closure.
///
/// The arguments are any type with a schema (`#[derive(Deserialize, JsonSchema)]`), or a
/// [`JsonObject`] for a tool that describes them itself; [`NoArguments`] for none. The arguments of
/// a call are checked against the schema before the handler runs.
///
/// ```
/// use eyot_server::{Json, tool};
/// use schemars::JsonSchema;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Deserialize, JsonSchema)]
/// struct Add { a: i64, b: i64 }
/// #[derive(Serialize, JsonSchema)]
/// struct Sum { sum: i64 }
///
/// let add = tool("add", |add: Add, _| async move { Json(Sum { sum: add.a + add.b }) })
///     .description("Adds two numbers.");
/// ```
pub fn tool<A, F, Fut>(name: impl Into<String>, handler: F) -> ServerTool
where
    A: DeserializeOwned + JsonSchema + Send + 'static,
    F: Fn(A, CallContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: IntoToolResult> + Send + 'static,
{
    let handler: ToolHandler<CallContext> = Box::new(move |arguments, call| {
        let running = handler(arguments.decode()?, call);
        Ok(Box::pin(async move { running.await.into_tool_result() }))
    });
    let mut definition = Tool::new(name, schema::input_schema::<A>());
    definition.output_schema = <Fut::Output as IntoToolResult>::output_schema();
    ServerTool {
        definition,
        handler,
        timeout: None,
        task: TaskPolicy::Never,
        task_ttl: None,
        layers: ServiceLayer::default(),
    }
}

/// A tool on its way into a server: its definition and its handler.
#[must_use]
pub struct ServerTool {
    definition: Tool,
    handler: ToolHandler<CallContext>,
    timeout: Option<Duration>,
    task: TaskPolicy,
    task_ttl: Option<Duration>,
    layers: ServiceLayer,
}

described!(ServerTool);

impl ServerTool {
    /// Hints about what it does to the world. Clients must not rely on them.
    pub fn annotations(mut self, annotations: ToolAnnotations) -> Self {
        self.definition.annotations = Some(annotations);
        self
    }

    /// Describes the arguments by hand, in place of the schema of their type.
    pub fn input_schema(mut self, schema: JsonObject) -> Self {
        self.definition.input_schema = schema;
        self
    }

    /// Describes the structured content by hand.
    pub fn output_schema(mut self, schema: JsonObject) -> Self {
        self.definition.output_schema = Some(schema);
        self
    }

    /// How long the handler may work without a pause. While the client owes an answer to a
    /// question, the time stands still.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Whether a call that takes long may become a task, for clients that have the extension
    /// `io.modelcontextprotocol/tasks`. The default is never. The handler does not change; layers
    /// around the tool see the answer that creates the task, and nothing after it.
    pub fn task(mut self, policy: TaskPolicy) -> Self {
        self.task = policy;
        self
    }

    /// How long a task of this tool is kept, from its creation on, in place of the server's
    /// [`task_ttl`](crate::ServerBuilder::task_ttl). Work that takes longer is ended.
    pub fn task_ttl(mut self, ttl: Duration) -> Self {
        self.task_ttl = Some(ttl);
        self
    }

    /// Puts a tower layer around this tool alone. The first is the outermost.
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<BoxService> + Send + Sync + 'static,
        L::Service: McpService,
    {
        self.layers = self.layers.with(ServiceLayer::new(layer));
        self
    }

    /// The definition, as it is listed.
    #[must_use]
    pub fn definition(&self) -> &Tool {
        &self.definition
    }

    /// Makes the tool ready to be called; the error says what is wrong with it.
    pub(crate) fn register(self, eras: Eras) -> Result<RegisteredTool<CallContext>, String> {
        let Self { definition, handler, timeout, task, task_ttl, layers } = self;
        let name = &definition.name;
        let about = |problem: &dyn fmt::Display| format!("tool `{name}`: {problem}");
        if !is_tool_name(name) {
            return Err(about(&"a name has 1 to 128 letters, digits, `_`, `-`, `.` and `/`"));
        }
        if task == TaskPolicy::Required && eras == Eras::Legacy {
            return Err(about(&"it needs tasks, which no legacy client has"));
        }
        let schema = &definition.input_schema;
        if schema.get("type").is_none_or(|it| it != "object") {
            return Err(about(&"the schema of the arguments must be of type `object`"));
        }
        let arguments = Arguments::new(schema).map_err(|error| about(&error))?;
        let mirrored = MirroredArguments::of(schema).map_err(|error| about(&error))?;
        let layered = (!layers.is_empty()).then(|| layers.around(BoxService::of_boxed(Innermost)));
        Ok(RegisteredTool {
            definition,
            handler,
            timeout,
            task,
            task_ttl,
            arguments,
            mirrored,
            layered,
        })
    }
}

/// "Tool names SHOULD be between 1 and 128 characters in length (inclusive)", of "uppercase and
/// lowercase ASCII letters (A-Z, a-z), digits (0-9), underscore (_), hyphen (-), and dot (.)"
/// (2025-11-25, server/tools, Tool Names). A slash is allowed too, because it is common.
fn is_tool_name(name: &str) -> bool {
    let is_allowed = |it: char| it.is_ascii_alphanumeric() || "_-./".contains(it);
    (1..=NAME_BYTES_MAX).contains(&name.len()) && name.chars().all(is_allowed)
}

/// A tool without arguments.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, JsonSchema)]
pub struct NoArguments {}

/// A value that a program reads: structured content with its schema, and a copy of it as text.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// What a tool's handler may return: texts, content, results, [`Json`], [`InputRequired`], and
/// a `Result` of any of these.
pub trait IntoToolResult {
    /// The schema of the structured content, for the definition.
    #[must_use]
    fn output_schema() -> Option<JsonObject> {
        None
    }

    /// The answer of the tool.
    ///
    /// # Errors
    ///
    /// When there is no result; the client learns why.
    fn into_tool_result(self) -> HandlerResult<ToolReply>;
}

impl IntoToolResult for ToolReply {
    fn into_tool_result(self) -> HandlerResult<ToolReply> {
        Ok(self)
    }
}

impl IntoToolResult for CallToolResult {
    fn into_tool_result(self) -> HandlerResult<ToolReply> {
        Ok(ToolReply::Done(Box::new(self)))
    }
}

impl IntoToolResult for InputRequired {
    fn into_tool_result(self) -> HandlerResult<ToolReply> {
        Ok(ToolReply::InputRequired(self))
    }
}

impl IntoToolResult for Vec<ContentBlock> {
    fn into_tool_result(self) -> HandlerResult<ToolReply> {
        CallToolResult::new(self).into_tool_result()
    }
}

impl IntoToolResult for ContentBlock {
    fn into_tool_result(self) -> HandlerResult<ToolReply> {
        vec![self].into_tool_result()
    }
}

impl IntoToolResult for String {
    fn into_tool_result(self) -> HandlerResult<ToolReply> {
        ContentBlock::text(self).into_tool_result()
    }
}

impl IntoToolResult for &'static str {
    fn into_tool_result(self) -> HandlerResult<ToolReply> {
        ContentBlock::text(self).into_tool_result()
    }
}

impl IntoToolResult for () {
    fn into_tool_result(self) -> HandlerResult<ToolReply> {
        CallToolResult::new(Vec::new()).into_tool_result()
    }
}

impl<T: Serialize + JsonSchema> IntoToolResult for Json<T> {
    fn output_schema() -> Option<JsonObject> {
        Some(schema::output_schema::<T>())
    }

    fn into_tool_result(self) -> HandlerResult<ToolReply> {
        let value = serde_json::to_value(self.0)?;
        // "For backwards compatibility, a tool that returns structured content SHOULD also return
        // the serialized JSON in a TextContent block" (2025-06-18, server/tools).
        let mut result = CallToolResult::new(vec![ContentBlock::text(value.to_string())]);
        result.structured_content = Some(value);
        result.into_tool_result()
    }
}

impl<T: IntoToolResult, E: Into<HandlerError>> IntoToolResult for Result<T, E> {
    fn output_schema() -> Option<JsonObject> {
        T::output_schema()
    }

    fn into_tool_result(self) -> HandlerResult<ToolReply> {
        self.map_err(Into::into)?.into_tool_result()
    }
}

const NAME_BYTES_MAX: usize = 128;
