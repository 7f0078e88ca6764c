//! `eyot read`.

use eyot::types::ReadResourceResult;

use super::answers::Source;
use super::connection::{Connection, Home, Words, show_progress};
use super::show;
use crate::args::Read;
use crate::writer;

/// Runs the command.
pub(super) async fn run(read: Read, home: &Home, is_json: bool) -> anyhow::Result<()> {
    let Read { words, answer, server } = read;
    let mut words = Words::new(&server, words)?;
    let uri = words.next("name a resource; `eyot list` shows what there is")?;
    words.end()?;
    let connection = Connection::open(home, &server, words, Source::new(answer)).await?;
    connection.hear_logs(&server).await;
    let reading = connection.client.read_resource(uri).progress(show_progress);
    let read = reading.with_message().await.map_err(|it| connection.failure(it))?;
    match is_json {
        true => show::answer(&read.message),
        false => print(&read.result),
    }
}

/// Prints texts as they are, and bytes too, but never bytes to a terminal.
fn print(read: &ReadResourceResult) -> anyhow::Result<()> {
    for contents in &read.contents {
        let is_written = match contents.bytes() {
            Some(bytes) => writer::print_bytes(&bytes)?,
            None => false,
        };
        if !is_written {
            writer::print_text(&show::contents(contents))?;
        }
    }
    Ok(())
}
