//! The small MCP server inside the program, which `eyot demo` starts as its child.
//!
//! It speaks both eras on one pipe and has one of everything: tools that answer at once, take their
//! time, ask back or log; a resource that changes; a prompt. **Invariant:** one thread serves it
//! all. One such child runs per session, so it stays small.

mod greeting;
mod tools;

use std::time::Duration;

use eyot::types::{CacheScope, PromptArgument};
use eyot::{
    BuildError, CallContext, Limits, PromptArguments, SealKeys, Secret, Server, ServerPrompt,
    prompt,
};

/// The small server that `eyot demo` serves.
///
/// # Errors
///
/// None that its parts, which are always the same, could have.
pub fn demo() -> Result<Server, BuildError> {
    let server = Server::builder("eyot-demo", env!("CARGO_PKG_VERSION"))
        .instructions(INSTRUCTIONS)
        .limits(limits())
        // No state of this server holds a secret. Because the key never changes, a question can
        // still be answered after a restart.
        .keys(SealKeys::new(&Secret::new([0; 32]), &[]))
        .list_cache(LISTS_KEPT, CacheScope::Public)
        .logging()
        .resource_subscriptions()
        .prompt(introduce());
    greeting::add(tools::add(server)).build()
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.drain_timeout = DRAIN_TIMEOUT;
    limits
}

fn introduce() -> ServerPrompt {
    let topic = PromptArgument::required("topic");
    prompt("introduce", |arguments: PromptArguments, _: CallContext| async move {
        let topic = arguments.get("topic").map_or("", String::as_str);
        format!("Introduce {topic} to a newcomer, in three friendly sentences.")
    })
    .description("Asks for a short introduction to a topic.")
    .argument(topic.with_description("Anything; a few are suggested."))
    .complete("topic", |so_far: String, _| async move {
        TOPICS.into_iter().filter(|it| it.starts_with(&so_far)).collect::<Vec<_>>()
    })
}

/// The instructions for the model.
const INSTRUCTIONS: &str =
    "A playground. Start with the tool `echo`; `ask_name` asks back, `count` shows progress.";

/// How long a modern client may cache the lists, which never change.
const LISTS_KEPT: Duration = Duration::from_secs(3_600);

/// When the client has gone, the remaining answers have no reader.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

const TOPICS: [&str; 5] = ["eras", "eyots", "rivers", "sessions", "subscriptions"];

#[cfg(test)]
mod tests;
