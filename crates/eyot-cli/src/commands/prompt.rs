//! `eyot prompt`.

use std::collections::BTreeMap;

use super::answers::Source;
use super::connection::{Connection, Home, Words, show_progress};
use super::{arguments, show};
use crate::args::Prompt;
use crate::writer;

/// Runs the command.
pub(super) async fn run(prompt: Prompt, home: &Home, is_json: bool) -> anyhow::Result<()> {
    let Prompt { words, answer, server } = prompt;
    let mut words = Words::new(&server, words)?;
    let name = words.next("name a prompt; `eyot list` shows what there is")?;
    let arguments = arguments::texts(arguments::pairs(words.rest())?)?;
    let arguments: BTreeMap<_, _> = arguments.into_iter().collect();
    let connection = Connection::open(home, &server, words, Source::new(answer)).await?;
    connection.hear_logs(&server).await;
    let getting = connection.client.get_prompt(name, arguments).progress(show_progress);
    let filled = getting.with_message().await.map_err(|it| connection.failure(it))?;
    if is_json {
        return show::answer(&filled.message);
    }
    for message in &filled.result.messages {
        let (role, text) = (message.role.as_str(), show::content(&message.content));
        match writer::is_stdout_terminal() {
            true => {
                writer::print(&format!("{role}:"))?;
                writer::print_text(&text)?;
            }
            false => writer::print_text(&format!("{role}: {text}"))?,
        }
    }
    Ok(())
}
