//! The tasks that scenarios set the client.

use std::env;
use std::future::IntoFuture;

use anyhow::Context as _;
use eyot::client::{CallBuilder, Client, ToolAnswer};
use eyot::types::{JsonObject, Tool};
use futures_util::future::try_join_all;
use serde::Deserialize;
use serde_json::json;

/// The part of a scenario that the client must know.
#[derive(Debug)]
pub(crate) enum Scenario {
    /// The client opens a session and looks around.
    LookAround,
    /// The client uses all that the server has.
    UseEverything,
    /// The client adds two numbers.
    AddNumbers,
    /// The client makes these calls.
    MakeCalls(Vec<ToolCall>),
    /// The client gives the schema of one tool to another.
    EchoSchema,
}

/// A call that the suite wants.
#[derive(Debug, Deserialize)]
pub(crate) struct ToolCall {
    name: String,
    arguments: JsonObject,
}

/// The data that the suite gives beside the name of the scenario.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScenarioContext {
    tool_calls: Vec<ToolCall>,
}

impl Scenario {
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        let name = env::var("MCP_CONFORMANCE_SCENARIO").context("no scenario is named")?;
        Ok(match name.as_str() {
            "elicitation-sep1034-client-defaults"
            | "http-invalid-tool-headers"
            | "http-standard-headers"
            | "request-metadata"
            | "sep-2322-client-request-state"
            | "sse-retry" => Self::UseEverything,
            "tools_call" => Self::AddNumbers,
            "http-custom-headers" => {
                let context = env::var("MCP_CONFORMANCE_CONTEXT").context("no calls are named")?;
                let context: ScenarioContext = serde_json::from_str(&context)?;
                Self::MakeCalls(context.tool_calls)
            }
            "json-schema-2020-12-preservation" => Self::EchoSchema,
            _ => Self::LookAround,
        })
    }

    pub(crate) async fn perform(self, client: &Client) -> anyhow::Result<()> {
        let tools = client.all_tools().await.context("list the tools")?;
        match self {
            Self::LookAround => Ok(()),
            Self::UseEverything => use_everything(client, &tools).await,
            Self::AddNumbers => {
                call(client.call_tool("add_numbers", json!({ "a": 5, "b": 3 }))).await
            }
            Self::MakeCalls(calls) => {
                for ToolCall { name, arguments } in calls {
                    call(client.call_tool(name, arguments)).await?;
                }
                Ok(())
            }
            Self::EchoSchema => {
                let tool = tools.iter().find(|it| it.name == "json_schema_2020_12_tool");
                let schema = &tool.context("the tool with the schema is missing")?.input_schema;
                call(client.call_tool("json_schema_echo", json!({ "schema": schema }))).await
            }
        }
    }
}

/// Calls every tool, reads every resource and gets every prompt. The tools are called at once:
/// messages of one call must not get into another.
async fn use_everything(client: &Client, tools: &[Tool]) -> anyhow::Result<()> {
    try_join_all(tools.iter().map(|it| call(client.call_tool(&it.name, json!({}))))).await?;
    let capabilities = client.capabilities();
    if capabilities.0.contains_key("resources") {
        let resources = client.resources().collect_all(100).await.context("list the resources")?;
        for resource in resources {
            client.read_resource(&resource.uri).await.context("read a resource")?;
        }
    }
    if capabilities.0.contains_key("prompts") {
        for prompt in client.prompts().collect_all(100).await.context("list the prompts")? {
            client.get_prompt(&prompt.name, json!({})).await.context("get a prompt")?;
        }
    }
    Ok(())
}

/// Makes a call that must not fail.
async fn call(call: CallBuilder<ToolAnswer>) -> anyhow::Result<()> {
    let answer = call.into_future().await.context("call a tool")?;
    anyhow::ensure!(!answer.is_error(), "a tool failed: {}", answer.text());
    Ok(())
}
