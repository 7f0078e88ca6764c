//! The tools: those that answer at once, and those that take their time, ask back or log.

use std::time::Duration;

use eyot::types::{LogLevel, LoggingMessageParams, Method};
use eyot::{
    CallContext, Elicited, InputRequired, NoArguments, Progress, ServerBuilder, ToolReply, tool,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Number;
use tokio::time::sleep;

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    server
        .tool(tool("echo", echo).description("Says your text back to you."))
        .tool(tool("add", sum).description("Adds two numbers."))
        .tool(
            tool("count", count)
                .description("Counts to a number, with progress on the way. You can cancel it."),
        )
        .tool(tool("ask_name", ask_name).description("Asks for your name, then greets you."))
        .tool(tool("log", log).description("Writes a log message that your client can show."))
}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    text: String,
}

async fn echo(Echo { text }: Echo, _: CallContext) -> String {
    text
}

#[derive(Deserialize, JsonSchema)]
struct Sum {
    a: Number,
    b: Number,
}

/// Adds whole numbers exactly.
async fn sum(Sum { a, b }: Sum, _: CallContext) -> Result<String, eyot::HandlerError> {
    let exact = a.as_i128().zip(b.as_i128()).and_then(|(a, b)| a.checked_add(b));
    let rounded = || a.as_f64().zip(b.as_f64()).map(|(a, b)| (a + b).to_string());
    let sum = exact.map(|sum| sum.to_string()).or_else(rounded);
    sum.ok_or_else(|| eyot::HandlerError::new("Not a number."))
}

#[derive(Deserialize, JsonSchema)]
struct Count {
    #[schemars(range(max = 1_000))]
    to: u32,
    /// The pause before each number, in milliseconds.
    #[serde(default = "default_delay_ms")]
    #[schemars(range(max = 10_000))]
    delay_ms: u64,
}

fn default_delay_ms() -> u64 {
    100
}

async fn count(Count { to, delay_ms }: Count, call: CallContext) -> String {
    for step in 1..=to {
        sleep(Duration::from_millis(delay_ms)).await;
        call.progress(Progress::new(step.into()).of(to.into())).await;
    }
    format!("Counted to {to}.")
}

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

/// Runs anew with each answer of the client; asks again when an answer makes no sense.
async fn ask_name(_: NoArguments, call: CallContext) -> ToolReply {
    match call.inputs().elicited(USER) {
        Some(Elicited::Accepted(Name { name })) => format!("Hello, {name}!").into(),
        Some(_) => "Hello, whoever you are!".into(),
        None => InputRequired::new().elicit::<Name>(USER, "What is your name?").into(),
    }
}

const USER: &str = "user_name";

#[derive(Deserialize, JsonSchema)]
struct Entry {
    #[schemars(with = "String", extend("enum" = LEVELS))]
    level: LogLevel,
    text: String,
}

const LEVELS: [&str; 8] =
    ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

async fn log(Entry { level, text }: Entry, call: CallContext) -> &'static str {
    if call.wants_log(&level) {
        let mut params = LoggingMessageParams::new(level, text);
        params.logger = Some("demo".to_owned());
        call.notify(Method::LoggingMessage.as_str(), &params).await;
    }
    "ok"
}
