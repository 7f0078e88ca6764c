//! Calls that go on after their request was answered, for clients that can wait for them.
//!
//! A handler need not know that it runs in a task: it works, asks and fails as in any other call.

use std::time::Duration;

use eyot::jsonrpc::{ErrorObject, INTERNAL_ERROR};
use eyot::{
    CallContext, Elicited, HandlerError, HandlerResult, InputRequired, NoArguments, ServerBuilder,
    TaskPolicy, ToolReply, tool,
};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::sleep;

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    let (optional, required) = (TaskPolicy::Optional, TaskPolicy::Required);
    server
        .tool(tool("greet", greet).description("Is never a task."))
        .tool(tool("slow_compute", compute).description("Takes its time.").task(optional))
        .tool(tool("failing_job", fail).description("Fails, as tools do.").task(required))
        .tool(tool("protocol_error_job", break_down).description("Breaks down.").task(required))
        .tool(tool("confirm_delete", delete).description("Asks before it acts.").task(optional))
        .tool(tool("multi_input", introduce).description("Asks two things.").task(optional))
        .tool(tool("test_tool_with_task", begin).description("Asks, then works.").task(required))
}

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

async fn greet(Name { name }: Name, _: CallContext) -> String {
    format!("Hello, {name}!")
}

#[derive(Deserialize, JsonSchema)]
struct Compute {
    /// How many seconds the work takes.
    seconds: u64,
    /// The name of the work.
    label: Option<String>,
}

/// When the task is cancelled, the handler is dropped where it waits.
async fn compute(Compute { seconds, label }: Compute, call: CallContext) -> String {
    call.set_status_message(format!("computing for {seconds} seconds"));
    sleep(Duration::from_secs(seconds)).await;
    format!("{} took {seconds} seconds", label.as_deref().unwrap_or("It"))
}

/// The task is completed: its result says that the tool failed.
async fn fail(_: NoArguments, _: CallContext) -> HandlerResult<()> {
    sleep(WORK).await;
    Err(HandlerError::new("This job always fails"))
}

/// The task has failed: it has an error and no result.
async fn break_down(_: NoArguments, _: CallContext) -> HandlerResult<()> {
    sleep(WORK).await;
    Err(HandlerError::protocol(ErrorObject::new(INTERNAL_ERROR, "This job always breaks down")))
}

#[derive(Deserialize, JsonSchema)]
struct File {
    /// The file to delete.
    filename: String,
}

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    confirm: bool,
}

async fn delete(File { filename }: File, call: CallContext) -> HandlerResult<String> {
    let answer = call.elicit(format!("Delete {filename}?")).await?;
    Ok(match answer {
        Elicited::Accepted(Confirmation { confirm: true }) => format!("Deleted {filename}"),
        _ => format!("Kept {filename}"),
    })
}

#[derive(Deserialize, JsonSchema)]
struct Age {
    age: u8,
}

/// Questions that are asked together may be answered one by one.
async fn introduce(_: NoArguments, call: CallContext) -> HandlerResult<String> {
    let (name, age) =
        tokio::try_join!(call.elicit("What is your name?"), call.elicit("How old are you?"))?;
    Ok(match (name.accepted(), age.accepted()) {
        (Some(Name { name }), Some(Age { age })) => format!("{name} is {age} years old"),
        _ => "The user did not give both a name and an age".to_owned(),
    })
}

/// A question before the work begins is asked before there is a task.
async fn begin(_: NoArguments, call: CallContext) -> HandlerResult<ToolReply> {
    let Some(answer) = call.inputs().elicited("user_name") else {
        return Ok(InputRequired::new().elicit::<Name>("user_name", "What is your name?").into());
    };
    sleep(WORK).await;
    Ok(match answer {
        Elicited::Accepted(Name { name }) => format!("The work of {name} is done").into(),
        Elicited::Declined | Elicited::Cancelled => "The work is done".into(),
    })
}

const WORK: Duration = Duration::from_secs(1);
