//! Places in a JSON value.

use std::fmt;
use std::ops::Range;

use eyot_jsonrpc::{Items, Members};

/// A place, or many, in a JSON value: `a.b`, `a."b.c"`, `a[0]`, `a[*].b`, `a.*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    text: String,
    steps: Vec<Step>,
}

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Member(String),
    AnyMember,
    Item(usize),
    AnyItem,
}

/// What to do where an object has a key twice, or in two cases: readers take different ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Twice {
    /// It cannot be decided about.
    Refuse,
    /// All of them are meant.
    All,
}

/// An object on the way has a key twice, or in two cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ambiguous {
    pub(crate) key: String,
}

impl fmt::Display for Ambiguous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = eyot_document::shown_name(&self.key);
        write!(f, "the message has the member `{key}` twice, or in another case as well")
    }
}

impl Path {
    /// Reads a path; an error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() || steps.is_empty() {
            let (step, behind) = match rest.strip_prefix('[') {
                Some(inside) => item(inside)?,
                None => member(if steps.is_empty() { rest } else { dot(rest)? })?,
            };
            steps.push(step);
            rest = behind;
            if steps.len() > STEPS_MAX {
                return Err(format!("the path has more than {STEPS_MAX} steps"));
            }
        }
        Ok(Self { text: text.to_owned(), steps })
    }

    /// This path behind a member.
    pub(crate) fn below(mut self, member: &str) -> Self {
        let dot = if self.text.starts_with('[') { "" } else { "." };
        self.text = format!("{member}{dot}{}", self.text);
        self.steps.insert(0, Step::Member(member.to_owned()));
        self
    }

    /// The steps, of which there is at least one.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The name of the first member, if the path begins with one.
    pub(crate) fn root(&self) -> Option<&str> {
        match self.steps.first() {
            Some(Step::Member(name)) => Some(name),
            _ => None,
        }
    }

    /// The raw values at this place of `value`, in its order.
    pub(crate) fn values<'t>(
        &self,
        value: &'t str,
        twice: Twice,
    ) -> Result<Vec<&'t str>, Ambiguous> {
        let mut found = Vec::new();
        collect(&self.steps, value, twice, &mut |it| found.push(it))?;
        Ok(found)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where `part` stands in `whole`, of which it is a slice.
pub(crate) fn range_in(whole: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
    start..start + part.len()
}

/// Recurses once for each step, of which there are few.
pub(crate) fn collect<'t>(
    steps: &[Step],
    value: &'t str,
    twice: Twice,
    found: &mut dyn FnMut(&'t str),
) -> Result<(), Ambiguous> {
    let Some((step, rest)) = steps.split_first() else {
        found(value);
        return Ok(());
    };
    match step {
        Step::Member(name) => {
            let (mut is_found, mut variants) = (false, 0);
            for (key, inner) in Members::of(value).into_iter().flatten() {
                let is_it = key == name.as_str();
                variants += usize::from(is_it || folds_alike(&key, name));
                if is_it && (twice == Twice::All || !is_found) {
                    collect(rest, inner, twice, found)?;
                }
                is_found |= is_it;
            }
            if twice == Twice::Refuse && variants > usize::from(is_found) {
                return Err(Ambiguous { key: name.clone() });
            }
        }
        Step::AnyMember => {
            for (_, inner) in Members::of(value).into_iter().flatten() {
                collect(rest, inner, twice, found)?;
            }
        }
        Step::Item(number) => {
            if let Some(inner) = Items::of(value).and_then(|mut it| it.nth(*number)) {
                collect(rest, inner, twice, found)?;
            }
        }
        Step::AnyItem => {
            for inner in Items::of(value).into_iter().flatten() {
                collect(rest, inner, twice, found)?;
            }
        }
    }
    Ok(())
}

/// Whether a reader that folds cases takes one for the other.
fn folds_alike(one: &str, other: &str) -> bool {
    one.chars().map(folded).eq(other.chars().map(folded))
}

const fn folded(char: char) -> char {
    match char {
        'ſ' => 's',
        '\u{212a}' => 'k',
        _ => char.to_ascii_lowercase(),
    }
}

fn dot(rest: &str) -> Result<&str, String> {
    rest.strip_prefix('.').ok_or_else(|| "a step begins with `.` or `[`".to_owned())
}

/// The number or the `*` behind a `[`.
fn item(inside: &str) -> Result<(Step, &str), String> {
    let (number, rest) = inside.split_once(']').ok_or("a `[` has no `]`")?;
    let step = match number {
        "*" => Step::AnyItem,
        _ => Step::Item(number.parse().map_err(|_| {
            format!("`[{}]` is neither a number nor `[*]`", eyot_document::shown_name(number))
        })?),
    };
    Ok((step, rest))
}

/// A name, in quotes or without, or a `*`.
fn member(text: &str) -> Result<(Step, &str), String> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, rest) = quoted.split_once('"').ok_or("a quote is not closed")?;
        return Ok((Step::Member(name.to_owned()), rest));
    }
    let end = text.find(['.', '[']).unwrap_or(text.len());
    match text.split_at(end) {
        ("", _) => Err("a name is missing in it".to_owned()),
        ("*", rest) => Ok((Step::AnyMember, rest)),
        (name, rest) => Ok((Step::Member(name.to_owned()), rest)),
    }
}

/// Steps of a path: as many as a message may be deep.
const STEPS_MAX: usize = 64;

#[cfg(test)]
mod tests;
