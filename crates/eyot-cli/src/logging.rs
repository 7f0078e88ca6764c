//! The log, and the error of a failed command: both on stderr.

use std::io::{IsTerminal as _, Write as _};

use tracing_subscriber::EnvFilter;

use crate::failure;

/// Starts the log. Values from messages are escaped by the formatter: no message forges a line.
///
/// `level` is the level of the log unless RUST_LOG sets another.
pub(crate) fn init(level: &str, is_json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let has_color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    if is_json {
        log.json().init();
    } else {
        log.with_ansi(has_color).init();
    }
}

/// Writes the error of a failed command.
pub(crate) fn fail(error: &anyhow::Error, is_json: bool) {
    let text = if is_json { failure::line(error) } else { format!("eyot: {error:#}") };
    say(&text);
}

/// Whether the error means that the output has no reader any more.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let cause = error.root_cause().downcast_ref::<std::io::Error>();
    cause.is_some_and(|it| it.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Writes one line for people on stderr.
pub(crate) fn say(line: &str) {
    // When stderr is gone, there is no other place for the line.
    drop(writeln!(std::io::stderr(), "{line}"));
}

/// Writes one line of output on stdout.
pub(crate) fn print(line: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
