//! Texts of several steps.

use eyot_service::{Fault, OperatorText};

/// The first line of a text of others, of which a long one is cut.
pub(crate) fn shortened(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default().trim_end();
    match line.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

/// The first of several words, and how many more there are.
pub(crate) fn listed(words: &[String]) -> String {
    let shown = words.iter().take(LISTED_MAX).cloned().collect::<Vec<_>>().join(", ");
    match words.len().saturating_sub(LISTED_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// What is known about a fault. Who asks has named the server, and may know it all.
pub(crate) fn of_fault(fault: &Fault) -> String {
    let reason = fault.error.data.as_ref().and_then(|it| it.get("reason")?.as_str());
    let reason = reason.unwrap_or(&fault.error.message).to_owned();
    fault
        .operator_text
        .as_ref()
        .map_or(reason, |it| OperatorText::reveal_to_operator(it).to_owned())
}

/// Characters that are shown of a line of others.
const SHOWN_CHARS_MAX: usize = 100;
const LISTED_MAX: usize = 6;
