//! Names with `*`, `?` and `[…]` in them.

use std::collections::BTreeSet;
use std::fmt;

/// A pattern over whole names: `*` is any text, `?` any one character, `[a-z]` one of these and
/// `[!a-z]` none of these. Everything else stands for itself, with its case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Char(char),
    AnyChar,
    AnyText,
    Class { is_negated: bool, ranges: Vec<(char, char)> },
}

impl Glob {
    /// Reads a pattern; an error says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > GLOB_BYTES_MAX {
            return Err(format!("the pattern has more than {GLOB_BYTES_MAX} bytes"));
        }
        let mut parts = Vec::new();
        let mut chars = text.chars();
        while let Some(next) = chars.next() {
            parts.push(match next {
                '*' if parts.last() == Some(&Part::AnyText) => continue,
                '*' => Part::AnyText,
                '?' => Part::AnyChar,
                '[' => class(&mut chars)?,
                itself => Part::Char(itself),
            });
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// The pattern, as it is written.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The text that every matching name begins with.
    pub(crate) fn prefix(&self) -> String {
        self.parts.iter().map_while(Part::as_char).collect()
    }

    /// The one name that matches. `None`: there are others.
    pub(crate) fn exact(&self) -> Option<String> {
        self.parts.iter().map(Part::as_char).collect()
    }

    /// Whether the whole name matches. Takes at most as many steps as the pattern is long, for
    /// each character of the name.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let mut rest = name.chars();
        let mut at = 0;
        // Where to go on after the last `*`, once it has taken one character more.
        let mut again: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            match self.parts.get(at) {
                Some(Part::AnyText) => {
                    at += 1;
                    again = Some((at, rest.clone()));
                    continue;
                }
                Some(part) => {
                    let mut ahead = rest.clone();
                    if ahead.next().is_some_and(|it| part.matches(it)) {
                        rest = ahead;
                        at += 1;
                        continue;
                    }
                }
                None if rest.as_str().is_empty() => return true,
                None => {}
            }
            let Some((from, taken)) = &mut again else { return false };
            if taken.next().is_none() {
                return false;
            }
            at = *from;
            rest = taken.clone();
        }
    }

    /// Whether a name could match both patterns, as far as their beginnings tell.
    pub(crate) fn may_overlap(&self, other: &Self) -> bool {
        match (self.exact(), other.exact()) {
            (Some(one), _) => other.matches(&one),
            (_, Some(other)) => self.matches(&other),
            _ => {
                let (one, other) = (self.prefix(), other.prefix());
                one.starts_with(&other) || other.starts_with(&one)
            }
        }
    }
}

/// Some patterns, of which one is enough. Whole names among them are found by a look-up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Globs {
    all: Vec<Glob>,
    exact: BTreeSet<String>,
    /// Those that match more than one name.
    open: Vec<Glob>,
}

impl Globs {
    /// All patterns, as they are written.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Glob> {
        self.all.iter()
    }

    /// Whether the whole name matches one of them.
    pub(crate) fn matches(&self, name: &str) -> bool {
        self.exact.contains(name) || self.open.iter().any(|it| it.matches(name))
    }

    /// Whether a name could match one of both, as far as their beginnings tell.
    pub(crate) fn may_overlap(&self, other: &Self) -> bool {
        self.iter().any(|one| other.iter().any(|other| one.may_overlap(other)))
    }
}

impl FromIterator<Glob> for Globs {
    fn from_iter<T: IntoIterator<Item = Glob>>(globs: T) -> Self {
        let all = Vec::from_iter(globs);
        let exact = all.iter().filter_map(Glob::exact).collect();
        let open = all.iter().filter(|it| it.exact().is_none()).cloned().collect();
        Self { all, exact, open }
    }
}

/// The first patterns, and how many more there are.
impl fmt::Display for Globs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first: Vec<_> = self.iter().take(SHOWN_MAX).map(Glob::as_str).collect();
        f.write_str(&first.join(" or "))?;
        match self.all.len().saturating_sub(SHOWN_MAX) {
            0 => Ok(()),
            more => write!(f, " or {more} more"),
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Part {
    const fn as_char(&self) -> Option<char> {
        match self {
            Self::Char(itself) => Some(*itself),
            _ => None,
        }
    }

    fn matches(&self, char: char) -> bool {
        match self {
            Self::Char(itself) => *itself == char,
            Self::AnyChar => true,
            Self::AnyText => false,
            Self::Class { is_negated, ranges } => {
                ranges.iter().any(|(from, to)| (*from..=*to).contains(&char)) != *is_negated
            }
        }
    }
}

/// The characters between `[` and `]`.
fn class(chars: &mut std::str::Chars<'_>) -> Result<Part, String> {
    let is_negated = chars.as_str().starts_with('!');
    if is_negated {
        chars.next();
    }
    let mut ranges: Vec<(char, char)> = Vec::new();
    loop {
        let from = match chars.next() {
            Some(']') if !ranges.is_empty() => return Ok(Part::Class { is_negated, ranges }),
            Some(char) => char,
            None => return Err("a `[` has no `]`: write `[[]` for the bracket itself".to_owned()),
        };
        let mut ahead = chars.clone();
        let to = match (ahead.next(), ahead.next()) {
            (Some('-'), Some(to)) if to != ']' => {
                *chars = ahead;
                to
            }
            _ => from,
        };
        if to < from {
            return Err(format!("no character is in `{from}-{to}`: turn the range around"));
        }
        ranges.push((from, to));
    }
}

/// Patterns that an explanation shows.
const SHOWN_MAX: usize = 8;

/// Bytes of a pattern.
const GLOB_BYTES_MAX: usize = 512;

#[cfg(test)]
mod tests;
