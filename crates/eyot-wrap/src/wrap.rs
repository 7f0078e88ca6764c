//! Puts this program before the server of one entry.

use std::collections::HashSet;

use eyot_config::Dialect;
use eyot_stdx::shown_url;

use crate::edit::Edit;
use crate::error::Obstacle;
use crate::tree::{Member, Node, Value};

/// What is put before a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapper {
    /// This program, as clients are to start it.
    pub program: String,
    /// Flags for `run` or `connect`.
    pub flags: Vec<String>,
}

/// An entry that is to be changed.
pub(crate) struct Entry<'n> {
    pub(crate) node: &'n Node,
    pub(crate) dialect: Dialect,
    /// Whether its URL is one of HTTP with SSE.
    pub(crate) is_sse: bool,
}

/// Variables and their values.
type Env = Vec<(String, Node)>;

/// What an entry becomes.
pub(crate) struct Wrapped {
    pub(crate) program: String,
    /// The arguments.
    pub(crate) words: Vec<String>,
    /// Where the flags stand among them.
    pub(crate) flags_at: usize,
    /// The keys that may have changed; but `command` and `args`, those of a server at a URL have
    /// gone.
    touched: &'static [&'static str],
    /// The variables of a server that was at a URL.
    env: Option<Env>,
}

/// Changes an entry so that this program starts its server, or connects to it.
pub(crate) fn wrap(
    edit: &mut Edit<'_>,
    entry: &Entry<'_>,
    wrapper: &Wrapper,
) -> Result<Wrapped, Obstacle> {
    let program = wrapper.program.clone();
    if let Some(command) = entry.node.member("command") {
        let words = wrap_command(edit, entry.node, command, wrapper)?;
        return Ok(Wrapped { program, words, flags_at: 2, touched: COMMAND_KEYS, env: None });
    }
    let (words, env) = wrap_url(edit, entry, wrapper)?;
    Ok(Wrapped { program, words, flags_at: 1, touched: URL_KEYS, env: Some(env) })
}

impl Wrapped {
    /// Whether the entry is what it should have become, and nothing else of it has changed.
    pub(crate) fn is_done(&self, old: &Node, new: &Node) -> bool {
        let program = new.member("command").and_then(|it| it.node.text());
        let words = new.member("args").and_then(|it| it.node.words());
        program == Some(self.program.as_str())
            && words.as_ref() == Some(&self.words)
            && self.is_kept(old, new)
            && self.is_kept(new, old)
            && self.env.as_ref().is_none_or(|env| has_env(new, env))
    }

    fn is_kept(&self, old: &Node, new: &Node) -> bool {
        let kept = old.members().iter().filter(|it| !self.touched.contains(&it.key.as_str()));
        kept.into_iter().all(|it| new.member(&it.key).is_some_and(|new| new.node.is_same(&it.node)))
    }
}

/// Whether an entry has these variables and no others, and nothing that a server at a URL has.
fn has_env(new: &Node, env: &[(String, Node)]) -> bool {
    let members = new.member("env").map(|it| it.node.members()).unwrap_or_default();
    let has = |(name, value): &(String, Node)| {
        members.iter().any(|it| it.key == *name && it.node.is_same(value))
    };
    members.len() == env.len()
        && env.iter().all(has)
        && GONE_KEYS.iter().chain(URL_NAMES).all(|it| new.member(it).is_none())
}

/// `command C, args A…` becomes `run --inherit-env -- C A…`.
fn wrap_command(
    edit: &mut Edit<'_>,
    entry: &Node,
    command: &Member,
    wrapper: &Wrapper,
) -> Result<Vec<String>, Obstacle> {
    let program = command.node.text().ok_or_else(Obstacle::form)?;
    let mut words = vec!["run".to_owned(), INHERIT_ENV.to_owned()];
    words.extend(wrapper.flags.iter().cloned());
    words.push("--".to_owned());
    let mut raw: Vec<_> = words.iter().map(|it| Edit::quoted(it)).collect();
    // As it is written: it may have variables in it, and escapes.
    raw.push(edit.raw(&command.node.span).to_owned());
    words.push(program.to_owned());
    edit.set_value(command, &Edit::quoted(&wrapper.program))?;
    match entry.member("args") {
        None => edit.add_behind(command, "args", &Edit::list(&raw)),
        Some(Member { node, .. }) if matches!(node.value, Value::List(_)) => {
            words.extend(node.words().ok_or_else(Obstacle::form)?);
            edit.add_first(node, &raw);
        }
        Some(_) => return Err(Obstacle::form()),
    }
    Ok(words)
}

