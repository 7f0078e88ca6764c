//! What a rule wants of a value in a message.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use crate::glob::Globs;
use crate::json::{self, Number};
use crate::pattern::Pattern;

/// What one value must be. All of it holds of one value, not each of another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Whether there is a value at all. `None`: there is one, and `checks` hold of it.
    pub(crate) exists: Option<bool>,
    pub(crate) checks: Vec<Check>,
}

/// One thing that is wanted of a value.
#[derive(Clone, Debug)]
pub(crate) enum Check {
    /// It is one of these, which are canonical JSON.
    In(OneOf),
    /// It is a text that begins with one of these.
    Prefix(Vec<String>),
    /// It is a text that matches one of these.
    Glob(Globs),
    /// It is a text in which one of these is.
    Regex(Vec<Pattern>),
    /// It is a number above this one.
    Above(Number),
    /// It is a number below this one.
    Below(Number),
    /// It is this large.
    Size(Bounds),
    /// It is a path in one of these folders, and does not leave it.
    Under(Vec<String>),
    /// It is anything else.
    Not(Vec<Self>),
}

/// Some values, of which one is enough.
#[derive(Clone, Debug)]
pub(crate) struct OneOf {
    /// As canonical JSON, all but the numbers.
    values: BTreeSet<String>,
    numbers: Vec<Number>,
    /// No text that is written longer says what one of them says: an escape takes six bytes for one.
    text_len_max: usize,
    shown: String,
}

impl OneOf {
    /// These values, which are canonical JSON.
    pub(crate) fn of(values: Vec<String>) -> Self {
        let first: Vec<_> = values.iter().take(SHOWN_MAX).map(String::as_str).collect();
        let shown = match values.len() {
            1 => format!("is {}", first.join("")),
            len if len > SHOWN_MAX => format!("in [{}, …]", first.join(", ")),
            _ => format!("in [{}]", first.join(", ")),
        };
        let numbers = values.iter().filter_map(|it| Number::parse(it)).collect();
        let text_len_max = 6 * values.iter().map(String::len).max().unwrap_or_default();
        let values = values.into_iter().filter(|it| Number::parse(it).is_none()).collect();
        Self { values, numbers, text_len_max, shown }
    }

    /// Whether a raw value says what one of them says; numbers are compared by value.
    fn has(&self, raw: &str) -> bool {
        match Number::parse(raw) {
            Some(number) => {
                self.numbers.iter().any(|it| it.compare(number) == Some(Ordering::Equal))
            }
            None if raw.starts_with('"') && raw.len() > self.text_len_max => false,
            None => !self.values.is_empty() && self.values.contains(&*canonical(raw)),
        }
    }
}

/// Bounds of a size, both within.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) min: usize,
    pub(crate) max: usize,
}

impl Wanted {
    /// Whether it holds of the values of a place.
    pub(crate) fn holds<'t>(&self, values: impl IntoIterator<Item = &'t str>) -> bool {
        let mut values = values.into_iter();
        match self.exists {
            Some(false) => values.next().is_none(),
            _ => values.any(|value| self.checks.iter().all(|it| it.holds(value))),
        }
    }
}

impl Check {
    /// Whether it holds of a raw JSON value.
    pub(crate) fn holds(&self, raw: &str) -> bool {
        match self {
            Self::In(values) => values.has(raw),
            Self::Prefix(prefixes) => {
                json::text(raw).is_some_and(|text| prefixes.iter().any(|it| text.starts_with(it)))
            }
            Self::Glob(globs) => json::text(raw).is_some_and(|text| globs.matches(&text)),
            Self::Regex(patterns) => {
                json::text(raw).is_some_and(|text| patterns.iter().any(|it| it.is_in(&text)))
            }
            Self::Above(bound) => compares(raw, *bound, Ordering::Greater),
            Self::Below(bound) => compares(raw, *bound, Ordering::Less),
            Self::Size(bounds) => {
                json::size(raw).is_some_and(|it| (bounds.min..=bounds.max).contains(&it))
            }
            Self::Under(folders) => {
                json::text(raw).is_some_and(|text| folders.iter().any(|it| is_under(&text, it)))
            }
            Self::Not(checks) => !checks.iter().all(|it| it.holds(raw)),
        }
    }
}

/// The value as [`eyot_jsonrpc::canonical`] writes it. A text without escapes is written so already.
fn canonical(raw: &str) -> Cow<'_, str> {
    match raw.starts_with('"') && !raw.contains('\\') {
        true => Cow::Borrowed(raw),
        false => Cow::Owned(eyot_jsonrpc::canonical(raw)),
    }
}

fn compares(raw: &str, bound: Number, wanted: Ordering) -> bool {
    Number::parse(raw).and_then(|it| it.compare(bound)) == Some(wanted)
}

/// Whether a path or a `file:` URI is a folder or in it, whatever `.` and `..` there are. What
/// readers could understand in two ways (`%`, `\`, a NUL) is in no folder.
fn is_under(path: &str, folder: &str) -> bool {
    if path.contains(['%', '\\', '\0', '?', '#']) {
        return false;
    }
    let path = path.strip_prefix("file://").unwrap_or(path);
    if path.starts_with('/') != folder.starts_with('/') {
        return false;
    }
    let mut names = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." if names.pop().is_none() => return false,
            ".." => {}
            name => names.push(name),
        }
    }
    let folder = folder.split('/').filter(|it| !matches!(*it, "" | "."));
    let mut names = names.into_iter();
    folder.into_iter().all(|it| names.next() == Some(it))
}

impl fmt::Display for OneOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exists {
            Some(true) => f.write_str("exists")?,
            Some(false) => f.write_str("is not there")?,
            None => {}
        }
        for (number, check) in self.checks.iter().enumerate() {
            if number > 0 || self.exists.is_some() {
                f.write_str(" and ")?;
            }
            check.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::In(values) => values.fmt(f),
            Self::Prefix(prefixes) => write!(f, "begins with {}", prefixes.join(" or ")),
            Self::Glob(globs) => write!(f, "like {globs}"),
            Self::Regex(patterns) => {
                let patterns: Vec<_> = patterns.iter().map(Pattern::as_str).collect();
                write!(f, "has {}", patterns.join(" or "))
            }
            Self::Above(Number::Whole(bound)) => write!(f, "> {bound}"),
            Self::Above(Number::Real(bound)) => write!(f, "> {bound}"),
            Self::Below(Number::Whole(bound)) => write!(f, "< {bound}"),
            Self::Below(Number::Real(bound)) => write!(f, "< {bound}"),
            Self::Size(Bounds { min, max: usize::MAX }) => write!(f, "has a size from {min} on"),
            Self::Size(Bounds { min, max }) => write!(f, "has a size from {min} to {max}"),
            Self::Under(folders) => write!(f, "under {}", folders.join(" or ")),
            Self::Not(checks) => {
                f.write_str("not (")?;
                for (number, check) in checks.iter().enumerate() {
                    f.write_str(if number > 0 { " and " } else { "" })?;
                    check.fmt(f)?;
                }
                f.write_str(")")
            }
        }
    }
}

/// Values that an explanation shows.
const SHOWN_MAX: usize = 8;

#[cfg(test)]
mod tests;
