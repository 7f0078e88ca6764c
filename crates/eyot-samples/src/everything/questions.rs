//! Questions in the middle of a call: to the user, to the client's model.
//!
//! One handler serves both eras. A legacy client is asked with a request, a modern one with the
//! answer `input_required`; meanwhile the handler waits.

use eyot::types::{
    ClientCapabilities, ClientCapability, CreateMessageParams, ElicitParams, ElicitResult,
    ElicitSchema, SamplingMessage, codes,
};
use eyot::{
    CallContext, Elicited, HandlerError, HandlerResult, NoArguments, Progress, ServerBuilder, tool,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::forms;

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    let defaults = |_: NoArguments, call| fill_in(call, forms::with_defaults());
    let choices = |_: NoArguments, call| fill_in(call, forms::with_choices());
    server
        .tool(tool("test_sampling", sample).description("Asks the client's model."))
        .tool(tool("test_missing_capability", need_model).description("Needs a model."))
        .tool(tool("test_elicitation", elicit).description("Asks the user."))
        .tool(tool("test_streaming_elicitation", stream).description("Works, then asks."))
        .tool(tool("test_elicitation_sep1034_defaults", defaults).description("Suggests answers."))
        .tool(tool("test_elicitation_sep1330_enums", choices).description("Offers choices."))
}

#[derive(Deserialize, JsonSchema)]
struct Prompt {
    /// The prompt for the model.
    prompt: String,
}

async fn sample(Prompt { prompt }: Prompt, call: CallContext) -> HandlerResult<String> {
    let params = CreateMessageParams::new(vec![SamplingMessage::user(prompt)], 100);
    let said = call.sample(params).await?;
    Ok(format!("LLM response: {}", said.text()))
}

/// A client without a model gets an error for programs, which says what it lacks; in both eras,
/// because in a bridge the client may be of another era than its request.
async fn need_model(_: NoArguments, call: CallContext) -> HandlerResult<String> {
    if !call.client_capabilities().await?.has(ClientCapability::Sampling) {
        let required = ClientCapabilities::default().with(ClientCapability::Sampling);
        return Err(HandlerError::protocol(codes::missing_capability(&required)));
    }
    let prompt = "Are you there?".to_owned();
    sample(Prompt { prompt }, call).await
}

#[derive(Deserialize, JsonSchema)]
struct Message {
    /// The question to the user.
    message: String,
}

/// The form that the user fills in: it is made of these fields.
#[derive(Serialize, Deserialize, JsonSchema)]
struct Account {
    /// The name to log in with.
    username: String,
    /// The address to write to.
    email: String,
}

async fn elicit(Message { message }: Message, call: CallContext) -> HandlerResult<String> {
    Ok(match call.elicit::<Account>(message).await? {
        Elicited::Accepted(account) => {
            format!("User response: action=accept, content={}", json!(account))
        }
        Elicited::Declined => "User response: action=decline, content={}".to_owned(),
        Elicited::Cancelled => "User response: action=cancel, content={}".to_owned(),
    })
}

/// On the stream of a modern call there are notifications and, last, its answer: never a request.
async fn stream(_: NoArguments, call: CallContext) -> HandlerResult<String> {
    call.progress(Progress::new(50.0).of(100.0)).await;
    elicit(Message { message: "Who are you?".to_owned() }, call).await
}

/// Shows a form that no type describes, but that was put together by hand.
async fn fill_in(call: CallContext, form: ElicitSchema) -> HandlerResult<String> {
    let params = ElicitParams::form("Please fill in the form.", form);
    let ElicitResult { action, content, .. } = call.elicit_with(params).await?;
    let content = json!(content.unwrap_or_default());
    Ok(format!("Elicitation completed: action={}, content={content}", action.as_str()))
}
