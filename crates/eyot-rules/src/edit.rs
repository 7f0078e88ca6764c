//! Changes of a payload, as splices over its text: what is not named keeps its bytes.

use std::borrow::Cow;
use std::ops::Range;

use eyot_jsonrpc::{Members, Reader};

use crate::action::{Edit, Redaction};
use crate::json;
use crate::path::{Path, Step, Twice, collect, range_in};
use crate::subject::Phase;

impl Edit {
    /// The payload after this change; `None`: nothing changes. An error says why it cannot be made.
    pub(crate) fn apply(&self, payload: &str, phase: Phase) -> Result<Option<String>, String> {
        let mut splices = Vec::new();
        match self {
            Self::Set(path, value) => set(path, value, payload, &mut splices)?,
            Self::Remove(path) => remove(path, payload, &mut splices),
            Self::Rename(path, name) => rename(path, name, payload, &mut splices)?,
            Self::Redact(redaction) => redact(redaction, payload, phase, &mut splices),
        }
        Ok(spliced(payload, splices))
    }
}

/// One part of a text, and what takes its place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Splice {
    pub(crate) range: Range<usize>,
    pub(crate) text: String,
}

/// The text with the splices; `None` where there are none. A splice in another one is left out.
pub(crate) fn spliced(text: &str, mut splices: Vec<Splice>) -> Option<String> {
    if splices.is_empty() {
        return None;
    }
    splices.sort_by_key(|it| (it.range.start, std::cmp::Reverse(it.range.end)));
    let added: usize = splices.iter().map(|it| it.text.len()).sum();
    let mut out = String::with_capacity(text.len() + added);
    let mut at = 0;
    for splice in splices {
        if splice.range.start >= at {
            out.push_str(text.get(at..splice.range.start).unwrap_or_default());
            out.push_str(&splice.text);
            at = splice.range.end;
        }
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Some(out)
}

/// The values at a place. Keys that are there twice are all meant.
fn values<'t>(steps: &[Step], payload: &'t str) -> Vec<&'t str> {
    let mut found = Vec::new();
    match collect(steps, payload, Twice::All, &mut |it| found.push(it)) {
        Ok(()) => found,
        Err(_) => Vec::new(),
    }
}

/// Sets a place in every object that could have it. What is missing on the way is made.
fn set(path: &Path, value: &str, payload: &str, splices: &mut Vec<Splice>) -> Result<(), String> {
    for len in (0..path.steps().len()).rev() {
        let (there, missing) = path.steps().split_at_checked(len).unwrap_or_default();
        let parents = values(there, payload);
        let Some((Step::Member(name), below)) = missing.split_first() else {
            // Items are not made, and there are as many members as there are.
            let replace = |it| Splice { range: range_in(payload, it), text: value.to_owned() };
            splices.extend(values(path.steps(), payload).into_iter().map(replace));
            return Ok(());
        };
        for parent in &parents {
            let Some(members) = Members::of(parent) else {
                return Err(format!("`{path}` cannot be set: something on the way is no object"));
            };
            let before = splices.len();
            for (_, found) in members.filter(|(key, _)| key == name.as_str()) {
                // Only the last name of the path has a value; above it there was none.
                splices.push(Splice { range: range_in(payload, found), text: value.to_owned() });
            }
            if splices.len() == before
                && let Some(inner) = member_text(below, value)
            {
                let member = format!("{}:{inner}", json::quoted(name));
                splices.extend(appended(parent, &member, payload));
            }
        }
        if !parents.is_empty() {
            return Ok(());
        }
    }
    Ok(())
}

/// An object that has this value at the end of these steps, or the value itself. `None`: not all
/// steps are names.
fn member_text(steps: &[Step], value: &str) -> Option<String> {
    steps.iter().rev().try_fold(value.to_owned(), |text, step| match step {
        Step::Member(name) => Some(format!("{{{}:{text}}}", json::quoted(name))),
        _ => None,
    })
}

/// A member more behind those of an object.
fn appended(object: &str, member: &str, payload: &str) -> Option<Splice> {
    let start = range_in(payload, object).start;
    let last = Members::of(object)?.last();
    let (at, text) = match last {
        Some((_, value)) => (range_in(payload, value).end, format!(",{member}")),
        None => (start + 1, member.to_owned()),
    };
    Some(Splice { range: at..at, text })
}

/// A member of an object, with its place in the payload.
struct MemberPlace<'t> {
    name: Cow<'t, str>,
    /// From behind the member before it (or the `{`) to the end of its value.
    whole: Range<usize>,
    /// With its quotes.
    key: Range<usize>,
}

fn member_places<'t>(object: &'t str, payload: &'t str) -> Vec<MemberPlace<'t>> {
    let mut end = range_in(payload, object).start + 1;
    let mut places = Vec::new();
    for (name, value) in Members::of(object).into_iter().flatten() {
        let value = range_in(payload, value);
        let before = payload.get(end..value.start).unwrap_or_default();
        let key_start = end + before.find('"').unwrap_or_default();
        let key_text = payload.get(key_start..).map(Reader::new).and_then(|mut it| it.value());
        let key = key_start..key_start + key_text.map_or(0, str::len);
        places.push(MemberPlace { name, whole: end..value.end, key });
        end = value.end;
    }
    places
}

