//! The tools that the official conformance suite wants for the tasks extension, over HTTP.
//!
//! `cargo run -p eyot-server --example tasks -- 127.0.0.1:4300`

use std::io;
use std::time::Duration;

use eyot_jsonrpc::{ErrorObject, INTERNAL_ERROR};
use eyot_server::{
    CallContext, Elicited, HandlerError, HandlerResult, InputRequired, NoArguments, Server,
    ServerTool, TaskPolicy, ToolReply, tool,
};
use schemars::JsonSchema;
use serde::Deserialize;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:4300".to_owned());
    let tools = [
        greet(),
        slow_compute(),
        failing_job(),
        protocol_error_job(),
        confirm_delete(),
        multi_input(),
        test_tool_with_task(),
    ];
    let server = Server::builder("tasks", "1.0").title("Tasks");
    let server = tools.into_iter().fold(server, |server, tool| server.tool(tool));
    let server = server.build().map_err(io::Error::other)?;
    server.serve_http(address).await.map(drop)
}

#[derive(Deserialize, JsonSchema)]
struct Greet {
    name: String,
}

fn greet() -> ServerTool {
    tool("greet", |Greet { name }, _| async move { format!("Hello, {name}!") })
        .description("Greets somebody, at once.")
}

#[derive(Deserialize, JsonSchema)]
struct Compute {
    seconds: u64,
    label: Option<String>,
}

fn slow_compute() -> ServerTool {
    tool("slow_compute", |Compute { seconds, label }, call: CallContext| async move {
        call.set_status_message(format!("computing for {seconds} s"));
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        format!("{} is computed", label.as_deref().unwrap_or("it"))
    })
    .description("Computes for some seconds.")
    .task(TaskPolicy::Optional)
}

fn failing_job() -> ServerTool {
    tool("failing_job", |_: NoArguments, _| async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        HandlerResult::<String>::Err(HandlerError::new("the job has failed"))
    })
    .description("Fails after a second, as tools do.")
    .task(TaskPolicy::Required)
}

fn protocol_error_job() -> ServerTool {
    tool("protocol_error_job", |_: NoArguments, _| async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let error = ErrorObject::new(INTERNAL_ERROR, "the job cannot be run");
        HandlerResult::<String>::Err(HandlerError::protocol(error))
    })
    .description("Fails after half a second, as the protocol does.")
    .task(TaskPolicy::Optional)
}

#[derive(Deserialize, JsonSchema)]
struct Delete {
    filename: String,
}

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    confirm: bool,
}

fn confirm_delete() -> ServerTool {
    tool("confirm_delete", |Delete { filename }, call: CallContext| async move {
        let answer = call.elicit::<Confirmation>(format!("Delete {filename}?")).await?;
        HandlerResult::Ok(match answer {
            Elicited::Accepted(Confirmation { confirm: true }) => format!("{filename} is deleted"),
            _ => format!("{filename} is kept"),
        })
    })
    .description("Deletes a file, if its user says so. Touches nothing.")
    .task(TaskPolicy::Optional)
}

fn multi_input() -> ServerTool {
    tool("multi_input", |_: NoArguments, call: CallContext| async move {
        let (name, confirmation) = tokio::join!(
            call.elicit::<Greet>("What is your name?"),
            call.elicit::<Confirmation>("Are you sure?"),
        );
        let (name, confirmation) = (name?, confirmation?);
        let name = match name {
            Elicited::Accepted(Greet { name }) => name,
            _ => "nobody".to_owned(),
        };
        let is_sure = matches!(confirmation, Elicited::Accepted(Confirmation { confirm: true }));
        HandlerResult::Ok(format!("{name} is {}", if is_sure { "sure" } else { "not sure" }))
    })
    .description("Asks two things at once.")
    .task(TaskPolicy::Optional)
}

fn test_tool_with_task() -> ServerTool {
    tool("test_tool_with_task", |_: NoArguments, call: CallContext| async move {
        let Some(answer) = call.inputs().elicited::<Greet>("user_name") else {
            let asked = InputRequired::new().elicit::<Greet>("user_name", "What is your name?");
            return ToolReply::from(asked);
        };
        let name = match answer {
            Elicited::Accepted(Greet { name }) => name,
            _ => "nobody".to_owned(),
        };
        tokio::time::sleep(Duration::from_secs(1)).await;
        format!("Hello, {name}!").into()
    })
    .description("Asks for a name before it becomes a task.")
    .task(TaskPolicy::Required)
}