/// A URL with headers becomes `connect --header 'NAME: env:VARIABLE' URL`. The values of the headers
/// go to `env`, as they are written: arguments can be read by other users of the machine.
fn wrap_url(
    edit: &mut Edit<'_>,
    entry: &Entry<'_>,
    wrapper: &Wrapper,
) -> Result<(Vec<String>, Env), Obstacle> {
    let node = entry.node;
    let mut urls = URL_NAMES.iter().filter_map(|it| node.member(it));
    let (Some(url), None) = (urls.next(), urls.next()) else {
        return Err(Obstacle::new("has no `command` and not one URL: name one of them"));
    };
    if let Some(key) = ["args", "env", "env_vars"].iter().find(|it| node.member(it).is_some()) {
        return Err(Obstacle::new(format!("has `{key}` beside its URL: remove it")));
    }
    if let Some(key) = SIGN_IN_KEYS.iter().find(|it| node.member(it).is_some()) {
        let reason = format!("has `{key}`, and `eyot connect` does not sign in in this way");
        return Err(Obstacle::new(reason));
    }
    let url_text = url.node.text().ok_or_else(Obstacle::form)?;
    let mut words = vec!["connect".to_owned()];
    words.extend(wrapper.flags.iter().cloned());
    if entry.is_sse {
        words.extend(["--transport", "sse"].map(str::to_owned));
    }
    let headers_key = if entry.dialect == Dialect::Codex { "http_headers" } else { "headers" };
    let headers = node.member(headers_key);
    let mut env = rename_headers(edit, headers)?;
    for (member, (variable, _)) in headers.iter().flat_map(|it| it.node.members()).zip(&env) {
        words.extend(["--header".to_owned(), format!("{}: env:{variable}", member.key)]);
    }
    if entry.dialect == Dialect::Codex {
        words.extend(name_variables(edit, node)?);
    }
    let mut raw: Vec<_> = words.iter().map(|it| Edit::quoted(it)).collect();
    let raw_url = edit.raw(&url.node.span).to_owned();
    let is_secret = shown_url(url_text) != url_text;
    let (word, raw_word) = match is_secret {
        true => (format!("env:{URL_VARIABLE}"), Edit::quoted(&format!("env:{URL_VARIABLE}"))),
        false => (url_text.to_owned(), raw_url.clone()),
    };
    words.push(word);
    raw.push(raw_word);
    edit.replace(url, "command", &Edit::quoted(&wrapper.program))?;
    edit.add_behind(url, "args", &Edit::list(&raw));
    if is_secret {
        env.push((URL_VARIABLE.to_owned(), url.node.clone()));
        match headers.map(|it| (it, it.node.members().last())) {
            None => {
                let map = edit.map(URL_VARIABLE, &raw_url);
                edit.add_behind(url, "env", &map);
            }
            Some((_, Some(last))) => edit.add_behind(last, URL_VARIABLE, &raw_url),
            Some((headers, None)) => {
                let map = edit.map(URL_VARIABLE, &raw_url);
                edit.set_value(headers, &map)?;
            }
        }
    }
    for kind in ["type", "transport"].iter().filter_map(|it| node.member(it)) {
        edit.set_value(kind, &Edit::quoted("stdio"))?;
    }
    Ok((words, env))
}

/// Makes variables of headers, and returns them.
fn rename_headers(edit: &mut Edit<'_>, headers: Option<&Member>) -> Result<Env, Obstacle> {
    let Some(headers) = headers else { return Ok(Vec::new()) };
    if !matches!(headers.node.value, Value::Map(_)) {
        return Err(Obstacle::form());
    }
    edit.set_key(headers, "env");
    let mut known = HashSet::new();
    let mut env = Vec::new();
    for member in headers.node.members() {
        let name = header_variable(&member.key);
        let numbered = (2..).map(|no: usize| format!("{name}_{no}"));
        let variable = std::iter::once(name.clone()).chain(numbered).find(|it| !known.contains(it));
        let variable = variable.unwrap_or(name);
        edit.set_key(member, &variable);
        env.push((variable.clone(), member.node.clone()));
        known.insert(variable);
    }
    Ok(env)
}

/// The variables that Codex takes a token and headers from become variables that it passes on.
fn name_variables(edit: &mut Edit<'_>, entry: &Node) -> Result<Vec<String>, Obstacle> {
    let token = entry.member("bearer_token_env_var");
    let headers = entry.member("env_http_headers");
    let (mut flags, mut names) = (Vec::new(), Vec::new());
    if let Some(member) = token {
        let name = member.node.text().ok_or_else(Obstacle::form)?;
        flags.extend(["--token".to_owned(), format!("env:{name}")]);
        names.push(Edit::quoted(name));
    }
    for member in headers.map(|it| it.node.members()).unwrap_or_default() {
        let name = member.node.text().ok_or_else(Obstacle::form)?;
        flags.extend(["--header".to_owned(), format!("{}: env:{name}", member.key)]);
        names.push(Edit::quoted(name));
    }
    let mut members: Vec<_> = token.into_iter().chain(headers).collect();
    members.sort_by_key(|it| it.key_span.start);
    if let Some((first, rest)) = members.split_first() {
        edit.replace(first, "env_vars", &Edit::list(&names))?;
        rest.iter().try_for_each(|it| edit.remove(entry, it))?;
    }
    Ok(flags)
}

/// The variable that holds the value of a header.
fn header_variable(header: &str) -> String {
    let name = header.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' });
    let name: String = name.map(|it| it.to_ascii_uppercase()).collect();
    format!("EYOT_HEADER_{name}")
}

/// The variable that holds a URL with a secret in it.
pub(crate) const URL_VARIABLE: &str = "EYOT_URL";
/// The server sees what it would see if the client started it itself.
pub(crate) const INHERIT_ENV: &str = "--inherit-env";
/// The keys of URLs. `httpUrl` is of the Gemini CLI, `serverUrl` of Windsurf.
pub(crate) const URL_NAMES: &[&str] = &["httpUrl", "url", "serverUrl"];

/// How clients get tokens themselves.
const SIGN_IN_KEYS: &[&str] = &["oauth", "auth", "authProviderType", "headersHelper"];
const GONE_KEYS: &[&str] = &["headers", "http_headers", "env_http_headers", "bearer_token_env_var"];
const COMMAND_KEYS: &[&str] = &["command", "args"];
const URL_KEYS: &[&str] = &[
    "command",
    "args",
    "env",
    "env_vars",
    "httpUrl",
    "url",
    "serverUrl",
    "headers",
    "http_headers",
    "env_http_headers",
    "bearer_token_env_var",
    "type",
    "transport",
];
