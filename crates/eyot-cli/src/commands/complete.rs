//! `eyot complete`.

use std::collections::BTreeMap;

use eyot::types::{CompleteArgument, CompleteContext, CompleteParams, CompletionReference};

use super::answers::Source;
use super::connection::{Connection, Home, Words};
use super::{arguments, show};
use crate::args::Complete;
use crate::failure::Failure;
use crate::writer;
use eyot_terminal::escaped;

/// Runs the command.
pub(super) async fn run(complete: Complete, home: &Home, is_json: bool) -> anyhow::Result<()> {
    let Complete { words, server } = complete;
    let mut words = Words::new(&server, words)?;
    let name = words.next("name a prompt or a resource template")?;
    let mut arguments = arguments::texts(arguments::pairs(words.rest())?)?.into_iter();
    let named = || Failure::usage("name an argument and what it starts with: NAME=START");
    let (argument, start) = arguments.next().ok_or_else(named)?;
    let mut params = CompleteParams::new(reference(name), CompleteArgument::new(argument, start));
    let context: BTreeMap<_, _> = arguments.collect();
    if !context.is_empty() {
        params = params.with_context(CompleteContext::new(context));
    }
    let connection = Connection::open(home, &server, words, Source::new(Vec::new())).await?;
    let completed = connection.client.complete(&params).with_message().await;
    let completed = completed.map_err(|it| connection.failure(it))?;
    if is_json {
        return show::answer(&completed.message);
    }
    for value in &completed.result.completion.values {
        // Each value is one line.
        writer::print_text(&escaped(value))?;
    }
    Ok(())
}

/// A name that looks like a URI is a template, any other is a prompt.
fn reference(name: String) -> CompletionReference {
    match name.contains("://") || name.contains('{') {
        true => CompletionReference::resource(name),
        false => CompletionReference::prompt(name),
    }
}
