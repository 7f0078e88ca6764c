//! How to use the servers, as they say it themselves.

use std::sync::Arc;

use crate::member::Member;

/// What servers say of how to use them, in the order of their names; `None`: nothing is known.
///
/// Each line of a server has a mark in front, so that none can speak for another server.
pub(crate) fn merged(members: &[Member]) -> Option<String> {
    let said = members.iter().filter_map(|it| Some((it.name(), it.instructions()?)));
    let (mut merged, mut left_out) = (String::new(), 0_usize);
    for (name, instructions) in said {
        let section = section(name, &instructions);
        if merged.len() + section.len() > ALL_BYTES_MAX {
            left_out += 1;
            continue;
        }
        merged.push_str(if merged.is_empty() { HEAD } else { "\n" });
        merged.push_str(&section);
    }
    if left_out > 0 {
        merged
            .push_str(&format!("\n({left_out} more servers have instructions, left out here.)\n"));
    }
    (!merged.is_empty()).then_some(merged)
}

/// What is kept of the instructions of one server; `None`: they say nothing.
pub(crate) fn kept(instructions: &str) -> Option<Arc<str>> {
    let said = instructions.trim();
    let kept = said.get(..said.floor_char_boundary(ONE_BYTES_MAX)).unwrap_or_default();
    match (said.is_empty(), kept.len() < said.len()) {
        (true, _) => None,
        (false, false) => Some(kept.into()),
        (false, true) => Some(format!("{kept}…\n[{} bytes in all]", said.len()).into()),
    }
}

fn section(name: &str, instructions: &str) -> String {
    let mut section = format!("## {name}\n\n");
    // All that a reader may take for a line end.
    for line in instructions.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'])
    {
        section.push_str("> ");
        section.push_str(line);
        section.push('\n');
    }
    section
}

const HEAD: &str = "Several servers answer here as one. What each of them says of itself:\n\n";
/// Bytes that are kept of the instructions of one server.
const ONE_BYTES_MAX: usize = 4 << 10;
/// Bytes of the instructions of all servers together.
const ALL_BYTES_MAX: usize = 32 << 10;

#[cfg(test)]
mod tests;
