//! `eyot pin`: approves the tools of a server, by a file.

use eyot::Client;
use eyot::guard::Pins;
use eyot::jsonrpc::{Items, Members};
use serde_json::json;

use super::answers::Source;
use super::connection::{Connection, Home, Words};
use crate::args::Pin;
use crate::failure::{Code, Failure};
use crate::{input, writer};

/// Runs the command.
pub(super) async fn run(pin: Pin, home: &Home, is_json: bool) -> anyhow::Result<()> {
    let Pin { words, file, name, check, server } = pin;
    let shown = file.display();
    let before = match input::read(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Pins::new().to_text(),
        Err(error) => return Err(Failure::usage(format!("cannot read {shown}: {error}")).into()),
    };
    let mut pins = Pins::parse(&before).map_err(|it| Failure::usage(format!("{shown}: {it}")))?;
    let mut words = Words::new(&server, words)?;
    words.end()?;
    let connection = Connection::open(home, &server, words, Source::new(Vec::new())).await?;
    let tools = raw_tools(&connection.client).await.map_err(|it| connection.failure(it))?;
    let changes = pins.pin(&name, tools.iter().map(String::as_str));
    match is_json {
        true => writer::print_json(&json!({ "file": file, "changes": changes }))?,
        false => changes.iter().try_for_each(|it| writer::print(it))?,
    }
    if check {
        let message = format!("{} of the tools are not what {shown} says", changes.len());
        let is_same = changes.is_empty();
        return if is_same { Ok(()) } else { Err(Failure::new(Code::Failure, message).into()) };
    }
    std::fs::write(&file, pins.to_text())
        .map_err(|it| Failure::new(Code::Failure, format!("cannot write {shown}: {it}")))?;
    writer::say(&format!("{shown}: {} tools are pinned", tools.len()));
    Ok(())
}

/// The raw JSON of all tools: what a server has written is pinned, and not what was read of it.
async fn raw_tools(client: &Client) -> Result<Vec<String>, eyot::ClientError> {
    let mut tools = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let page = client.list_tools().fresh();
        let page = match cursor {
            Some(cursor) => page.cursor(cursor),
            None => page,
        };
        let page = page.with_message().await?;
        let mut members = page.message.result().and_then(Members::of).into_iter().flatten();
        let list = members.find(|(name, _)| name == "tools").and_then(|(_, it)| Items::of(it));
        tools.extend(list.into_iter().flatten().map(str::to_owned));
        cursor = page.result.next_cursor;
        if cursor.is_none() || tools.len() > TOOLS_MAX {
            return Ok(tools);
        }
    }
}

/// Tools of one server.
const TOOLS_MAX: usize = 10_000;
