//! Whether a value is of its shape, in one pass that keeps nothing.
//!
//! Nearly all values are: what is found here to fit need not be taken apart to be mended.

use eyot_jsonrpc::Reader;

use super::shape::{Member, Need, Shape};

/// Whether the value, a part of a message, fits as it is. `false` may also mean that this pass
/// cannot say.
pub(super) fn fits(shape: &Shape, raw: &str) -> bool {
    if matches!(shape, Shape::Each(Shape::Tagged(_))) && is_one_text(raw) {
        return true;
    }
    let mut reader = Reader::new(raw);
    fit(shape, &mut reader).is_some() && reader.peek() == 0
}

/// Whether a list is what nearly every tool answers: one text, written without white space and
/// escapes. It is known at sight.
fn is_one_text(raw: &str) -> bool {
    let text = raw.strip_prefix(r#"[{"type":"text","text":""#);
    let text = text.and_then(|it| it.strip_suffix(r#""}]"#));
    text.is_some_and(|it| memchr::memchr2(b'"', b'\\', it.as_bytes()).is_none())
}

/// Passes a value of this shape.
fn fit(shape: &Shape, reader: &mut Reader<'_>) -> Option<()> {
    let first = reader.peek();
    match shape {
        Shape::Any => reader.value().map(drop),
        Shape::Text | Shape::Cursor if first == b'"' => reader.value().map(drop),
        Shape::Flag if matches!(first, b't' | b'f') => reader.value().map(drop),
        Shape::Number if matches!(first, b'-' | b'0'..=b'9') => reader.value().map(drop),
        Shape::Count => reader.value()?.parse::<u64>().ok().map(drop),
        Shape::Object | Shape::Schema if first == b'{' => reader.value().map(drop),
        Shape::Each(item) => {
            let mut has_next = reader.array()?;
            while has_next {
                fit(item, reader)?;
                has_next = reader.next_item()?;
            }
            Some(())
        }
        Shape::Record(known) | Shape::Settings(known) => {
            let has_member = reader.object()?;
            fit_members(known, reader, has_member)
        }
        // Its type most often stands first; where it does not, this pass cannot say.
        Shape::Tagged(kinds) => {
            if !reader.object()? || reader.key()? != "type" {
                return None;
            }
            let kind = reader.value()?.strip_prefix('"')?.strip_suffix('"')?;
            if kind.contains('\\') {
                return None;
            }
            let known = kinds.iter().find(|it| it.0 == kind).map_or(&[][..], |it| it.1);
            let has_member = reader.next_member()?;
            fit_members(known, reader, has_member)
        }
        _ => None,
    }
}

/// Passes the members of an object, but for its `type`.
fn fit_members(known: &[Member], reader: &mut Reader<'_>, has_member: bool) -> Option<()> {
    let mut seen = 0_u64;
    // A member far behind counts as not seen.
    let bit = |index: usize| 1_u64.checked_shl(u32::try_from(index).unwrap_or(64)).unwrap_or(0);
    let mut has_next = has_member;
    while has_next {
        let name = reader.key()?;
        match known.iter().enumerate().find(|(_, it)| it.name == name) {
            Some((index, member)) => {
                fit(&member.shape, reader)?;
                seen |= bit(index);
            }
            None => drop(reader.value()?),
        }
        has_next = reader.next_member()?;
    }
    let has = |index: usize| seen & bit(index) != 0;
    let is_one_of =
        |(index, member): (usize, &Member)| matches!(member.need, Need::OneOf) && has(index);
    let is_whole = known.iter().enumerate().all(|(index, member)| match member.need {
        Need::Optional | Need::Exact => true,
        Need::OneOf => known.iter().enumerate().any(is_one_of),
        Need::Required | Need::Else(_) | Need::Absent(_) | Need::Like(_) => has(index),
    });
    is_whole.then_some(())
}

#[cfg(test)]
mod tests;
