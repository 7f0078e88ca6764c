//! Addresses with variables in them (RFC 6570), read backwards: finds the values that lead to an
//! address.

use std::collections::BTreeMap;

/// A template of which every part is a text or one variable: `{name}` for a piece without slashes,
/// `{+name}` for a piece that may have them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct UriTemplate(Vec<Part>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable { name: String, is_reserved: bool },
}

/// A template that cannot be matched.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidTemplate {
    #[error("a brace is not closed, or opened twice")]
    Braces,
    #[error("`{{{0}}}` is not supported; use `{{name}}` or `{{+name}}`")]
    Expression(String),
    #[error("two variables stand side by side: where one ends is unclear")]
    Adjacent,
}

impl UriTemplate {
    pub(crate) fn parse(template: &str) -> Result<Self, InvalidTemplate> {
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some((text, after)) = rest.split_once('{') {
            let (expression, after) = after.split_once('}').ok_or(InvalidTemplate::Braces)?;
            if text.contains('}') || expression.contains('{') {
                return Err(InvalidTemplate::Braces);
            }
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            } else if matches!(parts.last(), Some(Part::Variable { .. })) {
                return Err(InvalidTemplate::Adjacent);
            }
            let (name, is_reserved) = match expression.strip_prefix('+') {
                Some(name) => (name, true),
                None => (expression, false),
            };
            let is_name = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '.';
            if name.is_empty() || !name.chars().all(is_name) {
                return Err(InvalidTemplate::Expression(expression.to_owned()));
            }
            parts.push(Part::Variable { name: name.to_owned(), is_reserved });
            rest = after;
        }
        if rest.contains('}') {
            return Err(InvalidTemplate::Braces);
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// The values that lead to `uri`, with percent-encoding undone. `None`: it is another address.
    ///
    /// A variable takes as little as it can, except for the last, and is never empty.
    pub(crate) fn matches(&self, uri: &str) -> Option<BTreeMap<String, String>> {
        let mut values = BTreeMap::new();
        let mut rest = uri;
        let mut parts = self.0.as_slice();
        while let Some((part, after_part)) = parts.split_first() {
            parts = after_part;
            match part {
                Part::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Part::Variable { name, is_reserved } => {
                    let end = match parts {
                        [Part::Text(text)] => rest.len().checked_sub(text.len())?,
                        [Part::Text(text), ..] => rest.find(text.as_str())?,
                        _ => rest.len(),
                    };
                    let (value, after) = rest.split_at_checked(end)?;
                    if value.is_empty() || (!is_reserved && value.contains('/')) {
                        return None;
                    }
                    values.insert(name.clone(), percent_decoded(value)?);
                    rest = after;
                }
            }
        }
        rest.is_empty().then_some(values)
    }
}

/// Undoes percent-encoding. `None`: the text is not valid.
fn percent_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_first_chunk::<2>()?;
        let digits = std::str::from_utf8(digits).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
