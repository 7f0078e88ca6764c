//! A file with servers, read.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use eyot_document::{Member, Node, Value, shown_name};

use crate::decoded::{FILE_BYTES_MAX, decoded};
use crate::dialect::{Dialect, format_of};
use crate::lookup::{Input, Lookup};
use crate::problem::{Problem, Severity};
use crate::reader::Reader;
use crate::server::ServerConfig;
use crate::variables::Variables;
use crate::{bundle, codex, entry, registry};

/// What a file says, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file, as it was named.
    pub source: Arc<str>,
    /// Whose file it is.
    pub dialect: Dialect,
    /// All that is wrong with it, in the order of the file.
    pub problems: Vec<Problem>,
    /// The servers, in the order of the file, whether they can be used or not.
    pub(crate) servers: Vec<ServerConfig>,
    /// The names in the file, also those of servers that cannot be read.
    names: Vec<String>,
}

impl Config {
    /// Reads the text of a file.
    ///
    /// `path` is shown in problems, and tells the dialect where it is not named. Nothing is read
    /// but through `lookup`. It never fails: what is wrong is among the problems.
    pub fn read(path: &str, text: &[u8], dialect: Option<Dialect>, lookup: &dyn Lookup) -> Self {
        let source: Arc<str> = path.into();
        let dialect = dialect.or_else(|| Dialect::of_path(path));
        let refused = |at, message: &str| {
            let problem = Problem {
                severity: Severity::Error,
                source: Arc::clone(&source),
                at,
                server: None,
                message: message.to_owned(),
            };
            let (source, problems) = (Arc::clone(&source), vec![problem]);
            let dialect = dialect.unwrap_or(Dialect::Eyot);
            Self { source, dialect, problems, servers: Vec::new(), names: Vec::new() }
        };
        if text.starts_with(b"PK\x03\x04") {
            let message =
                "this is a bundle: unpack it (`unzip FILE -d DIR`), and name DIR/manifest.json";
            return refused(None, message);
        }
        if text.len() > FILE_BYTES_MAX {
            return refused(None, "the file has more than 16 MiB: no list of servers needs that");
        }
        let text = match decoded(text) {
            Ok(text) => text,
            Err(at) => return refused(at, "the file is not in UTF-8: save it in that encoding"),
        };
        if text.trim().is_empty() {
            return refused(None, "the file is empty: there is no server in it");
        }
        let format = format_of(path, dialect, text);
        let (root, faults) = match eyot_document::parse(text, format) {
            Ok(parsed) => parsed,
            Err(fault) => return refused(Some(fault.at), &fault.message),
        };
        let Some(dialect) = dialect.or_else(|| Dialect::of_shape(&root, path, format)) else {
            let message = "there are no servers in it: no `mcpServers`, `servers` or `mcp_servers`";
            return refused(Some(root.at), message);
        };
        let variables =
            Variables { dialect, path, lookup, defaults: Vec::new(), inputs: inputs(&root) };
        let mut reader =
            Reader { source, variables, problems: Vec::new(), errors: 0, server: None };
        for fault in faults {
            reader.error(fault.at, fault.message);
        }
        Self::of(reader, dialect, &root)
    }

    fn of(mut reader: Reader<'_>, dialect: Dialect, root: &Node) -> Self {
        let mut servers = Vec::new();
        let mut names = Vec::new();
        match dialect {
            Dialect::Bundle => servers.extend(bundle::read(&mut reader, root)),
            Dialect::Registry => servers = registry::read(&mut reader, root),
            _ => {
                for member in members(&mut reader, dialect, root) {
                    reader.server = Some(member.key.clone());
                    names.push(member.key.clone());
                    if member.key.trim().is_empty() {
                        reader.error(member.at, "a server needs a name");
                        continue;
                    }
                    servers.extend(match dialect {
                        Dialect::Codex => codex::read(&mut reader, member),
                        _ => entry::read(&mut reader, member),
                    });
                }
                reader.server = None;
            }
        }
        if dialect == Dialect::Gemini {
            choose(root, &mut servers);
        }
        let mut known: HashSet<String> = names.iter().cloned().collect();
        let found = servers.iter().map(|it| &it.name);
        let found = found.chain(reader.problems.iter().filter_map(|it| it.server.as_ref()));
        names.extend(found.filter(|name| known.insert((*name).clone())).cloned());
        if names.is_empty() && !reader.problems.iter().any(Problem::is_error) {
            reader.error(root.at, "there is no server in it");
        }
        let mut problems = reader.problems;
        let disabled = disabled(&servers);
        for problem in &mut problems {
            // It is not in the way of anything.
            if problem.server.as_deref().is_some_and(|it| disabled.contains(it)) {
                problem.severity = Severity::Warning;
            }
        }
        problems.sort_by_key(|it| it.at);
        Self { source: reader.source, dialect, problems, servers, names }
    }

