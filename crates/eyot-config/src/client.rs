//! The clients whose files have a usual place.

use std::fmt;
use std::str::FromStr;

use crate::dialect::Dialect;
use crate::lookup::Lookup;

/// A program that keeps a file with its servers in a place of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Client {
    /// Claude Code.
    ClaudeCode,
    /// Claude Desktop.
    ClaudeDesktop,
    /// Cline, in Visual Studio Code.
    Cline,
    /// Codex.
    Codex,
    /// GitHub Copilot outside of Visual Studio Code.
    Copilot,
    /// Cursor.
    Cursor,
    /// The Gemini CLI.
    Gemini,
    /// The MCP Inspector.
    Inspector,
    /// Visual Studio Code.
    VsCode,
}

/// A system, as far as programs keep their files in other places on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Linux and its like.
    Linux,
    /// macOS.
    Mac,
    /// Windows.
    Windows,
}

impl System {
    /// The system that this program was built for.
    #[must_use]
    pub fn here() -> Self {
        match std::env::consts::OS {
            "macos" => Self::Mac,
            "windows" => Self::Windows,
            _ => Self::Linux,
        }
    }
}

impl Client {
    /// All clients, by name.
    pub const ALL: [Self; 9] = [
        Self::ClaudeCode,
        Self::ClaudeDesktop,
        Self::Cline,
        Self::Codex,
        Self::Copilot,
        Self::Cursor,
        Self::Gemini,
        Self::Inspector,
        Self::VsCode,
    ];

    /// The word that stands for the client.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Copilot => "copilot",
            _ => self.dialect().as_str(),
        }
    }

    /// How its files are written.
    #[must_use]
    pub fn dialect(self) -> Dialect {
        match self {
            // Its files are those of Claude Code, as far as servers go.
            Self::ClaudeCode | Self::Copilot => Dialect::ClaudeCode,
            Self::ClaudeDesktop => Dialect::ClaudeDesktop,
            Self::Cline => Dialect::Cline,
            Self::Codex => Dialect::Codex,
            Self::Cursor => Dialect::Cursor,
            Self::Gemini => Dialect::Gemini,
            Self::Inspector => Dialect::Inspector,
            Self::VsCode => Dialect::VsCode,
        }
    }

    /// Where its file may be, the nearest first: what belongs to the working folder stands before
    /// what belongs to the user, whose paths need a home folder.
    #[must_use]
    pub fn paths(self, system: System, lookup: &dyn Lookup) -> Vec<String> {
        let separator = if system == System::Windows { "\\" } else { "/" };
        let join = |parts: &[&str]| parts.join(separator);
        let home = lookup.home();
        let below = |folder: Option<String>, parts: &[&str]| {
            folder.map(|it| format!("{it}{separator}{}", join(parts)))
        };
        // Where a variable names the folder of the program, only that folder counts.
        let own = |variable: &str, folder: &str, file: &str| match lookup.variable(variable) {
            Some(named) => below(Some(named), &[file]),
            None => below(home.clone(), &[folder, file]),
        };
        let settings = || match system {
            System::Linux => lookup
                .variable("XDG_CONFIG_HOME")
                .filter(|it| it.starts_with('/'))
                .or_else(|| below(home.clone(), &[".config"])),
            System::Mac => below(home.clone(), &["Library", "Application Support"]),
            System::Windows => lookup.variable("APPDATA"),
        };
        let (project, user) = match self {
            Self::ClaudeCode => {
                (Some(".mcp.json".to_owned()), below(home.clone(), &[".claude.json"]))
            }
            Self::ClaudeDesktop => {
                (None, below(settings(), &["Claude", "claude_desktop_config.json"]))
            }
            Self::Cline => {
                let folder =
                    ["Code", "User", "globalStorage", "saoudrizwan.claude-dev", "settings"];
                (None, below(settings(), &[&*join(&folder), "cline_mcp_settings.json"]))
            }
            Self::Codex => {
                (Some(join(&[".codex", "config.toml"])), own("CODEX_HOME", ".codex", "config.toml"))
            }
            Self::Copilot => (
                Some(join(&[".github", "mcp.json"])),
                own("COPILOT_HOME", ".copilot", "mcp-config.json"),
            ),
            Self::Cursor => {
                let parts = [".cursor", "mcp.json"];
                (Some(join(&parts)), below(home.clone(), &parts))
            }
            Self::Gemini => {
                let parts = [".gemini", "settings.json"];
                (Some(join(&parts)), below(home.clone(), &parts))
            }
            Self::Inspector => (None, below(home.clone(), &[".mcp-inspector", "mcp.json"])),
            Self::VsCode => (
                Some(join(&[".vscode", "mcp.json"])),
                below(settings(), &["Code", "User", "mcp.json"]),
            ),
        };
        project.into_iter().chain(user).collect()
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Client {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|it| it.as_str() == text);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::ALL.into_iter().map(Self::as_str).collect();
            format!("expected {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests;
