//! The tools that wait, each on a thread of its own.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use eyot::jsonrpc::Message;
use eyot::types::{
    ClientCapabilities, ClientCapability, ElicitAction, ElicitParams, ElicitResult, ElicitSchema,
    Era, JsonObject, Method, ProgressParams, StringSchema, codes,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::call::{Call, Outcome};
use super::catalog::{COUNT_MAX, DELAY_MS_MAX};
use super::server::Server;
use super::tools::{arguments, result};

/// Where the client's answers to questions of a call arrive; closed when the call is cancelled.
pub(super) type Mailbox = Receiver<Message>;

/// Runs a tool that waits.
pub(super) type Run = fn(&Server<'_>, &Call, &Mailbox) -> Option<Outcome>;

/// The tool that a call names, if it is one that waits. It returns `None` when it was cancelled.
pub(super) fn tool(call: &Call) -> Option<Run> {
    match call.message.name()?.as_ref() {
        "count" => Some(count),
        "ask_name" => Some(ask_name),
        _ => None,
    }
}

fn count(server: &Server<'_>, call: &Call, mailbox: &Mailbox) -> Option<Outcome> {
    #[derive(Deserialize)]
    struct Arguments {
        to: u64,
        #[serde(default = "default_delay_ms")]
        delay_ms: u64,
    }
    let Arguments { to, delay_ms } = match arguments(call) {
        Ok(arguments) => arguments,
        Err(text) => return Some(Ok(result(Err(text)))),
    };
    if to > COUNT_MAX || delay_ms > DELAY_MS_MAX {
        let text = format!("I count to {COUNT_MAX} and pause for {DELAY_MS_MAX} ms at most.");
        return Some(Ok(result(Err(text))));
    }
    let progress_token = call.message.progress_token();
    for step in 1..=to {
        // The mailbox of this call stays empty, so this is a pause that a cancellation ends.
        let waited = mailbox.recv_timeout(Duration::from_millis(delay_ms));
        let Err(RecvTimeoutError::Timeout) = waited else { return None };
        if let Some(token) = &progress_token {
            let mut params = ProgressParams::new(token.clone(), step);
            params.total = Some(to.into());
            server.output.notify(Method::Progress, &params);
        }
    }
    Some(Ok(result(Ok(format!("Counted to {to}.")))))
}

const fn default_delay_ms() -> u64 {
    100
}

fn ask_name(server: &Server<'_>, call: &Call, mailbox: &Mailbox) -> Option<Outcome> {
    match call.era() {
        Era::Legacy => ask_directly(server, call, mailbox),
        Era::Modern => Some(ask_in_rounds(call)),
    }
}

/// Legacy: a request to the client while its call goes on.
fn ask_directly(server: &Server<'_>, call: &Call, mailbox: &Mailbox) -> Option<Outcome> {
    if !call.can_be_asked() {
        let text = "Your client cannot put questions to you, so your name stays unknown.";
        return Some(Ok(result(Err(text.to_owned()))));
    }
    let answer = server.ask(call, &question(), mailbox)?;
    let greeting = answer.decode_result().ok().and_then(greeting);
    Some(Ok(result(greeting.ok_or_else(|| "Your client did not answer the question.".to_owned()))))
}

/// Modern: the call ends with a question, and is repeated with the answer.
fn ask_in_rounds(call: &Call) -> Outcome {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Params {
        input_responses: Option<JsonObject>,
        request_state: Option<String>,
    }
    if !call.can_be_asked() {
        let elicitation = ClientCapabilities::default().with(ClientCapability::Elicitation);
        return Err(codes::missing_capability(&elicitation));
    }
    let Params { input_responses, request_state } = call.params()?;
    // The state carries nothing; it shows that the client returns what it was given.
    let is_retry = request_state.is_some() || input_responses.is_some();
    if is_retry && request_state.as_deref() != Some(ASKED) {
        return Err(codes::invalid_params("`requestState` is not what the question came with"));
    }
    let answer = input_responses.and_then(|mut answers| answers.remove(QUESTION));
    let answer = answer.and_then(|answer| serde_json::from_value(answer).ok());
    // An answer that is missing or makes no sense: the question is put again.
    Ok(answer.and_then(greeting).map_or_else(input_required, |text| result(Ok(text))))
}

fn input_required() -> Value {
    let ask = json!({ "method": Method::ElicitationCreate.as_str(), "params": question() });
    json!({
        "resultType": "input_required",
        "inputRequests": { QUESTION: ask },
        "requestState": ASKED,
    })
}

const QUESTION: &str = "user_name";
const ASKED: &str = "asked";

fn question() -> ElicitParams {
    let form = ElicitSchema::new().with_required("name", StringSchema::new());
    ElicitParams::form("What is your name?", form)
}

/// What a user's answer is greeted with; `None` if it makes no sense.
fn greeting(answer: ElicitResult) -> Option<String> {
    match answer.action {
        ElicitAction::Accept => {
            let content = answer.content?;
            let name = content.get("name")?.as_str()?;
            Some(format!("Hello, {name}!"))
        }
        ElicitAction::Decline | ElicitAction::Cancel => Some("Hello, whoever you are!".to_owned()),
        _ => None,
    }
}
