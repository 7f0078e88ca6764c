//! Keys of the objects that a proxy routes on: none twice, none that only looks like another.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::lexer::unescape::{Unescaped, decode_inner};

/// A key as written between its quotes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<'a> {
    pub(crate) inner: &'a str,
    pub(crate) is_escaped: bool,
    /// Offset of its opening quote.
    pub(crate) offset: usize,
}

impl<'a> Key<'a> {
    /// What it says.
    pub(crate) fn text(&self) -> Cow<'a, str> {
        if self.is_escaped { decode_inner(self.inner) } else { Cow::Borrowed(self.inner) }
    }
}

/// The names that mean something in one kind of object.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    /// What the object is called in errors.
    pub(crate) object: &'static str,
    /// The names.
    pub(crate) members: &'static [&'static str],
    /// What all names of the protocol start with that are not in `members`.
    pub(crate) prefix: Option<&'static str>,
}

/// What a key is in a vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// One of the names, perhaps written with escapes.
    Member(&'static str),
    /// Not this name, but a reader that folds cases takes it for the name.
    Misspelled(&'static str),
    /// None of the names.
    Other,
}

impl Vocabulary {
    /// What `key` is.
    ///
    /// Decoders that fold cases have routed calls past policies in this field (CVE-2026-27896:
    /// `paramſ` read as `params`; GHSA-4gph-2hhr-5mwg: `Name` beside `name`).
    pub(crate) fn word(&self, key: &Key<'_>) -> Word {
        let exact = self.members.iter().find(|&&member| member == key.inner);
        match exact {
            Some(member) => Word::Member(member),
            None if !key.is_escaped && key.inner.is_ascii() => self.ascii_word(key.inner),
            None => self.folded_word(key),
        }
    }

    /// The bit of one of the names; no vocabulary has more than 32.
    pub(crate) fn bit(&self, name: &'static str) -> u32 {
        self.members
            .iter()
            .zip(0..32)
            .find(|(it, _)| std::ptr::eq(**it, name))
            .map_or(0, |it| 1 << it.1)
    }

    /// What a key in ASCII is that is none of the names; most keys are not like any.
    fn ascii_word(&self, inner: &str) -> Word {
        let twin = self.members.iter().find(|member| member.eq_ignore_ascii_case(inner));
        if let Some(member) = twin {
            return Word::Misspelled(member);
        }
        match self.prefix.map(|prefix| (prefix, inner.get(..prefix.len()).unwrap_or_default())) {
            Some((prefix, start)) if start != prefix && start.eq_ignore_ascii_case(prefix) => {
                Word::Misspelled(prefix)
            }
            _ => Word::Other,
        }
    }

    #[inline]
    fn folded_word(&self, key: &Key<'_>) -> Word {
        let said = || Unescaped::new(key.inner);
        let folded = || said().map(fold);
        let twin = self.members.iter().find(|member| folded().eq(member.chars().map(fold)));
        match (twin, self.prefix) {
            (Some(member), _) if said().eq(member.chars()) => Word::Member(member),
            (Some(member), _) => Word::Misspelled(member),
            (None, Some(prefix))
                if starts_with(folded(), prefix.chars().map(fold))
                    && !starts_with(said(), prefix.chars()) =>
            {
                Word::Misspelled(prefix)
            }
            _ => Word::Other,
        }
    }
}

fn starts_with(
    mut text: impl Iterator<Item = char>,
    mut prefix: impl Iterator<Item = char>,
) -> bool {
    prefix.all(|expected| text.next() == Some(expected))
}

/// The character that every spelling of a letter folds to, as far as it can be an ASCII letter.
///
/// Outside ASCII these are, by Unicode's simple case folding, the long s and the Kelvin sign; and,
/// by the comparison of Java's `equalsIgnoreCase`, the two Turkish letters i.
const fn fold(letter: char) -> char {
    match letter {
        '\u{17F}' => 's',
        '\u{212A}' => 'k',
        '\u{130}' | '\u{131}' => 'i',
        _ => letter.to_ascii_lowercase(),
    }
}

/// The keys of one object so far: no allocation for the first [`INLINE_KEYS`], a hash set (whose
/// seed no peer knows) for more, so that many keys cost no quadratic time.
#[derive(Debug)]
pub(crate) struct KeySet<'a> {
    /// The keys as written; the empty ones from `len` on are free.
    inline: [&'a str; INLINE_KEYS],
    len: usize,
    has_escapes: bool,
    spilled: Option<HashSet<Cow<'a, str>>>,
}

impl<'a> KeySet<'a> {
    pub(crate) const fn new() -> Self {
        Self { inline: [""; INLINE_KEYS], len: 0, has_escapes: false, spilled: None }
    }

    /// Adds a key, and tells whether it is new.
    pub(crate) fn insert(&mut self, key: &Key<'a>) -> bool {
        let len = self.len;
        let Some(free) = self.inline.get_mut(len) else {
            return self.spill().insert(decode_inner(key.inner));
        };
        *free = key.inner;
        self.len += 1;
        self.has_escapes |= key.is_escaped;
        !self.inline.iter().take(len).any(|earlier| self.is_same(earlier, key.inner))
    }

    /// Whether two keys are equal once their escapes are decoded.
    fn is_same(&self, left: &str, right: &str) -> bool {
        left == right || self.has_escapes && Unescaped::new(left).eq(Unescaped::new(right))
    }

    /// The hash set, which holds all keys from the first call on.
    fn spill(&mut self) -> &mut HashSet<Cow<'a, str>> {
        let inline = &self.inline;
        self.spilled.get_or_insert_with(|| inline.iter().map(|inner| decode_inner(inner)).collect())
    }
}

/// More than messages of the protocol have; 16 keys are compared in less time than one is hashed.
const INLINE_KEYS: usize = 16;

#[cfg(test)]
mod tests;
