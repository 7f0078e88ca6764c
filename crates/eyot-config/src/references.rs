//! Files read so that what they refer to stays a reference.

use crate::lookup::{Input, Lookup};

/// Answers with references.
pub(crate) struct References<'l> {
    pub(crate) lookup: &'l dyn Lookup,
    /// Whether only what has a value may be referred to.
    pub(crate) needs_values: bool,
}

impl Lookup for References<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        let is_there = !self.needs_values || self.lookup.variable(name).is_some();
        is_there.then(|| mark(&format!("env:{name}")))
    }

    fn file(&self, _: &str) -> Result<String, String> {
        Ok(String::new())
    }

    fn workspace_folder(&self) -> Option<String> {
        Some(mark("workspaceFolder"))
    }

    fn home(&self) -> Option<String> {
        Some(mark("userHome"))
    }

    fn variable_or(&self, name: &str, default: &str) -> String {
        mark(&format!("env:{name}:-{default}"))
    }

    fn asked(&self, input: &Input) -> Option<String> {
        Some(mark(&format!("input:{}", input.id)))
    }

    fn secret_file(&self, path: &str) -> Result<String, String> {
        Ok(mark(&format!("file:{path}")))
    }
}

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'t> {
    /// What is written there.
    Literal(&'t str),
    /// The body of a reference, as our own form has it within `${}`.
    Reference(&'t str),
}

/// The parts of a text that was read with references.
pub(crate) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((literal, behind)) = rest.split_once(START) {
        let Some((body, behind)) = behind.split_once(END) else { break };
        parts.push(Part::Literal(literal));
        parts.push(Part::Reference(body));
        rest = behind;
    }
    parts.push(Part::Literal(rest));
    parts.retain(|it| *it != Part::Literal(""));
    parts
}

/// The text in our own form.
pub(crate) fn written(text: &str) -> String {
    let mut written = String::new();
    for part in parts(text) {
        match part {
            Part::Literal(literal) => written.push_str(&literal.replace("${", "$${")),
            Part::Reference(body) => {
                // `$${` would be `${` itself.
                let before = written.trim_end_matches('$').len();
                let dollars = written.split_off(before).len();
                written.push_str(&DOLLAR.repeat(dollars));
                written.push_str(&format!("${{{body}}}"));
            }
        }
    }
    written
}

/// Whether the text begins with a reference.
pub(crate) fn is_one(text: &str) -> bool {
    text.starts_with(START)
}

fn mark(body: &str) -> String {
    format!("{START}{body}{END}")
}

/// No text of a file has these: Unicode keeps them for the inside of programs. If one had them, it
/// would have a reference there.
const START: char = '\u{fdd0}';
const END: char = '\u{fdd1}';

/// A dollar sign before a reference: the default of a variable that does not exist.
const DOLLAR: &str = "${EYOT_NO_VARIABLE:-$}";

#[cfg(test)]
mod tests;