/// The objects whose members a path names, and the last step of the path.
fn parents<'t, 'p>(path: &'p Path, payload: &'t str) -> Option<(Vec<&'t str>, &'p Step)> {
    let (last, above) = path.steps().split_last()?;
    Some((values(above, payload), last))
}

fn is_named(place: &MemberPlace<'_>, step: &Step) -> bool {
    match step {
        Step::Member(name) => place.name == name.as_str(),
        Step::AnyMember => true,
        Step::Item(_) | Step::AnyItem => false,
    }
}

fn remove(path: &Path, payload: &str, splices: &mut Vec<Splice>) {
    let Some((objects, last)) = parents(path, payload) else { return };
    for object in objects {
        let mut is_first_kept = true;
        for (number, place) in member_places(object, payload).iter().enumerate() {
            if is_named(place, last) {
                splices.push(Splice { range: place.whole.clone(), text: String::new() });
            } else if std::mem::take(&mut is_first_kept) && number > 0 {
                // The comma in front of it goes, too: nothing stands before it any more.
                let range = place.whole.start..place.key.start;
                splices.push(Splice { range, text: String::new() });
            }
        }
    }
}

fn rename(path: &Path, name: &str, payload: &str, splices: &mut Vec<Splice>) -> Result<(), String> {
    let Some((objects, last)) = parents(path, payload) else { return Ok(()) };
    for object in objects {
        let places = member_places(object, payload);
        let renamed: Vec<_> = places.iter().filter(|it| is_named(it, last)).collect();
        if !renamed.is_empty() && places.iter().any(|it| it.name == name) {
            let name = eyot_document::shown_name(name);
            return Err(format!("`{path}` cannot be renamed: there is a member `{name}` already"));
        }
        let replace =
            |it: &MemberPlace<'_>| Splice { range: it.key.clone(), text: json::quoted(name) };
        splices.extend(renamed.into_iter().map(replace));
    }
    Ok(())
}

fn redact(redaction: &Redaction, payload: &str, phase: Phase, splices: &mut Vec<Splice>) {
    if redaction.paths.is_empty() {
        for (name, value) in Members::of(payload).into_iter().flatten() {
            if !is_protocol(&name, phase) {
                cover(redaction, value, payload, splices);
            }
        }
        return;
    }
    for path in &redaction.paths {
        for value in values(path.steps(), payload) {
            cover(redaction, value, payload, splices);
        }
    }
}

/// Covers a value, or what matches in the texts and the numbers of it.
fn cover(redaction: &Redaction, value: &str, payload: &str, splices: &mut Vec<Splice>) {
    if redaction.patterns.is_empty() {
        splices
            .push(Splice { range: range_in(payload, value), text: json::quoted(&redaction.with) });
        return;
    }
    let mut reader = Reader::new(value);
    let is_read = each_leaf(&mut reader, &mut |raw| {
        if let Some(covered) = leaf_text(raw).and_then(|it| covered(redaction, &it)) {
            splices.push(Splice { range: range_in(payload, raw), text: json::quoted(&covered) });
        }
    });
    // What cannot be looked through is covered as a whole.
    if is_read.is_none() {
        splices
            .push(Splice { range: range_in(payload, value), text: json::quoted(&redaction.with) });
    }
}

/// The text with all that matches covered. `None`: nothing does.
fn covered(redaction: &Redaction, text: &str) -> Option<String> {
    let mut covered = None;
    for pattern in &redaction.patterns {
        let text = covered.as_deref().unwrap_or(text);
        if let Cow::Owned(replaced) = pattern.replace(text, &redaction.with) {
            covered = Some(replaced);
        }
    }
    covered
}

/// The text of a string or a number.
fn leaf_text(raw: &str) -> Option<Cow<'_, str>> {
    match raw.as_bytes().first()? {
        b'"' => json::text(raw),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(raw)),
        _ => None,
    }
}

/// Shows each value that has no parts. Recurses as deep as the scan allows.
fn each_leaf<'t>(reader: &mut Reader<'t>, show: &mut dyn FnMut(&'t str)) -> Option<()> {
    match reader.peek() {
        b'{' => {
            let mut has_next = reader.object()?;
            while has_next {
                reader.key()?;
                each_leaf(reader, show)?;
                has_next = reader.next_member()?;
            }
        }
        b'[' => {
            let mut has_next = reader.array()?;
            while has_next {
                each_leaf(reader, show)?;
                has_next = reader.next_item()?;
            }
        }
        _ => show(reader.value()?),
    }
    Some(())
}

/// Whether a member of a payload belongs to the protocol: what is found by names and tokens would
/// not be found any more.
pub(crate) fn is_protocol(name: &str, phase: Phase) -> bool {
    let names: &[&str] = match phase {
        Phase::Request => &["_meta", "name", "uri", "ref", "requestState", "taskId", "cursor"],
        Phase::Response => &["_meta", "nextCursor", "requestState", "resultType", "taskId", "task"],
    };
    names.contains(&name)
}

#[cfg(test)]
mod tests;
