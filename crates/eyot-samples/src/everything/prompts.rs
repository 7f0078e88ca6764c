//! Prompts: with arguments and without, with pictures and resources, and one that asks back.

use eyot::types::{ContentBlock, PromptArgument, PromptMessage, ResourceContents, Role};
use eyot::{
    CallContext, Elicited, HandlerResult, InputRequired, PromptArguments, PromptReply,
    ServerBuilder, prompt,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::content;

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    server
        .prompt(prompt("test_simple_prompt", simple).description("Says one thing."))
        .prompt(
            prompt("test_prompt_with_arguments", with_arguments)
                .description("Says what it is given.")
                .argument(PromptArgument::required("arg1").with_description("The first thing."))
                .argument(PromptArgument::required("arg2").with_description("The second thing."))
                .complete("arg1", |so_far: String, _| async move {
                    let words = ["paris", "park", "party"].into_iter();
                    words.filter(|it| it.starts_with(&so_far)).collect::<Vec<_>>()
                }),
        )
        .prompt(
            prompt("test_prompt_with_embedded_resource", with_resource)
                .description("Shows a resource.")
                .argument(PromptArgument::required("resourceUri").with_description("Which one.")),
        )
        .prompt(prompt("test_prompt_with_image", with_image).description("Shows a picture."))
        .prompt(
            prompt("test_input_required_result_prompt", with_context)
                .description("Asks the user for its context."),
        )
}

async fn simple(_: PromptArguments, _: CallContext) -> &'static str {
    "This is a simple prompt for testing."
}

async fn with_arguments(arguments: PromptArguments, _: CallContext) -> String {
    let [first, second] = ["arg1", "arg2"].map(|it| argument(&arguments, it));
    format!("Prompt with arguments: arg1='{first}', arg2='{second}'")
}

async fn with_resource(arguments: PromptArguments, _: CallContext) -> Vec<PromptMessage> {
    let text = "Embedded resource content for testing.";
    let contents = ResourceContents::text(argument(&arguments, "resourceUri"), text);
    let resource = ContentBlock::resource(contents.with_mime_type("text/plain"));
    vec![
        PromptMessage::new(Role::User, resource),
        PromptMessage::user("Please process the embedded resource above."),
    ]
}

async fn with_image(_: PromptArguments, _: CallContext) -> Vec<PromptMessage> {
    vec![
        PromptMessage::new(Role::User, content::picture()),
        PromptMessage::user("Please analyze the image above."),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Context {
    context: String,
}

async fn with_context(_: PromptArguments, call: CallContext) -> HandlerResult<PromptReply> {
    Ok(match call.inputs().elicited("user_context") {
        Some(Elicited::Accepted(Context { context })) => {
            vec![PromptMessage::user(format!("Context: {context}"))].into()
        }
        Some(_) => vec![PromptMessage::user("There is no context.")].into(),
        None => {
            let message = "What context should the prompt use?";
            InputRequired::new().elicit::<Context>("user_context", message).into()
        }
    })
}

fn argument<'a>(arguments: &'a PromptArguments, name: &str) -> &'a str {
    arguments.get(name).map_or("", String::as_str)
}
