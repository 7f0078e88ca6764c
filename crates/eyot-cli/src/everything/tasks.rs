//! Calls that take long: a client that has the extension gets a task, any other waits.
//!
//! The handlers are like all others here. What a tool says of tasks decides, with its client.

use std::time::Duration;

use eyot::jsonrpc::INTERNAL_ERROR;
use eyot::{
    CallContext, Elicited, ErrorObject, HandlerError, HandlerResult, InputRequired, NoArguments,
    ServerBuilder, ServerTool, TaskPolicy, ToolReply, tool,
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::sleep;

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    let optional = |it: ServerTool| it.task(TaskPolicy::Optional);
    let required = |it: ServerTool| it.task(TaskPolicy::Required);
    server
        .tool(tool("greet", greet).description("Greets somebody, at once."))
        .tool(optional(tool("slow_compute", compute).description("Takes some seconds.")))
        .tool(required(tool("failing_job", fail).description("Fails as tools do.")))
        .tool(optional(tool("protocol_error_job", break_down).description("Fails as calls do.")))
        .tool(optional(tool("confirm_delete", delete).description("Asks before it goes on.")))
        .tool(optional(tool("multi_input", ask_twice).description("Asks two things at once.")))
        .tool(required(tool("test_tool_with_task", ask_first).description("Asks, then works.")))
}

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

async fn greet(Name { name }: Name, _: CallContext) -> String {
    format!("Hello, {name}!")
}

#[derive(Deserialize, JsonSchema)]
struct Work {
    /// How long it takes.
    seconds: u64,
    /// What is computed.
    label: Option<String>,
}

async fn compute(Work { seconds, label }: Work, call: CallContext) -> String {
    call.set_status_message(format!("computing for {seconds} s"));
    sleep(Duration::from_secs(seconds)).await;
    format!("Computed: {}", label.as_deref().unwrap_or("something"))
}

/// The task completes, with a result that is an error.
async fn fail(_: NoArguments, _: CallContext) -> HandlerResult<&'static str> {
    sleep(Duration::from_secs(1)).await;
    Err(HandlerError::new("The job has failed."))
}

/// The task fails.
async fn break_down(_: NoArguments, _: CallContext) -> HandlerResult<&'static str> {
    sleep(Duration::from_millis(500)).await;
    let error = ErrorObject::new(INTERNAL_ERROR, "the job cannot be run");
    Err(HandlerError::protocol(error))
}

#[derive(Deserialize, JsonSchema)]
struct File {
    /// What is deleted. Nothing is, in truth.
    filename: String,
}

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    /// Go on?
    confirm: bool,
}

/// The question stands in the state of the task, and `tasks/update` answers it.
async fn delete(File { filename }: File, call: CallContext) -> HandlerResult<String> {
    Ok(match call.elicit(format!("Delete {filename}?")).await? {
        Elicited::Accepted(Confirmation { confirm: true }) => format!("Deleted {filename}."),
        _ => format!("Kept {filename}."),
    })
}

async fn ask_twice(_: NoArguments, call: CallContext) -> HandlerResult<String> {
    let name = call.elicit::<Name>("What is your name?");
    let confirmation = call.elicit::<Confirmation>("Are you sure?");
    let (name, confirmation) = tokio::try_join!(name, confirmation)?;
    let Elicited::Accepted(Name { name }) = name else {
        return Ok("Nobody knows.".to_owned());
    };
    let is_sure = matches!(confirmation, Elicited::Accepted(Confirmation { confirm: true }));
    Ok(format!("{name} is {}.", if is_sure { "sure" } else { "not sure" }))
}

/// What is asked by returning is asked before there is a task.
async fn ask_first(_: NoArguments, call: CallContext) -> ToolReply {
    match call.inputs().elicited("user_name") {
        None => InputRequired::new().elicit::<Name>("user_name", "What is your name?").into(),
        Some(Elicited::Accepted(Name { name })) => {
            sleep(Duration::from_secs(1)).await;
            format!("Hello, {name}!").into()
        }
        Some(_) => "Hello, whoever you are!".into(),
    }
}
