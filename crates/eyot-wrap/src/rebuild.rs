//! Makes the entry of a server out of one that this program stands before.
//!
//! This is for entries that were edited since: their form before is not known any more, but what
//! they say is.

use eyot_config::Dialect;

use crate::edit::Edit;
use crate::error::Obstacle;
use crate::tree::{Member, Node};
use crate::wrap::{INHERIT_ENV, URL_VARIABLE};

/// Whether this program stands before the server of the entry. `program`: a name of it.
pub(crate) fn is_wrapped(entry: &Node, program: &str) -> bool {
    let command = entry.member("command").and_then(|it| it.node.text()).unwrap_or_default();
    let name = command.rsplit(['/', '\\']).next().unwrap_or_default();
    let words = entry.member("args").and_then(|it| it.node.words()).unwrap_or_default();
    let is_ours = command == program || name.starts_with("eyot");
    is_ours && matches!(words.first().map(String::as_str), Some("run" | "connect"))
}

/// Whether people do not write such an entry themselves.
pub(crate) fn is_surely_ours(entry: &Node) -> bool {
    let words = entry.member("args").and_then(|it| it.node.words()).unwrap_or_default();
    words.get(1).is_some_and(|it| it == INHERIT_ENV)
}

/// Changes an entry so that the client starts the server itself, or connects to it.
pub(crate) fn rebuild(edit: &mut Edit<'_>, entry: &Node, dialect: Dialect) -> Result<(), Obstacle> {
    let (Some(command), Some(args)) = (entry.member("command"), entry.member("args")) else {
        return Err(Obstacle::form());
    };
    let words = args.node.words().ok_or_else(Obstacle::form)?;
    if words.first().is_some_and(|it| it == "connect") {
        return Connected::read(&words)?.rebuild(edit, entry, dialect);
    }
    let end = words.iter().position(|it| it == "--");
    let program = end.and_then(|it| args.node.elements().get(it + 1));
    let (Some(end), Some(program)) = (end, program) else {
        return Err(Obstacle::new("has no command behind `--` in its `args`: change it by hand"));
    };
    let needs_flags = words.iter().take(end).any(|it| it == "--cwd" || it == "--env");
    if needs_flags {
        let needs = "has `--env` or `--cwd` before `--` in its `args`: change it by hand";
        return Err(Obstacle::new(needs));
    }
    let raw = edit.raw(&program.span);
    edit.set_value(command, raw)?;
    edit.remove_first(&args.node, end + 2)
}

/// The arguments of `eyot connect`.
#[derive(Default)]
struct Connected {
    is_sse: bool,
    /// Headers and their variables.
    headers: Vec<(String, String)>,
    /// The variable of the token.
    token: Option<String>,
    url: String,
}

impl Connected {
    fn read(words: &[String]) -> Result<Self, Obstacle> {
        let mut read = Self::default();
        let mut words = words.iter().skip(1);
        let mut last = None;
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(Obstacle::form);
            match word.as_str() {
                "--transport" => read.is_sse = value()? == "sse",
                "--token" => {
                    let source = value()?.strip_prefix("env:");
                    read.token = Some(source.ok_or_else(Obstacle::form)?.to_owned());
                }
                "--header" => {
                    let (name, variable) =
                        value()?.split_once(": env:").ok_or_else(Obstacle::form)?;
                    read.headers.push((name.to_owned(), variable.to_owned()));
                }
                _ => last = Some(word),
            }
        }
        read.url = last.ok_or_else(Obstacle::form)?.clone();
        Ok(read)
    }

    fn rebuild(&self, edit: &mut Edit<'_>, entry: &Node, dialect: Dialect) -> Result<(), Obstacle> {
        let (Some(command), Some(args)) = (entry.member("command"), entry.member("args")) else {
            return Err(Obstacle::form());
        };
        let env = entry.member("env");
        let variable = |name: &str| env.and_then(|it| it.node.member(name));
        let url = match self.url.strip_prefix("env:") {
            None => Edit::quoted(&self.url),
            Some(name) => {
                let raw = variable(name).map(|it| edit.raw(&it.node.span).to_owned());
                raw.ok_or_else(|| Obstacle::new(format!("has no `{name}` in its `env`")))?
            }
        };
        let url_key = match dialect {
            Dialect::Gemini if !self.is_sse => "httpUrl",
            _ => "url",
        };
        edit.replace(command, url_key, &url)?;
        edit.remove(entry, args)?;
        self.rebuild_headers(edit, entry, dialect)?;
        for key in ["type", "transport"] {
            if let Some(member) = entry.member(key) {
                edit.set_value(member, &Edit::quoted(if self.is_sse { "sse" } else { "http" }))?;
            }
        }
        Ok(())
    }

    /// Makes headers of variables.
    fn rebuild_headers(
        &self,
        edit: &mut Edit<'_>,
        entry: &Node,
        dialect: Dialect,
    ) -> Result<(), Obstacle> {
        let is_codex = dialect == Dialect::Codex;
        let env = entry.member("env");
        let members = env.map(|it| it.node.members()).unwrap_or_default();
        for member in members {
            match self.headers.iter().find(|it| it.1 == member.key) {
                Some((name, _)) => edit.set_key(member, name),
                None if self.url == format!("env:{}", member.key) => {
                    if let Some(env) = env.filter(|_| members.len() > 1) {
                        edit.remove(&env.node, member)?;
                    }
                }
                None => {
                    let reason = format!("has `{}` in its `env`, which is no header", member.key);
                    return Err(Obstacle::new(reason));
                }
            }
        }
        match env {
            Some(env) if members.len() == 1 && self.url == format!("env:{URL_VARIABLE}") => {
                edit.remove(entry, env)?;
            }
            Some(env) => edit.set_key(env, if is_codex { "http_headers" } else { "headers" }),
            None => {}
        }
        let is_elsewhere =
            |it: &&(String, String)| !members.iter().any(|member| member.key == it.1);
        let named: Vec<_> = self.headers.iter().filter(is_elsewhere).collect();
        match entry.member("env_vars") {
            _ if named.is_empty() && self.token.is_none() => Ok(()),
            Some(list) if is_codex => self.rebuild_named(edit, list, &named),
            _ => Err(Obstacle::new("has a header or a token whose variable is not in its `env`")),
        }
    }

    /// Names the variables of headers and of the token as Codex does.
    fn rebuild_named(
        &self,
        edit: &mut Edit<'_>,
        list: &Member,
        named: &[&(String, String)],
    ) -> Result<(), Obstacle> {
        let pairs = named.iter().map(|(name, variable)| edit.member(name, &Edit::quoted(variable)));
        let headers = format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "));
        match &self.token {
            None => edit.replace(list, "env_http_headers", &headers),
            Some(token) => {
                edit.replace(list, "bearer_token_env_var", &Edit::quoted(token))?;
                if !named.is_empty() {
                    edit.add_behind(list, "env_http_headers", &headers);
                }
                Ok(())
            }
        }
    }
}
