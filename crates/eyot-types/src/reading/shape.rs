//! Values as text, held against what they should be.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Number;

use super::oddity::{Mark, Notes, OddityEffect};
use crate::raw_members::{RawMembers, raw_items};

/// What a value should be.
#[derive(Debug)]
pub(super) enum Shape {
    /// Anything.
    Any,
    /// A text.
    Text,
    /// A text that goes back to its server; other scalars are written as one.
    Cursor,
    /// `true` or `false`.
    Flag,
    /// A number.
    Number,
    /// A whole number from zero on, which has room in 64 bits.
    Count,
    /// An object of any members.
    Object,
    /// An object that has, beside members of any name, these; `true` stands for one without any.
    Settings(&'static [Member]),
    /// An object whose members are all settings, these among them.
    Capabilities(&'static [Member]),
    /// A JSON Schema, as an object.
    Schema,
    /// A list of one shape: what is not of it is left out. One that stands alone is a list of one.
    Each(&'static Self),
    /// An object that has, beside members of any name, these.
    Record(&'static [Member]),
    /// An object whose `type` says what its other members are. A text stands for one of type
    /// `text`; an object of an unknown type may have any members.
    Tagged(&'static [(&'static str, &'static [Member])]),
}

/// A member of an object.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) need: Need,
}

/// What an object is without a member.
#[derive(Debug)]
pub(super) enum Need {
    /// As good as with it.
    Optional,
    /// Nothing.
    Required,
    /// Nothing, unless it has another member of this need.
    OneOf,
    /// As good as with it; but with one of a wrong shape it is nothing.
    Exact,
    /// The same as with this value.
    Else(&'static str),
    /// The same as with this value; but with one of a wrong shape it is nothing.
    Absent(&'static str),
    /// The same as with the value of that member.
    Like(&'static str),
}

impl Need {
    /// Whether an object is nothing with a member of a wrong shape.
    const fn is_exact(&self) -> bool {
        matches!(self, Self::Required | Self::Exact | Self::Absent(_))
    }
}

/// The value of this shape that `raw` can only mean.
///
/// # Errors
/// Why there is none, such as `is a number and no text`.
pub(super) fn mend_value<'a>(
    shape: &Shape,
    raw: &'a str,
    notes: &mut Notes,
) -> Result<Cow<'a, str>, String> {
    let is = |first| raw.starts_with(first);
    let as_it_is = Ok(Cow::Borrowed(raw));
    match shape {
        Shape::Any => as_it_is,
        Shape::Text | Shape::Cursor if is('"') => as_it_is,
        Shape::Flag if matches!(raw, "true" | "false") => as_it_is,
        Shape::Number if kind(raw) == "number" => as_it_is,
        Shape::Count if raw.parse::<u64>().is_ok() => as_it_is,
        Shape::Object | Shape::Schema if is('{') => as_it_is,
        Shape::Capabilities(known) if is('{') => mend_capabilities(known, raw, notes),
        Shape::Each(shape) if is('[') => mend_items(shape, raw, notes),
        Shape::Record(members) | Shape::Settings(members) if is('{') => {
            mend_members(members, None, raw, notes)
        }
        Shape::Tagged(kinds) if is('{') => mend_tagged(kinds, raw, notes),
        _ => match meaning(shape, raw, notes) {
            Some(meant) => {
                notes.add(not(raw, shape), OddityEffect::Mended);
                Ok(Cow::Owned(meant))
            }
            None => Err(not(raw, shape)),
        },
    }
}

/// The one meaning of a value that is not of its shape.
fn meaning(shape: &Shape, raw: &str, notes: &mut Notes) -> Option<String> {
    let is_empty_list = || raw_items(raw).is_some_and(|it| it.is_empty());
    let is_empty_object = || RawMembers::of(raw).is_ok_and(|it| it.into_iter().len() == 0);
    // Numbers and flags as texts.
    let inner = || raw.strip_prefix('"')?.strip_suffix('"').map(str::trim);
    match shape {
        Shape::Cursor if kind(raw) == "number" => Some(format!("\"{raw}\"")),
        Shape::Flag => match inner().unwrap_or(raw).to_ascii_lowercase().as_str() {
            "true" | "1" => Some("true".to_owned()),
            "false" | "0" => Some("false".to_owned()),
            _ => None,
        },
        Shape::Number => inner()?.parse::<Number>().ok().map(|it| it.to_string()),
        Shape::Count => whole(inner().unwrap_or(raw)).map(|it| it.to_string()),
        Shape::Schema if raw == "true" || is_empty_list() => Some("{}".to_owned()),
        Shape::Schema if raw == "false" => Some(r#"{"not":{}}"#.to_owned()),
        Shape::Settings(_) if raw == "true" => Some("{}".to_owned()),
        // Languages whose empty map is an empty list.
        Shape::Object | Shape::Settings(_) | Shape::Capabilities(_) if is_empty_list() => {
            Some("{}".to_owned())
        }
        Shape::Record(members) if is_empty_list() => {
            mend_members(members, None, "{}", notes).ok().map(Cow::into_owned)
        }
        Shape::Each(_) if raw == "null" || is_empty_object() => Some("[]".to_owned()),
        Shape::Each(shape) => {
            let mark = notes.mark();
            let alone = mend_value(shape, raw, notes);
            notes.forget(mark);
            alone.ok().map(|it| format!("[{it}]"))
        }
        Shape::Tagged(kinds) if raw.starts_with('"') => {
            let has_text = kinds.iter().any(|(kind, _)| *kind == "text");
            has_text.then(|| format!(r#"{{"type":"text","text":{raw}}}"#))
        }
        _ => None,
    }
}

/// A whole number from zero on, also one that is written as a fraction.
fn whole(text: &str) -> Option<u64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let number: f64 = text.parse::<Number>().ok()?.as_f64()?;
    let is_whole = number.fract() == 0.0 && (0.0..=EXACT_MAX).contains(&number);
    is_whole.then(|| format!("{number:.0}").parse().ok()).flatten()
}

fn mend_items<'a>(shape: &Shape, raw: &'a str, notes: &mut Notes) -> Result<Cow<'a, str>, String> {
    let mut kept = Vec::new();
    let mut is_changed = false;
    for (number, item) in raw_items(raw).into_iter().flatten().enumerate() {
        let mark = notes.mark();
        let mended = notes.within(format_args!("[{number}]"), |notes| {
            let mended = mend_value(shape, item, notes);
            mended.map_err(|why| left_out(why, mark, notes)).ok()
        });
        if notes.mark() != mark
            && let Some(name) = element_name(item)
        {
            notes.name(mark, &name);
        }
        is_changed |= !matches!(mended, Some(Cow::Borrowed(_)));
        kept.extend(mended);
    }
    if !is_changed {
        return Ok(Cow::Borrowed(raw));
    }
    Ok(Cow::Owned(format!("[{}]", kept.join(","))))
}

/// What the element of a list is called by its server.
fn element_name(item: &str) -> Option<String> {
    let members = RawMembers::of(item).ok()?;
    let name_of = |wanted| serde_json::from_str(members.find(wanted)?).ok();
    ["name", "uri", "uriTemplate"].into_iter().find_map(name_of)
}

/// Takes note that a part is left out, whatever was odd inside of it.
fn left_out(why: String, mark: Mark, notes: &mut Notes) {
    notes.forget(mark);
    notes.add(why, OddityEffect::LeftOut);
}

fn mend_capabilities<'a>(
    known: &[Member],
    raw: &'a str,
    notes: &mut Notes,
) -> Result<Cow<'a, str>, String> {
    let others = Member { name: "", shape: Shape::Settings(&[]), need: Need::Optional };
    mend_members(known, Some(&others), raw, notes)
}

fn mend_tagged<'a>(
    kinds: &[(&str, &[Member])],
    raw: &'a str,
    notes: &mut Notes,
) -> Result<Cow<'a, str>, String> {
    let members = read_members(raw)?;
    let tag = members.find("type").ok_or("has no `type`")?;
    let tag = tag.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    let tag = tag.ok_or("has a `type` that is no text")?;
    match kinds.iter().find(|(kind, _)| *kind == tag) {
        Some((_, members)) => mend_members(members, None, raw, notes),
        None => Ok(Cow::Borrowed(raw)),
    }
}

/// The members of an object one by one; those without a name here are held against `others`.
fn mend_members<'a>(
    known: &[Member],
    others: Option<&Member>,
    raw: &'a str,
    notes: &mut Notes,
) -> Result<Cow<'a, str>, String> {
    let mut kept: Vec<(Cow<'a, str>, Cow<'a, str>)> = Vec::new();
    let mut is_changed = false;
    for (name, value) in read_members(raw)? {
        let Some(member) = known.iter().find(|it| it.name == name).or(others) else {
            kept.push((name, Cow::Borrowed(value)));
            continue;
        };
        let dot = if notes.is_inside() { "." } else { "" };
        let mended =
            notes.within(format_args!("{dot}{name}"), |notes| mend_member(member, value, notes));
        let mended = mended.map_err(|why| format!("has a `{name}` that {why}"))?;
        is_changed |= !matches!(mended, Some(Cow::Borrowed(_)));
        kept.extend(mended.map(|value| (name, value)));
    }
    for member in known {
        let has = |name: &str| kept.iter().find(|(key, _)| key == name);
        if has(member.name).is_some() {
            continue;
        }
        let instead = match member.need {
            Need::Optional | Need::Exact => continue,
            Need::OneOf if known.iter().any(|it| is_one_of(it) && has(it.name).is_some()) => {
                continue;
            }
            Need::Required | Need::OneOf => return Err(format!("has no `{}`", member.name)),
            Need::Else(value) | Need::Absent(value) => Cow::Borrowed(value),
            Need::Like(other) => match has(other) {
                Some((_, value)) => value.clone(),
                None => return Err(format!("has no `{}`", member.name)),
            },
        };
        is_changed = true;
        notes.add(format!("has no `{}`", member.name), OddityEffect::Mended);
        kept.push((Cow::Borrowed(member.name), instead));
    }
    if !is_changed {
        return Ok(Cow::Borrowed(raw));
    }
    Ok(Cow::Owned(written(&kept)))
}

