//! The dialects: whose file it is, and how that is found out.

use std::fmt;
use std::str::FromStr;

use eyot_document::{Format, Node};

/// Whose configuration file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// `manifest.json` of an `.mcpb` bundle.
    Bundle,
    /// `claude_desktop_config.json` of Claude Desktop.
    ClaudeDesktop,
    /// `.mcp.json` or `.claude.json` of Claude Code, and what else has `mcpServers`.
    ClaudeCode,
    /// `cline_mcp_settings.json` of Cline.
    Cline,
    /// `config.toml` of Codex.
    Codex,
    /// `mcp.json` in `.cursor` of Cursor.
    Cursor,
    /// Eyot's own form, in YAML, TOML or JSON.
    Eyot,
    /// `settings.json` in `.gemini` of the Gemini CLI.
    Gemini,
    /// A catalog of the MCP Inspector.
    Inspector,
    /// `server.json` of the MCP registry, or its list of servers.
    Registry,
    /// `mcp.json` in `.vscode` of Visual Studio Code.
    VsCode,
}

impl Dialect {
    /// All dialects, by name.
    pub const ALL: [Self; 11] = [
        Self::Bundle,
        Self::ClaudeCode,
        Self::ClaudeDesktop,
        Self::Cline,
        Self::Codex,
        Self::Cursor,
        Self::Eyot,
        Self::Gemini,
        Self::Inspector,
        Self::Registry,
        Self::VsCode,
    ];

    /// The name of the dialect.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bundle => "mcpb",
            Self::ClaudeCode => "claude-code",
            Self::ClaudeDesktop => "claude-desktop",
            Self::Cline => "cline",
            Self::Codex => "codex",
            Self::Cursor => "cursor",
            Self::Eyot => "eyot",
            Self::Gemini => "gemini",
            Self::Inspector => "inspector",
            Self::Registry => "registry",
            Self::VsCode => "vscode",
        }
    }

    /// The dialect of a file of this path, where the path alone tells.
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        let (folder, name) = split(path);
        let folder_name = split(folder).1;
        match (name, folder_name) {
            (".mcp.json" | ".claude.json", _) => Some(Self::ClaudeCode),
            ("claude_desktop_config.json", _) => Some(Self::ClaudeDesktop),
            ("cline_mcp_settings.json", _) => Some(Self::Cline),
            ("mcp.json", ".cursor") => Some(Self::Cursor),
            ("mcp.json", ".mcp-inspector") => Some(Self::Inspector),
            ("mcp.json", ".vscode") => Some(Self::VsCode),
            ("settings.json", ".gemini" | "gemini-cli") => Some(Self::Gemini),
            ("config.toml", ".codex") => Some(Self::Codex),
            ("eyot.json" | "eyot.toml" | "eyot.yaml" | "eyot.yml", _) => Some(Self::Eyot),
            _ => None,
        }
    }

    /// The dialect of a file with these contents.
    pub(crate) fn of_shape(root: &Node, path: &str, format: Format) -> Option<Self> {
        let has = |key| root.member(key).is_some();
        if has("mcp_servers") {
            return Some(Self::Codex);
        }
        if has("manifest_version") || root.member("server").is_some_and(is_bundle) {
            return Some(Self::Bundle);
        }
        let is_entry =
            |it: &Node| it.member("packages").is_some() || it.member("remotes").is_some();
        let has_list = root.member("servers").is_some_and(|it| !it.elements().is_empty());
        if is_entry(root) || root.member("server").is_some_and(is_entry) || has_list {
            return Some(Self::Registry);
        }
        let is_json = format == Format::Json;
        if has("mcpServers") && is_json {
            return Some(Self::of_servers(root, path));
        }
        if has("servers") || has("mcpServers") {
            return Some(if is_json { Self::VsCode } else { Self::Eyot });
        }
        (!is_json).then_some(Self::Eyot)
    }

    /// The dialect of a file of JSON with `mcpServers`.
    fn of_servers(root: &Node, path: &str) -> Self {
        let servers = root.member("mcpServers").map(Node::members).unwrap_or_default();
        let any_has = |keys: &[&str]| {
            servers.iter().any(|server| keys.iter().any(|key| server.node.member(key).is_some()))
        };
        if any_has(&["protocolEra", "connectionTimeout", "requestTimeout", "modernLogLevel"]) {
            return Self::Inspector;
        }
        if split(path).1 == "settings.json" || any_has(&["httpUrl", "includeTools", "trust"]) {
            return Self::Gemini;
        }
        Self::ClaudeCode
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Dialect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|it| it.as_str() == text);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::ALL.into_iter().map(Self::as_str).collect();
            format!("expected {}", names.join(", "))
        })
    }
}

/// The format of a file of this path.
pub(crate) fn format_of(path: &str, dialect: Option<Dialect>, text: &str) -> Format {
    let name = split(path).1;
    match name.rsplit_once('.').map_or("", |it| it.1) {
        "json" | "jsonc" => Format::Json,
        "toml" => Format::Toml,
        "yaml" | "yml" => Format::Yaml,
        _ => match dialect {
            Some(Dialect::Codex) => Format::Toml,
            Some(Dialect::Eyot) | None if !text.trim_start().starts_with(['{', '/']) => {
                Format::Yaml
            }
            _ => Format::Json,
        },
    }
}

/// The folder and the name of a path, of this system or another.
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once(['/', '\\']).unwrap_or(("", path))
}

fn is_bundle(server: &Node) -> bool {
    server.member("mcp_config").is_some() || server.member("entry_point").is_some()
}
