//! `eyot call`.

use eyot::types::Tool;
use eyot::{Answered, ClientError, ToolAnswer};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answers::Source;
use super::arguments::{self, Arguments};
use super::connection::{Connection, Home, Words, show_progress};
use super::show;
use crate::args::Call;
use crate::writer;

/// Runs the command.
pub(super) async fn run(call: Call, home: &Home, is_json: bool) -> anyhow::Result<()> {
    let Call { words, args, answer, server } = call;
    let mut words = Words::new(&server, words)?;
    let name = words.next("name a tool; `eyot list` shows what there is")?;
    let pairs = arguments::pairs(words.rest())?;
    let base = arguments::object(args.as_deref())?;
    let connection = Connection::open(home, &server, words, Source::new(answer)).await?;
    connection.hear_logs(&server).await;
    // Besides the types, the client learns here which headers a modern server wants.
    let tool = find(&connection, &name).await?;
    let schema = tool.as_ref().map(|it| &it.input_schema);
    let arguments = arguments::typed(schema, base, pairs)?;
    let answer = called(&connection, &name, tool.is_some(), arguments).await?;
    print(&answer, is_json)?;
    match answer.result.is_error() {
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
    arguments: Arguments,
) -> anyhow::Result<Answered<ToolAnswer>> {
    let calling = connection.client.call_tool(name, arguments).progress(show_progress);
    Ok(calling.with_message().await.map_err(|error| match error {
        ClientError::Rpc(error) if !is_listed => connection.tool_failure(error.message),
        error => connection.failure(error),
    })?)
}

fn print(answer: &Answered<ToolAnswer>, is_json: bool) -> anyhow::Result<()> {
    let Answered { result, message } = answer;
    if is_json {
        return show::answer(message);
    }
    for block in &result.content {
        writer::print_text(&show::content(block))?;
    }
    let raw = message.result().unwrap_or_default();
    if result.content.is_empty()
        && let Ok(Structured { content: Some(structured) }) = serde_json::from_str(raw)
    {
        writer::print_text(&show::pretty(structured.get()))?;
    }
    Ok(())
}

/// The structured content, with its numbers as they came.
#[derive(Deserialize)]
struct Structured<'a> {
    #[serde(borrow, rename = "structuredContent")]
    content: Option<&'a RawValue>,
}