/// The value of a member; `None`: the object is as good without it.
///
/// # Errors
/// Why the object is nothing with it.
pub(super) fn mend_member<'a>(
    member: &Member,
    value: &'a str,
    notes: &mut Notes,
) -> Result<Option<Cow<'a, str>>, String> {
    let is_any = matches!(member.shape, Shape::Any);
    let is_required = matches!(member.need, Need::Required);
    // Many languages write a member that is not there as `null`.
    if value == "null" && !is_any && !is_required {
        return Ok(None);
    }
    let mark = notes.mark();
    match mend_value(&member.shape, value, notes) {
        Ok(mended) => Ok(Some(mended)),
        Err(why) if member.need.is_exact() => Err(why),
        Err(why) => {
            left_out(why, mark, notes);
            Ok(None)
        }
    }
}

fn read_members(raw: &str) -> Result<RawMembers<'_>, String> {
    RawMembers::of(raw).map_err(|error| format!("cannot be read: {error}"))
}

const fn is_one_of(member: &Member) -> bool {
    matches!(member.need, Need::OneOf)
}

fn written(members: &[(Cow<'_, str>, Cow<'_, str>)]) -> String {
    let mut text = String::from("{");
    for (number, (name, value)) in members.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        let name = serde_json::Value::from(&**name);
        // Writing to a text cannot fail.
        _ = write!(text, "{comma}{name}:{value}");
    }
    text.push('}');
    text
}

/// What is wrong with a value that is not of its shape.
fn not(raw: &str, shape: &Shape) -> String {
    let wanted = match shape {
        Shape::Any => "value",
        Shape::Text | Shape::Cursor => "text",
        Shape::Flag => "`true` or `false`",
        Shape::Number => "number",
        Shape::Count => "whole number",
        Shape::Schema => "schema",
        Shape::Object
        | Shape::Settings(_)
        | Shape::Capabilities(_)
        | Shape::Record(_)
        | Shape::Tagged(_) => "object",
        Shape::Each(_) => "list",
    };
    match kind(raw) {
        kind @ ("null" | "true" | "false") => format!("is {kind} and no {wanted}"),
        "object" => format!("is an object and no {wanted}"),
        kind => format!("is a {kind} and no {wanted}"),
    }
}

/// What a value is, in a word.
fn kind(raw: &str) -> &'static str {
    match raw.as_bytes().first() {
        Some(b'"') => "text",
        Some(b'{') => "object",
        Some(b'[') => "list",
        Some(b't') => "true",
        Some(b'f') => "false",
        Some(b'n') => "null",
        _ => "number",
    }
}

/// Whole numbers up to 2^53 are exact in every reader of JSON.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
