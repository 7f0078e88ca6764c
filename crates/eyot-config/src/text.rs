//! Texts of a file whose variables are replaced.

use std::fmt;

use eyot_document::Position;
use eyot_stdx::Secret;

/// A value of a file, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub at: Position,
}

/// A text whose variables are replaced, and the form of it that may be shown.
#[derive(Clone)]
pub struct Text {
    value: Secret<String>,
    shown: String,
    /// Whether the form that may be shown leaves something out.
    hides: bool,
}

impl Text {
    /// A text that is shown in another form.
    pub(crate) fn new(value: String, shown: String) -> Self {
        Self { value: Secret::new(value), shown, hides: false }
    }

    /// The text itself, with the values of variables in it, which may be secrets.
    pub fn expose(&self) -> &str {
        self.value.expose()
    }

    /// The text as the file has it, variables not replaced and what looks like a secret left out.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether something in it looks like a secret, which is not shown.
    pub(crate) fn hides(&self) -> bool {
        self.hides
    }

    /// The same text in another form.
    pub(crate) fn shown_as(self, shown: String) -> Self {
        let hides = self.hides || shown != self.shown;
        Self { shown, hides, ..self }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.shown, f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Arguments as they may be shown: without the values of flags, headers and variables whose names
/// tell of a secret, and without what URLs hide.
pub(crate) fn redact_args(args: Vec<Sourced<Text>>) -> Vec<Sourced<Text>> {
    let mut is_secret = false;
    let redact = |Sourced { value, at }: Sourced<Text>| {
        let shown = shown_arg(value.shown(), is_secret);
        is_secret = names_a_value_behind(value.shown());
        Sourced { value: value.shown_as(shown), at }
    };
    args.into_iter().map(redact).collect()
}

/// Words as they may be shown: without the values of flags, headers and variables whose names tell
/// of a secret, and without what URLs hide.
#[must_use]
pub fn shown_words(words: &[String]) -> Vec<String> {
    let mut is_secret = false;
    let mut show = |word: &String| {
        let shown = shown_arg(word, is_secret);
        is_secret = names_a_value_behind(word);
        shown
    };
    words.iter().map(&mut show).collect()
}

fn shown_arg(arg: &str, is_secret: bool) -> String {
    if is_reference(arg) {
        return arg.to_owned();
    }
    if is_secret && !arg.starts_with('-') {
        return REDACTED.to_owned();
    }
    // What URLs hide goes first: a query could be taken for the value of a flag.
    let arg = if arg.contains("://") { eyot_stdx::shown_url(arg) } else { arg.to_owned() };
    for separator in ['=', ':'] {
        if let Some((name, value)) = arg.split_once(separator)
            && !value.starts_with("//")
            && tells_of_a_secret(name)
            && !value.is_empty()
            && !is_reference(value.trim_start())
        {
            return format!("{name}{separator}{REDACTED}");
        }
    }
    let is_key = KEY_STARTS.iter().any(|it| arg.starts_with(it));
    if is_key { REDACTED.to_owned() } else { arg }
}

/// Whether it is a variable and nothing else; its default could be a secret.
fn is_reference(arg: &str) -> bool {
    // As flags of this program name one.
    if arg.strip_prefix("env:").is_some_and(is_variable_name) {
        return true;
    }
    let name = arg.strip_prefix("${").and_then(|it| it.strip_suffix('}'));
    name.is_some_and(|it| !it.contains(":-") && !it.contains(['$', '}']))
}

fn is_variable_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
}

/// Whether the next argument is the value of this one, and secret.
fn names_a_value_behind(arg: &str) -> bool {
    arg.starts_with('-') && !arg.contains(['=', ':']) && tells_of_a_secret(arg)
}

/// Whether the value of this name is likely a secret.
#[must_use]
pub fn tells_of_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|word| name.contains(word))
}

/// What stands in the place of a secret.
pub const REDACTED: &str = "[redacted]";

const SECRET_WORDS: &[&str] =
    &["auth", "bearer", "cookie", "credential", "key", "passw", "pat", "secret", "token"];

/// How keys of well-known services begin.
const KEY_STARTS: &[&str] = &["sk-", "ghp_", "gho_", "github_pat_", "glpat-", "xoxb-", "xoxp-"];

#[cfg(test)]
mod tests;
