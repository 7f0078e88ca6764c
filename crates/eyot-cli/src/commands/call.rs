//! `eyot call`.

use eyot::types::{JsonObject, Tool};
use eyot::{ClientError, ToolAnswer};

use super::answers::Answers;
use super::connection::{Connection, Home, Words, show_progress};
use super::{arguments, show};
use crate::args::Call;

/// Runs the command.
pub(super) async fn run(call: Call, home: &Home, is_json: bool) -> anyhow::Result<()> {
    let Call { words, args, answer, server } = call;
    let mut words = Words::new(&server, words)?;
    let name = words.next("name a tool; `eyot list` shows what there is")?;
    let pairs = arguments::pairs(words.rest())?;
    let base = arguments::object(args.as_deref())?;
    let connection = Connection::open(home, &server, words, Answers::new(answer)).await?;
    connection.hear_logs(&server).await;
    // Besides the types, the client learns here which headers a modern server wants.
    let tool = find(&connection, &name).await?;
    let schema = tool.as_ref().map(|it| &it.input_schema);
    let arguments = arguments::typed(schema, base, pairs)?;
    let answer = called(&connection, &name, tool.is_some(), arguments).await?;
    print(&answer, is_json)?;
    match answer.is_error() {
        true => Err(connection.tool_failure(format!("the tool `{name}` failed")).into()),
        false => Ok(()),
    }
}

/// The definition of a tool; `None` when it is not listed, which does not prove that there is none.
async fn find(connection: &Connection, name: &str) -> anyhow::Result<Option<Tool>> {
    let mut tools = connection.client.tools();
    while let Some(tool) = tools.next().await {
        let tool = tool.map_err(|it| connection.failure(it))?;
        if tool.name == name {
            return Ok(Some(tool));
        }
    }
    Ok(None)
}

async fn called(
    connection: &Connection,
    name: &str,
    is_listed: bool,
    arguments: JsonObject,
) -> anyhow::Result<ToolAnswer> {
    let called = connection.client.call_tool(name, arguments).progress(show_progress).await;
    Ok(called.map_err(|error| match error {
        ClientError::Rpc(error) if !is_listed => connection.tool_failure(error.message),
        error => connection.failure(error),
    })?)
}

fn print(answer: &ToolAnswer, is_json: bool) -> anyhow::Result<()> {
    if is_json {
        return show::json(&answer.0);
    }
    for block in &answer.content {
        show::text(&show::content(block))?;
    }
    match &answer.structured_content {
        Some(structured) if answer.content.is_empty() => {
            show::text(&serde_json::to_string_pretty(structured)?)?;
        }
        _ => {}
    }
    Ok(())
}
