//! The tools that answer at once.

use eyot::types::{
    CallToolParams, CallToolResult, ContentBlock, LogLevel, LoggingMessageParams, Method, codes,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Number, Value, json};

use super::call::{Call, Outcome};
use super::server::Server;

/// What a tool says to the model: a text, or as an error why there is none.
type Said = Result<String, String>;

/// Runs the tool that a call names.
pub(super) fn run(server: &Server<'_>, call: &Call) -> Outcome {
    let params: CallToolParams = call.params()?;
    Ok(result(match params.name.as_str() {
        "echo" => echo(call),
        "add" => add(call),
        "log" => log(server, call),
        "touch" => touch(server),
        name => return Err(codes::invalid_params(&format!("unknown tool `{name}`"))),
    }))
}

/// The result of a tool call.
pub(super) fn result(said: Said) -> Value {
    json!(match said {
        Ok(text) => CallToolResult::new(vec![ContentBlock::text(text)]),
        Err(text) => CallToolResult::error(text),
    })
}

/// Decodes the arguments of a tool. "Input validation errors" are for the model, which can
/// correct itself (2025-11-25, server/tools, Error Handling).
pub(super) fn arguments<T: DeserializeOwned>(call: &Call) -> Result<T, String> {
    let params: CallToolParams = call.params().map_err(|error| error.message)?;
    let arguments = Value::Object(params.arguments.unwrap_or_default());
    serde_json::from_value(arguments).map_err(|error| format!("Invalid arguments: {error}."))
}

fn echo(call: &Call) -> Said {
    #[derive(Deserialize)]
    struct Arguments {
        text: String,
    }
    Ok(arguments::<Arguments>(call)?.text)
}

fn add(call: &Call) -> Said {
    #[derive(Deserialize)]
    struct Arguments {
        a: Number,
        b: Number,
    }
    let Arguments { a, b } = arguments(call)?;
    let exact = a.as_i128().zip(b.as_i128()).and_then(|(a, b)| a.checked_add(b));
    let rounded = || a.as_f64().zip(b.as_f64()).map(|(a, b)| (a + b).to_string());
    exact.map(|sum| sum.to_string()).or_else(rounded).ok_or_else(|| "Not a number.".to_owned())
}

fn log(server: &Server<'_>, call: &Call) -> Said {
    #[derive(Deserialize)]
    struct Arguments {
        level: LogLevel,
        text: String,
    }
    let Arguments { level, text } = arguments(call)?;
    if let LogLevel::Other(name) = &level {
        return Err(format!("`{name}` is no level; try `info`."));
    }
    if call.wants_log(&level) {
        let mut params = LoggingMessageParams::new(level, text);
        params.logger = Some("demo".to_owned());
        server.output.notify(Method::LoggingMessage, &params);
    }
    Ok("ok".to_owned())
}

fn touch(server: &Server<'_>) -> Said {
    let told = server.touch();
    Ok(format!("Touched. Subscriptions told: {told}."))
}
