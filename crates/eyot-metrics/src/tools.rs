//! The names of tools, as labels: few, and none that a client has made up.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use metrics::SharedString;

/// Names that may be labels. The recorder of the metrics is one for the process, and so is this.
static NAMES: RwLock<BTreeSet<Arc<str>>> = RwLock::new(BTreeSet::new());

/// A server has this tool. The first hundred names that are told may be labels; those of more than 128 bytes
/// are none (2025-11-25, server/tools, tool names: "between 1 and 128 characters in length").
pub fn tool_exists(name: &str) {
    if name.len() > NAME_BYTES_MAX || knows_enough_tools() {
        return;
    }
    let mut names = NAMES.write().unwrap_or_else(PoisonError::into_inner);
    if names.len() < TOOLS_MAX && !names.contains(name) {
        names.insert(name.into());
    }
}

/// Whether no more names can become labels.
#[must_use]
pub fn knows_enough_tools() -> bool {
    NAMES.read().unwrap_or_else(PoisonError::into_inner).len() >= TOOLS_MAX
}

/// The label of a tool: its name if a server has told it, `other` else.
pub(crate) fn label(name: &str) -> SharedString {
    let names = NAMES.read().unwrap_or_else(PoisonError::into_inner);
    names.get(name).map_or(SharedString::const_str("other"), |it| it.clone().into())
}

/// Labels for each interceptor and each decision.
const TOOLS_MAX: usize = 100;

const NAME_BYTES_MAX: usize = 128;

#[cfg(test)]
mod tests;
