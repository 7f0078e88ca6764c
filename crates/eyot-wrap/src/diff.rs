//! The differences of two texts.

use similar::TextDiff;

/// The unified diff of two texts, line by line.
pub(crate) fn unified(path: &str, old: &str, new: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(old, new);
    let diff = diff.unified_diff().context_radius(CONTEXT_LINES).header(path, path).to_string();
    diff.lines().map(|it| it.trim_end_matches('\r').to_owned()).collect()
}

const CONTEXT_LINES: usize = 3;
