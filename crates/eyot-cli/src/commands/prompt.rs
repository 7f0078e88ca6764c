//! `eyot prompt`.

use std::collections::BTreeMap;

use super::answers::Answers;
use super::connection::{Connection, Home, Words, show_progress};
use super::{arguments, show};
use crate::args::Prompt;

/// Runs the command.
pub(super) async fn run(prompt: Prompt, home: &Home, is_json: bool) -> anyhow::Result<()> {
    let Prompt { words, answer, server } = prompt;
    let mut words = Words::new(&server, words)?;
    let name = words.next("name a prompt; `eyot list` shows what there is")?;
    let arguments = arguments::texts(arguments::pairs(words.rest())?)?;
    let arguments: BTreeMap<_, _> = arguments.into_iter().collect();
    let connection = Connection::open(home, &server, words, Answers::new(answer)).await?;
    connection.hear_logs(&server).await;
    let getting = connection.client.get_prompt(name, arguments).progress(show_progress);
    let filled = getting.await.map_err(|it| connection.failure(it))?;
    if is_json {
        return show::json(&filled);
    }
    for message in &filled.messages {
        show::text(&format!("{}: {}", message.role.as_str(), show::content(&message.content)))?;
    }
    Ok(())
}
