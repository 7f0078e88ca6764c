//! One text for all the ways to write a value down.

use crate::error::Halt;
use crate::lexer::unescape::decode_inner;
use crate::scan::limits::ScanLimits;
use crate::walker::Walker;

/// A value without white space, its keys sorted, its strings escaped as little as possible. Two
/// values that say the same have the same text, however they were written.
///
/// Numbers stay to the letter: a reader that rounds them (beyond 2^64, beyond 17 digits) would take
/// two for one. A key that comes twice stays twice.
///
/// The text is a part of a message, so it has passed the scan: what could not have passed it ends
/// the result.
#[must_use]
pub fn canonical(text: &str) -> String {
    let mut canonical = String::with_capacity(text.len());
    let mut walker = Walker::new(text, 0, &ScanLimits::OWN);
    // What went wrong has ended the text already.
    drop(write_value(&mut walker, &mut canonical));
    canonical
}

/// Recurses as deep as the scan allows, which is not deep.
fn write_value(walker: &mut Walker<'_>, out: &mut String) -> Result<(), Halt> {
    let start = walker.lexer.at();
    match walker.lexer.peek() {
        b'{' => write_object(walker, out)?,
        b'[' => write_array(walker, out)?,
        b'"' => {
            walker.lexer.string()?;
            write_string(&decode_inner(walker.lexer.text_inside(start)), out);
        }
        _ => {
            walker.value()?;
            out.push_str(walker.lexer.text_from(start));
        }
    }
    Ok(())
}

fn write_object(walker: &mut Walker<'_>, out: &mut String) -> Result<(), Halt> {
    let mut members = Vec::new();
    let mut has_next = walker.begin_object()?;
    while has_next {
        let key = walker.key()?;
        let mut value = String::new();
        write_value(walker, &mut value)?;
        members.push((decode_inner(key.inner), value));
        has_next = walker.next_member()?;
    }
    // Stable, for keys that come twice.
    members.sort_by(|(one, _), (other, _)| one.cmp(other));
    out.push('{');
    for (number, (key, value)) in members.iter().enumerate() {
        if number > 0 {
            out.push(',');
        }
        write_string(key, out);
        out.push(':');
        out.push_str(value);
    }
    out.push('}');
    Ok(())
}

fn write_array(walker: &mut Walker<'_>, out: &mut String) -> Result<(), Halt> {
    out.push('[');
    let mut has_next = walker.open_array()?;
    while has_next {
        write_value(walker, out)?;
        has_next = walker.next_item()?;
        if has_next {
            out.push(',');
        }
    }
    out.push(']');
    Ok(())
}

fn write_string(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests;
