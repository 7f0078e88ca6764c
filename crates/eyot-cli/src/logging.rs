//! The log, and the error of a failed command: both on stderr.

use std::panic::PanicHookInfo;

use tracing_subscriber::EnvFilter;

use crate::failure;
use crate::writer;

/// Starts the log, which panics are a part of.
///
/// `level` is the level of the log unless RUST_LOG sets another.
pub(crate) fn init(level: &str, is_json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    // The writer colors what it has escaped: it cannot tell escape sequences from each other.
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    let log = log.with_writer(writer::log(is_json));
    if is_json {
        log.json().init();
    } else {
        log.init();
    }
    std::panic::set_hook(Box::new(panicked));
}

/// Tells of a panic: what a peer has said may be part of its message.
fn panicked(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload_as_str().unwrap_or("without a text");
    writer::say_of_others(&format!("eyot: panicked at {place}"), message);
    let trace = std::backtrace::Backtrace::capture();
    if trace.status() == std::backtrace::BacktraceStatus::Captured {
        trace.to_string().lines().for_each(writer::say);
    }
}

/// Writes the error of a failed command.
pub(crate) fn fail(error: &anyhow::Error, is_json: bool) {
    if is_json {
        writer::say_json(&failure::document(error));
    } else {
        writer::say_of_others("eyot", &format!("{error:#}"));
    }
}

/// Whether the error means that the output has no reader any more.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let cause = error.root_cause().downcast_ref::<std::io::Error>();
    cause.is_some_and(|it| it.kind() == std::io::ErrorKind::BrokenPipe)
}
