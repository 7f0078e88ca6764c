//! The log, one line for each event.

use std::io::{self, Write};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use super::fold::folded;
use crate::escape::{escaped, escaped_json};

/// What the lines of the log look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "all forms that the log has")]
pub enum LogForm {
    /// For a person at a terminal.
    Colored,
    /// For a program: one object a line.
    Json,
    /// For a file.
    Plain,
}

/// Makes the writer of each event.
///
/// The event comes with all its fields in it, each formatted as its caller wanted: a line end or an
/// escape sequence in any of them is a character of this one event.
#[derive(Debug)]
pub struct LogWriter<P> {
    place: P,
    form: LogForm,
    /// The width of the terminal, if the place is one.
    columns: fn() -> Option<usize>,
}

/// Collects one event, and writes it when it is complete.
#[derive(Debug)]
pub struct Event<W: Write> {
    place: W,
    text: Vec<u8>,
    form: LogForm,
    columns: Option<usize>,
    level: Option<Level>,
}

impl<W: Write, P: Fn() -> W> LogWriter<P> {
    /// The log at a place.
    #[must_use]
    pub const fn new(place: P, form: LogForm, columns: fn() -> Option<usize>) -> Self {
        Self { place, form, columns }
    }
}

impl<'a, W: Write, P: Fn() -> W> MakeWriter<'a> for LogWriter<P> {
    type Writer = Event<W>;

    fn make_writer(&'a self) -> Event<W> {
        let (place, columns) = ((self.place)(), (self.columns)());
        Event { place, text: Vec::new(), form: self.form, columns, level: None }
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Event<W> {
        let mut event = self.make_writer();
        event.level = Some(*meta.level());
        event
    }
}

impl<W: Write> Write for Event<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Drop for Event<W> {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.text);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let line = match (self.form, self.level) {
            (LogForm::Json, _) => escaped_json(text),
            (LogForm::Colored, Some(level)) => {
                colored(&folded(&escaped(text), self.columns), level).into()
            }
            (LogForm::Colored | LogForm::Plain, _) => {
                folded(&escaped(text), self.columns).into_owned().into()
            }
        };
        // When stderr is gone, there is no other place for the line.
        drop(writeln!(self.place, "{line}"));
    }
}

/// The line with the time in the background, and the level in its color.
fn colored(line: &str, level: Level) -> String {
    // Before the level there is only the time.
    let Some((time, rest)) = line.split_once(level.as_str()) else { return line.to_owned() };
    let color = match level {
        Level::ERROR => 31,
        Level::WARN => 33,
        Level::INFO => 32,
        Level::DEBUG => 34,
        Level::TRACE => 35,
    };
    format!("\u{1b}[2m{time}\u{1b}[0m\u{1b}[{color}m{level}\u{1b}[0m{rest}")
}
