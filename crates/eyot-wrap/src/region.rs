//! Where an entry stands in its file: the bytes that belong to it and to nothing else.

use std::ops::Range;

use crate::tree::{Format, Member, Node};

/// The bytes of the entry of this name. `None`: there is no entry, or something else stands between
/// its parts.
pub(crate) fn of_entry(
    text: &str,
    format: Format,
    root: &Node,
    key: &str,
    name: &str,
) -> Option<Range<usize>> {
    let servers = &root.member(key)?.node;
    let entry = servers.member(name)?;
    if format == Format::Json {
        return Some(entry.node.span.clone());
    }
    let mut region = entry.key_span.clone();
    widen(entry, &mut region);
    let behind = text.get(region.end..)?;
    let line_end = behind.find('\n').map_or(text.len(), |it| region.end + it);
    let has_return = text.get(..line_end)?.ends_with('\r') && line_end < text.len();
    region.end = if has_return { line_end - 1 } else { line_end };
    let others = root.members().iter().filter(|it| it.key != key);
    let others = others.chain(servers.members().iter().filter(|it| it.key != name));
    others.into_iter().all(|it| is_outside(it, &region)).then_some(region)
}

/// Makes the region hold all parts of the member.
fn widen(member: &Member, region: &mut Range<usize>) {
    for span in [&member.key_span, &member.node.span] {
        region.start = region.start.min(span.start);
        region.end = region.end.max(span.end);
    }
    member.node.members().iter().for_each(|it| widen(it, region));
}

fn is_outside(member: &Member, region: &Range<usize>) -> bool {
    let spans = [&member.key_span, &member.node.span];
    spans.iter().all(|it| it.end <= region.start || it.start >= region.end)
        && member.node.members().iter().all(|it| is_outside(it, region))
}
