//! What a user is told of a command line that is wrong.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use eyot_stdx::shown_url;

/// The text of the error. It repeats no value of a flag, which may be a secret: the user can see it
/// in the line above.
pub(crate) fn refusal(mut error: clap::Error) -> String {
    // The values of these flags are a few names, which the error lists.
    let is_name = error.kind() == ErrorKind::InvalidValue
        && matches!(error.get(ContextKind::ValidValue), Some(ContextValue::Strings(it)) if !it.is_empty());
    if !is_name && error.get(ContextKind::InvalidValue).is_some() {
        error.insert(ContextKind::InvalidValue, ContextValue::String("…".to_owned()));
    }
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidSubcommand] {
        if let Some(ContextValue::String(word)) = error.get(kind) {
            let shown = shown(word, error.kind());
            error.insert(kind, ContextValue::String(shown));
        }
    }
    error.render().to_string()
}

/// A word that is no flag of this program may have a value behind it.
fn shown(word: &str, kind: ErrorKind) -> String {
    match word.split_once('=') {
        Some((name, _)) if kind == ErrorKind::UnknownArgument => format!("{name}=…"),
        _ => shown_url(word),
    }
}

#[cfg(test)]
mod tests;
