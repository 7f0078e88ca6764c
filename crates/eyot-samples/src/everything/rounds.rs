//! Questions that are asked by returning them: the handler runs anew with the answers.
//!
//! Nothing of such a call is kept here between two rounds. The handler's state goes to the client,
//! which keeps it and cannot read or change it.

use eyot::types::{
    ClientCapability, CreateMessageParams, CreateMessageResult, ListRootsResult, SamplingMessage,
};
use eyot::{
    CallContext, Elicited, HandlerResult, InputRequired, NoArguments, ServerBuilder, ToolReply,
    tool,
};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    let rounds = |name: &str| format!("test_input_required_result_{name}");
    server
        .tool(tool(rounds("elicitation"), user).description("Asks the user."))
        .tool(tool(rounds("sampling"), model).description("Asks the client's model."))
        .tool(tool(rounds("list_roots"), roots).description("Asks for the client's folders."))
        .tool(tool(rounds("request_state"), confirm).description("Remembers what it asked."))
        .tool(tool(rounds("tampered_state"), confirm).description("Refuses a forged memory."))
        .tool(
            tool(rounds("multiple_inputs"), all)
                .description("Asks the user, the model and the client at once."),
        )
        .tool(tool(rounds("multi_round"), twice).description("Asks one thing after the other."))
        .tool(
            tool(rounds("capabilities"), able).description("Asks only what the client can answer."),
        )
}

#[derive(Deserialize, JsonSchema)]
struct Name {
    name: String,
}

async fn user(_: NoArguments, call: CallContext) -> HandlerResult<ToolReply> {
    Ok(match call.inputs().elicited("user_name") {
        Some(Elicited::Accepted(Name { name })) => format!("Hello, {name}!").into(),
        Some(_) => "Hello, whoever you are!".into(),
        None => InputRequired::new().elicit::<Name>("user_name", "What is your name?").into(),
    })
}

async fn model(_: NoArguments, call: CallContext) -> HandlerResult<ToolReply> {
    let said: Option<CreateMessageResult> = call.inputs().get("capital_question");
    Ok(match said {
        Some(said) => format!("The model said: {}", said.text()).into(),
        None => {
            let question = prompt("What is the capital of France?", 100);
            InputRequired::new().sample("capital_question", question).into()
        }
    })
}

async fn roots(_: NoArguments, call: CallContext) -> HandlerResult<ToolReply> {
    let listed: Option<ListRootsResult> = call.inputs().get("client_roots");
    Ok(match listed {
        Some(listed) => {
            let uris: Vec<_> = listed.roots.into_iter().map(|it| it.uri).collect();
            format!("Roots: {}", uris.join(", ")).into()
        }
        None => InputRequired::new().list_roots("client_roots").into(),
    })
}

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    ok: bool,
}

/// A state that is not the one that was given out never gets here: the call fails before.
async fn confirm(_: NoArguments, call: CallContext) -> HandlerResult<ToolReply> {
    let inputs = call.inputs();
    Ok(match (inputs.elicited("confirm"), inputs.state()) {
        (Some(Elicited::Accepted(Confirmation { ok: true })), Some("asked")) => "state-ok".into(),
        (Some(_), Some("asked")) => "not confirmed".into(),
        _ => {
            let asked = InputRequired::new().elicit::<Confirmation>("confirm", "Please confirm");
            asked.state("asked").into()
        }
    })
}

async fn all(_: NoArguments, call: CallContext) -> HandlerResult<ToolReply> {
    let inputs = call.inputs();
    let name = inputs.elicited("user_name").and_then(Elicited::accepted);
    let greeting: Option<CreateMessageResult> = inputs.get("greeting");
    let listed: Option<ListRootsResult> = inputs.get("client_roots");
    Ok(match (name, greeting, listed) {
        (Some(Name { name }), Some(greeting), Some(listed)) => {
            format!("{} {name}, of {} roots", greeting.text(), listed.roots.len()).into()
        }
        _ => InputRequired::new()
            .elicit::<Name>("user_name", "What is your name?")
            .sample("greeting", prompt("Write a greeting.", 50))
            .list_roots("client_roots")
            .state("asked")
            .into(),
    })
}

#[derive(Deserialize, JsonSchema)]
struct Color {
    color: String,
}

/// The first answer travels in the state while the second is asked for.
async fn twice(_: NoArguments, call: CallContext) -> HandlerResult<ToolReply> {
    let inputs = call.inputs();
    let answered = inputs.elicited("step1").and_then(Elicited::accepted).map(|it: Name| it.name);
    let Some(name) = inputs.state().map(str::to_owned).or(answered) else {
        return Ok(InputRequired::new().elicit::<Name>("step1", "What is your name?").into());
    };
    Ok(match inputs.elicited("step2").and_then(Elicited::accepted) {
        Some(Color { color }) => format!("{name} likes {color}.").into(),
        None => {
            let asked = InputRequired::new().elicit::<Color>("step2", "What color do you like?");
            asked.state(name).into()
        }
    })
}

async fn able(_: NoArguments, call: CallContext) -> HandlerResult<ToolReply> {
    if !call.inputs().is_first_round() {
        return Ok("Thank you.".into());
    }
    let client = call.client_capabilities().await?;
    let mut asked = InputRequired::new().state("asked");
    if client.has_elicitation_form() {
        asked = asked.elicit::<Name>("user_name", "What is your name?");
    }
    if client.has(ClientCapability::Sampling) {
        asked = asked.sample("greeting", prompt("Write a greeting.", 50));
    }
    if client.has(ClientCapability::Roots) {
        asked = asked.list_roots("client_roots");
    }
    Ok(asked.into())
}

fn prompt(text: &str, max_tokens: u64) -> CreateMessageParams {
    CreateMessageParams::new(vec![SamplingMessage::user(text)], max_tokens)
}
