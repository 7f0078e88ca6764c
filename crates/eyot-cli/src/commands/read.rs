//! `eyot read`.

use std::io::{IsTerminal as _, Write as _};

use eyot::types::ReadResourceResult;

use super::answers::Answers;
use super::connection::{Connection, Home, Words, show_progress};
use super::show;
use crate::args::Read;

/// Runs the command.
pub(super) async fn run(read: Read, home: &Home, is_json: bool) -> anyhow::Result<()> {
    let Read { words, answer, server } = read;
    let mut words = Words::new(&server, words)?;
    let uri = words.next("name a resource; `eyot list` shows what there is")?;
    words.end()?;
    let connection = Connection::open(home, &server, words, Answers::new(answer)).await?;
    connection.hear_logs(&server).await;
    let reading = connection.client.read_resource(uri).progress(show_progress);
    let read = reading.await.map_err(|it| connection.failure(it))?;
    match is_json {
        true => show::json(&read),
        false => print(&read),
    }
}

/// Prints texts as they are, and bytes too, but never bytes to a terminal.
fn print(read: &ReadResourceResult) -> anyhow::Result<()> {
    let is_terminal = std::io::stdout().is_terminal();
    for contents in &read.contents {
        match contents.bytes() {
            Some(bytes) if !is_terminal => {
                let mut stdout = std::io::stdout();
                stdout.write_all(&bytes)?;
                stdout.flush()?;
            }
            _ => show::text(&show::contents(contents))?,
        }
    }
    Ok(())
}