    /// What is wrong with these files together: names that are in several of them.
    pub fn duplicates(configs: &[Self]) -> Vec<Problem> {
        let mut first = HashMap::new();
        let mut problems = Vec::new();
        let enabled = configs.iter().flat_map(|it| &it.servers).filter(|it| it.is_enabled);
        for server in enabled {
            let other: &ServerConfig = first.entry(&server.name).or_insert(server);
            if other.source != server.source {
                let (name, source, at) = (shown_name(&server.name), &other.source, other.at);
                problems.push(Problem {
                    severity: Severity::Error,
                    source: Arc::clone(&server.source),
                    at: Some(server.at),
                    server: Some(server.name.clone()),
                    message: format!(
                        "`{name}` is a server of {source}:{at} too: rename one of them"
                    ),
                });
            }
        }
        problems
    }

    /// The names of all servers in the file.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The names of those that are not disabled.
    pub fn enabled_names(&self) -> Vec<&str> {
        let disabled = disabled(&self.servers);
        self.names.iter().map(String::as_str).filter(|name| !disabled.contains(name)).collect()
    }

    /// The server of this name, which may be disabled. `Ok(None)`: there is none.
    ///
    /// # Errors
    ///
    /// What is wrong with the server, or with the whole file.
    pub fn server(&self, name: &str) -> Result<Option<&ServerConfig>, Vec<&Problem>> {
        let is_in_the_way = |it: &&Problem| {
            it.is_error() && it.server.as_deref().is_none_or(|server| server == name)
        };
        let errors: Vec<_> = self.problems.iter().filter(is_in_the_way).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(self.servers.iter().find(|it| it.name == name))
    }

    /// All servers that are not disabled.
    ///
    /// # Errors
    ///
    /// What is wrong with any of them, or with the whole file.
    pub fn servers(&self) -> Result<Vec<&ServerConfig>, Vec<&Problem>> {
        let errors: Vec<_> = self.problems.iter().filter(|it| it.is_error()).collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(self.servers.iter().filter(|it| it.is_enabled).collect())
    }
}

/// The names of the servers that are not to be used.
fn disabled(servers: &[ServerConfig]) -> HashSet<&str> {
    servers.iter().filter(|it| !it.is_enabled).map(|it| it.name.as_str()).collect()
}

/// The members that are servers.
fn members<'n>(reader: &mut Reader<'_>, dialect: Dialect, root: &'n Node) -> &'n [Member] {
    if reader.map("the file", root).is_none() {
        return &[];
    }
    let keys: &[&str] = match dialect {
        Dialect::Codex => &["mcp_servers"],
        Dialect::Eyot | Dialect::VsCode => &["servers", "mcpServers"],
        _ => &["mcpServers", "servers"],
    };
    warn_of_keys(reader, dialect, root);
    let Some(servers) = keys.iter().find_map(|key| root.member(key)) else {
        let key = keys.first().copied().unwrap_or_default();
        reader.error(root.at, format!("there is no `{key}` in this {dialect} file"));
        return &[];
    };
    if reader.map("the list of servers", servers).is_some() && servers.members().is_empty() {
        reader.warn(servers.at, "there is no server in it");
    }
    servers.members()
}

/// Warns of what stands beside the servers, in files that have nothing else.
fn warn_of_keys(reader: &mut Reader<'_>, dialect: Dialect, root: &Node) {
    let known: &[&str] = match dialect {
        Dialect::Eyot => {
            &["servers", "mcpServers", "$schema", "interceptors", "rules", "guard", "policy"]
        }
        Dialect::VsCode => &["servers", "inputs", "$schema"],
        Dialect::Inspector | Dialect::Cursor | Dialect::Cline => &["mcpServers", "$schema"],
        _ => return,
    };
    for Member { key, at, .. } in root.members() {
        if !known.contains(&key.as_str()) {
            let key = shown_name(key);
            reader.warn(*at, format!("`{key}` has no meaning to eyot, and is not applied"));
        }
    }
}

/// The inputs that a file declares.
fn inputs(root: &Node) -> Vec<Input> {
    let inputs = root.member("inputs").map(Node::elements).unwrap_or_default();
    let input = |it: &Node| {
        let mut input = Input::new(it.member("id")?.text()?);
        input.description = it.member("description").and_then(Node::text).map(str::to_owned);
        input.is_secret = it.member("password").is_some_and(|it| it.value == Value::Bool(true));
        Some(input)
    };
    inputs.iter().filter_map(input).collect()
}

/// Disables what Gemini's own lists of names leave out.
fn choose(root: &Node, servers: &mut [ServerConfig]) {
    let Some(lists) = root.member("mcp") else { return };
    let has = |key: &str, name: &str| {
        let list = lists.member(key).filter(|it| matches!(it.value, Value::List(_)))?;
        Some(list.elements().iter().any(|it| it.text() == Some(name)))
    };
    for server in servers {
        let is_allowed = has("allowed", &server.name).unwrap_or(true);
        let is_excluded = has("excluded", &server.name).unwrap_or(false);
        server.is_enabled &= is_allowed && !is_excluded;
    }
}
