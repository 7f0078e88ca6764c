//! What tells one upstream from another, without the secrets that open it.
//!
//! A secret is replaced from time to time, and the upstream stays the one that it was: a session
//! must outlive that. So the query of a URL is no part of the identity, and neither is the value of
//! an argument whose name says that it is a secret. A secret that no name gives away stays in it:
//! that is why the identity itself is neither stored nor shown.

use std::borrow::Cow;

use eyot_stdio::Command;
use eyot_stdx::shown_url;

/// The identity of a program and its arguments.
pub(super) fn of_command(command: &Command) -> String {
    with_args(command, &without_secrets(&command.args))
}

/// The program with its folder and these arguments.
pub(super) fn with_args(command: &Command, args: &[String]) -> String {
    let folder = command.cwd.as_ref().map(|it| it.display().to_string());
    format!("{:?} {args:?} in {folder:?}", command.program)
}

/// The arguments with a `…` for each value that is a secret by its name.
fn without_secrets(args: &[String]) -> Vec<String> {
    // The last word was the name of a secret, such as `--token`: this one is its value.
    let mut is_secret = false;
    let shown = args.iter().map(|word| match std::mem::take(&mut is_secret) {
        true if !word.starts_with('-') => "…".to_owned(),
        _ => hide_secrets(word, &mut is_secret),
    });
    shown.collect()
}

/// A word may be one value, or a line of a shell with words of its own. `is_secret`: the next word
/// is the value of a secret.
fn hide_secrets(word: &str, is_secret: &mut bool) -> String {
    let mut shown = String::with_capacity(word.len());
    for piece in word.split_inclusive(char::is_whitespace) {
        let token = piece.trim_end();
        let (name, sign, value) = named_value(token);
        let is_name = names_a_secret(name);
        if std::mem::take(is_secret) && !token.starts_with('-') {
            shown.push('…');
        } else if is_name && sign == ":" {
            // The value of a header may have spaces.
            shown.extend([name, ":…"]);
            break;
        } else if is_name && !value.is_empty() {
            shown.extend([name, "=…"]);
        } else {
            *is_secret = is_name && token.starts_with('-');
            shown.push_str(&without_secrets_of_url(token));
        }
        shown.push_str(piece.get(token.len()..).unwrap_or_default());
    }
    shown
}

/// Takes `name=value` and `name:value` apart. Anything else is a name alone.
fn named_value(token: &str) -> (&str, &str, &str) {
    let is_url = token.contains("://");
    match token.find(['=', ':']).map(|at| token.split_at(at)) {
        Some((name, rest)) if !(is_url && rest.starts_with("://")) => {
            let (sign, value) = rest.split_at(1);
            (name, sign, value)
        }
        _ => (token, "", ""),
    }
}

fn without_secrets_of_url(token: &str) -> Cow<'_, str> {
    if token.contains("://") { shown_url(token).into() } else { token.into() }
}

fn names_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|it| name.contains(it))
}

/// What the names of secrets have in them. A name too many costs little: two upstreams that differ
/// in that value alone count as one.
const SECRET_WORDS: [&str; 10] = [
    "auth",
    "bearer",
    "cookie",
    "credential",
    "key",
    "passphrase",
    "passw",
    "pwd",
    "secret",
    "token",
];

#[cfg(test)]
mod tests;
