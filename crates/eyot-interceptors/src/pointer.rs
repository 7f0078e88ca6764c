//! Values in a payload, by JSON pointers.

use std::borrow::Cow;
use std::ops::Range;

use eyot_jsonrpc::{Items, Members};

use crate::failure::Failure;

/// Where a part of a text is.
pub(crate) fn range_in(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr() as usize - text.as_ptr() as usize;
    start..start + part.len()
}

/// The raw value that a JSON pointer (RFC 6901) names; `None` when there is none. Values beside the way
/// are passed over, not read.
///
/// # Errors
///
/// Readers may find different values: a key on the way stands there twice, or in two ways that readers
/// who fold case take for one.
pub(crate) fn find<'a>(payload: &'a str, pointer: &str) -> Result<Option<&'a str>, Failure> {
    if pointer.is_empty() {
        return Ok(Some(payload));
    }
    let Some(steps) = pointer.strip_prefix('/') else { return Ok(None) };
    let mut value = payload;
    for step in steps.split('/') {
        match step_into(value, &unescaped(step))? {
            Some(next) => value = next,
            None => return Ok(None),
        }
    }
    Ok(Some(value))
}

/// As [`find`], in a text whose members are known: of those of a message, what is long is passed over
/// without a look at it.
pub(crate) fn find_in<'a>(
    payload: &'a str,
    members: Option<Members<'a>>,
    pointer: &str,
) -> Result<Option<&'a str>, Failure> {
    let (Some(steps), Some(members)) = (pointer.strip_prefix('/'), members) else {
        return find(payload, pointer);
    };
    let (first, rest) = steps.find('/').map_or((steps, ""), |at| steps.split_at(at));
    match member(members, &unescaped(first))? {
        Some(value) => find(value, rest),
        None => Ok(None),
    }
}

fn step_into<'a>(value: &'a str, step: &str) -> Result<Option<&'a str>, Failure> {
    if let Some(members) = Members::of(value) {
        return member(members, step);
    }
    let item = step.parse().ok().and_then(|at| Items::of(value)?.nth(at));
    Ok(item)
}

/// The value of the one member of this name.
fn member<'a>(members: Members<'a>, step: &str) -> Result<Option<&'a str>, Failure> {
    let mut found = members.filter(|(name, _)| name.eq_ignore_ascii_case(step));
    let Some((name, value)) = found.next() else { return Ok(None) };
    if found.next().is_some() {
        return Err(Failure::Ambiguous { member: step.into() });
    }
    Ok((name == step).then_some(value))
}

fn unescaped(step: &str) -> Cow<'_, str> {
    match step.contains('~') {
        true => step.replace("~1", "/").replace("~0", "~").into(),
        false => step.into(),
    }
}

#[cfg(test)]
mod tests;
