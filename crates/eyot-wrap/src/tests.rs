//! Files are changed in the entries that are named, and nowhere else.

mod arbitrary;
mod entries;
mod refusals;
mod round_trips;
mod secrets;

use eyot_config::{Config, Lookup, ServerConfig, Transport};

use crate::{Change, Document, Wrapper};

/// The files of all clients, and two that are written as oddly as they may be.
pub(crate) const FILES: &[&str] = &[
    "../eyot-config/fixtures/claude-code/.mcp.json",
    "../eyot-config/fixtures/claude-desktop/claude_desktop_config.json",
    "../eyot-config/fixtures/cline/cline_mcp_settings.json",
    "../eyot-config/fixtures/codex/.codex/config.toml",
    "../eyot-config/fixtures/cursor/.cursor/mcp.json",
    "../eyot-config/fixtures/gemini/.gemini/settings.json",
    "../eyot-config/fixtures/inspector/.mcp-inspector/mcp.json",
    "../eyot-config/fixtures/vscode/.vscode/mcp.json",
    "fixtures/.mcp.json",
    "fixtures/.codex/config.toml",
];

/// The bytes of a file.
pub(crate) fn bytes(path: &str) -> Vec<u8> {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub(crate) fn wrapper() -> Wrapper {
    Wrapper { program: "/opt/eyot".to_owned(), flags: Vec::new() }
}

pub(crate) fn document(path: &str, bytes: &[u8]) -> Document {
    Document::read(path, bytes, None).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The bytes after a change, or the same ones.
pub(crate) fn after(change: &Change<'_>, before: &[u8]) -> Vec<u8> {
    change.bytes().unwrap_or_else(|| before.to_vec())
}

/// The text of a file with these entries wrapped.
pub(crate) fn wrapped(path: &str, text: &str, names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|it| (*it).to_owned()).collect();
    let document = document(path, text.as_bytes());
    let change = document.wrap(&names, &wrapper()).unwrap_or_else(|error| panic!("{error}"));
    String::from_utf8(after(&change, text.as_bytes())).unwrap()
}

/// An environment in which every variable has its name as a value.
pub(crate) struct World;

impl Lookup for World {
    fn variable(&self, name: &str) -> Option<String> {
        Some(format!("value-of-{name}"))
    }

    fn file(&self, _: &str) -> Result<String, String> {
        Err("no file".to_owned())
    }

    fn workspace_folder(&self) -> Option<String> {
        Some("/w".to_owned())
    }

    fn home(&self) -> Option<String> {
        Some("/h".to_owned())
    }
}

/// The servers of a file as they are used.
pub(crate) fn servers(path: &str, bytes: &[u8]) -> Config {
    Config::read(path, bytes, None, &World)
}

/// The words and the variables of a server that is started.
pub(crate) fn started(server: &ServerConfig) -> (Vec<String>, Vec<(String, String)>) {
    let Transport::Command(command) = &server.transport else { panic!("{}: a URL", server.name) };
    let args = command.args.iter().map(|it| &it.value);
    let words = std::iter::once(&command.program.value).chain(args);
    let env = command.env.iter().map(|it| {
        let value = it.value.as_ref().map(|it| it.expose().clone());
        (it.name.clone(), value.unwrap_or_else(|| format!("value-of-{}", it.name)))
    });
    (words.map(|it| it.expose().to_owned()).collect(), env.collect())
}

/// The URL, the transport and the headers of a server at a URL; a token is a header.
pub(crate) fn reached(server: &ServerConfig) -> (String, &'static str, Vec<(String, String)>) {
    let Transport::Url(url) = &server.transport else { panic!("{}: a command", server.name) };
    let headers = url.headers.iter().map(|it| (it.name.clone(), it.value.expose().clone()));
    let mut headers: Vec<_> = headers.collect();
    let token = url.token.as_ref().map(|it| format!("Bearer {}", it.value.expose()));
    headers.extend(token.map(|it| ("Authorization".to_owned(), it)));
    headers.sort();
    (url.url.value.expose().to_owned(), url.kind.as_str(), headers)
}
