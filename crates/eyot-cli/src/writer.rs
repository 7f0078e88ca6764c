//! Where everything is written: see [`eyot_terminal`].

use serde::Serialize;

pub(crate) use eyot_terminal::{
    Lines, is_stderr_terminal, is_stdout_terminal, log, print, print_bytes, print_json_text,
    print_text, say, say_json, say_of_others,
};

/// Writes a document on stdout, as one line of JSON.
pub(crate) fn print_json(document: &impl Serialize) -> anyhow::Result<()> {
    Ok(eyot_terminal::print_json(document)?)
}

/// Writes a document on stdout, as JSON for people.
pub(crate) fn print_pretty_json(document: &impl Serialize) -> anyhow::Result<()> {
    Ok(eyot_terminal::print_pretty_json(document)?)
}
