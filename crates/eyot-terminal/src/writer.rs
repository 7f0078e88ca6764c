//! Where everything is written that this program says: to people, to programs, to the log.
//!
//! **Invariant:** nothing leaves but through here, and nothing leaves that steers a terminal or
//! makes a line of its own, whatever its writer has put into it. Three things are written: a *line*
//! of this program, which may have words of others in it; a *quote*, the words of others alone,
//! each line of which stands behind a bar; and a *result*, which a program gets as it is and a
//! person as a quote.
#![expect(clippy::disallowed_methods, reason = "the one place that writes")]

mod fold;
mod log;

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;

use serde::Serialize;
use serde_json::Value;

use self::fold::{BAR, folded};
pub use self::log::{Event, LogForm, LogWriter};
use crate::escape::{escaped, escaped_json};

/// A place for lines.
#[derive(Debug)]
pub struct Lines<W> {
    place: W,
    /// The width of the terminal. `None`: it is no terminal.
    columns: Option<usize>,
}

impl Lines<io::Stderr> {
    /// Where people are told what goes on.
    pub fn stderr() -> Self {
        Self { place: io::stderr(), columns: stderr_columns() }
    }
}

impl Lines<io::Stdout> {
    /// Where results go.
    pub fn stdout() -> Self {
        Self { place: io::stdout(), columns: stdout_columns() }
    }
}

impl<W: Write> Lines<W> {
    /// Lines at another place. `columns`: the width of the terminal that it is; `None`: it is none.
    #[must_use]
    pub const fn new(place: W, columns: Option<usize>) -> Self {
        Self { place, columns }
    }

    /// Writes one line.
    ///
    /// # Errors
    ///
    /// The place takes no more.
    pub fn line(&mut self, line: &str) -> io::Result<()> {
        writeln!(self.place, "{}", folded(&escaped(line), self.columns))?;
        self.place.flush()
    }

    /// Writes a line that has no end: the user answers behind it.
    ///
    /// # Errors
    ///
    /// The place takes no more.
    pub fn prompt(&mut self, prompt: &str) -> io::Result<()> {
        write!(self.place, "{}", folded(&escaped(prompt), self.columns))?;
        self.place.flush()
    }

    /// Writes what others have said.
    ///
    /// # Errors
    ///
    /// The place takes no more.
    pub fn quote(&mut self, text: &str) -> io::Result<()> {
        for line in text.lines() {
            let line = format!("{BAR}{}", escaped(line));
            writeln!(self.place, "{}", folded(&line, self.columns))?;
        }
        self.place.flush()
    }

    /// Writes a JSON text as one line, which a terminal may break anywhere.
    fn json(&mut self, json: &str) -> io::Result<()> {
        writeln!(self.place, "{}", escaped_json(json))?;
        self.place.flush()
    }

    /// Takes the place back.
    #[must_use]
    pub fn into_inner(self) -> W {
        self.place
    }
}

/// Writes one line for people on stderr.
pub fn say(line: &str) {
    // When stderr is gone, there is no other place for the line.
    drop(Lines::stderr().line(line));
}

/// Writes on stderr what others have said: its first line behind our words, the others as a quote.
pub fn say_of_others(ours: &str, theirs: &str) {
    let (first, rest) = theirs.split_once('\n').unwrap_or((theirs, ""));
    say(&format!("{ours}: {}", first.trim_end()));
    drop(Lines::stderr().quote(rest));
}

/// Writes a document on stderr, as one line of JSON.
pub fn say_json(document: &Value) {
    drop(Lines::stderr().json(&document.to_string()));
}

/// Writes one line on stdout.
///
/// # Errors
///
/// The place takes no more.
pub fn print(line: &str) -> io::Result<()> {
    Lines::stdout().line(line)
}

/// Writes a text of others on stdout: to a program as it is, to a person as a quote.
///
/// # Errors
///
/// The place takes no more.
pub fn print_text(text: &str) -> io::Result<()> {
    if is_stdout_terminal() {
        return Lines::stdout().quote(text);
    }
    let mut stdout = io::stdout();
    writeln!(stdout, "{}", text.strip_suffix('\n').unwrap_or(text))?;
    stdout.flush()
}

/// Writes bytes on stdout; never to a terminal: returns whether they were written.
///
/// # Errors
///
/// The place takes no more.
pub fn print_bytes(bytes: &[u8]) -> io::Result<bool> {
    let mut stdout = io::stdout();
    if stdout.is_terminal() {
        return Ok(false);
    }
    stdout.write_all(bytes)?;
    stdout.flush()?;
    Ok(true)
}

/// Writes a document on stdout, as one line of JSON.
///
/// # Errors
///
/// The place takes no more.
pub fn print_json(document: &impl Serialize) -> io::Result<()> {
    print_json_text(&serde_json::to_string(document)?)
}

/// Writes a JSON text on stdout, as one line.
///
/// # Errors
///
/// The place takes no more.
pub fn print_json_text(json: &str) -> io::Result<()> {
    Lines::stdout().json(json)
}

/// Writes a document on stdout, as JSON for people.
///
/// # Errors
///
/// The place takes no more.
pub fn print_pretty_json(document: &impl Serialize) -> io::Result<()> {
    for line in serde_json::to_string_pretty(document)?.lines() {
        print_json_text(line)?;
    }
    Ok(())
}

/// The log on stderr.
pub fn log(is_json: bool) -> LogWriter<fn() -> io::Stderr> {
    let has_color = is_stderr_terminal() && std::env::var_os("NO_COLOR").is_none();
    let form = match (is_json, has_color) {
        (true, _) => LogForm::Json,
        (false, true) => LogForm::Colored,
        (false, false) => LogForm::Plain,
    };
    LogWriter::new(io::stderr, form, stderr_columns)
}

/// Whether a person reads stdout.
pub fn is_stdout_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Whether a person reads stderr.
pub fn is_stderr_terminal() -> bool {
    io::stderr().is_terminal()
}

/// The columns of the terminal at stdout. `None`: it is no terminal.
pub fn stdout_columns() -> Option<usize> {
    columns(&io::stdout())
}

fn stderr_columns() -> Option<usize> {
    columns(&io::stderr())
}

fn columns(place: &(impl AsFd + IsTerminal)) -> Option<usize> {
    if !place.is_terminal() {
        return None;
    }
    let size = rustix::termios::tcgetwinsize(place);
    let columns = size.ok().map(|it| usize::from(it.ws_col)).filter(|it| *it > 0);
    let variable = || std::env::var("COLUMNS").ok()?.parse().ok();
    Some(columns.or_else(variable).unwrap_or(COLUMNS))
}

/// The columns of a terminal that does not tell.
const COLUMNS: usize = 80;

#[cfg(test)]
mod tests;
