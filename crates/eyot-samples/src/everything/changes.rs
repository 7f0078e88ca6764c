//! Tells clients that listen about changes.

use eyot::{CallContext, NoArguments, ServerBuilder, tool};

use super::resources::WATCHED;

pub(super) fn add(server: ServerBuilder) -> ServerBuilder {
    server
        .tool(tool("test_trigger_tool_change", tools).description("Says that tools changed."))
        .tool(tool("test_trigger_prompt_change", prompts).description("Says that prompts changed."))
        .tool(tool("test_update_resource", resource).description("Changes a watched resource."))
}

async fn tools(_: NoArguments, call: CallContext) -> &'static str {
    call.server().notify_tools_changed();
    "Said"
}

async fn prompts(_: NoArguments, call: CallContext) -> &'static str {
    call.server().notify_prompts_changed();
    "Said"
}

async fn resource(_: NoArguments, call: CallContext) -> &'static str {
    call.server().notify_resource_updated(WATCHED);
    "Changed"
}
