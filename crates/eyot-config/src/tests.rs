//! Configuration files as people have them.

mod arbitrary;
mod dialects;
mod problems;
mod secrets;

use std::collections::BTreeMap;

use crate::{Config, Dialect, Lookup};

/// An environment that has what the fixtures refer to.
#[derive(Default)]
pub(crate) struct World {
    variables: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut world = Self::default();
        for (name, value) in [
            ("FILES_DIR", "/srv/files"),
            ("FILES_KEY", "secret-key"),
            ("ISSUES_TOKEN", "secret-token"),
            ("ISSUES_AUTHORIZATION", "Bearer secret-token"),
            ("WEATHER_HOST", "weather.example.com"),
            ("API_KEY", "secret-key"),
            ("EYOT_INPUT_FILES_KEY", "secret-key"),
            ("EYOT_INPUT_ISSUES_TOKEN", "secret-token"),
        ] {
            world.variables.insert(name.to_owned(), value.to_owned());
        }
        world.files.insert("/run/secrets/issues".to_owned(), "secret-token\n".to_owned());
        world
    }

    pub(crate) fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn with_file(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }
}

impl Lookup for World {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn file(&self, path: &str) -> Result<String, String> {
        self.files.get(path).cloned().ok_or_else(|| "not found".to_owned())
    }

    fn workspace_folder(&self) -> Option<String> {
        Some("/srv".to_owned())
    }

    fn home(&self) -> Option<String> {
        Some("/h".to_owned())
    }
}

/// The files of all dialects. Each has the three servers, a bundle one of them.
pub(crate) const FIXTURES: &[(&str, Dialect)] = &[
    ("bundle/files/manifest.json", Dialect::Bundle),
    ("claude-code/.mcp.json", Dialect::ClaudeCode),
    ("claude-desktop/claude_desktop_config.json", Dialect::ClaudeDesktop),
    ("cline/cline_mcp_settings.json", Dialect::Cline),
    ("codex/.codex/config.toml", Dialect::Codex),
    ("cursor/.cursor/mcp.json", Dialect::Cursor),
    ("eyot/eyot.toml", Dialect::Eyot),
    ("eyot/eyot.yaml", Dialect::Eyot),
    ("gemini/.gemini/settings.json", Dialect::Gemini),
    ("inspector/.mcp-inspector/mcp.json", Dialect::Inspector),
    ("registry/server.json", Dialect::Registry),
    ("vscode/.vscode/mcp.json", Dialect::VsCode),
];

/// The bytes of a fixture.
pub(crate) fn bytes(path: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/");
    std::fs::read(format!("{folder}{path}")).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A fixture, read in an environment.
pub(crate) fn fixture(path: &str, world: &World) -> Config {
    Config::read(path, &bytes(path), None, world)
}

/// A text, read as a file of this path.
pub(crate) fn read(path: &str, text: &str) -> Config {
    Config::read(path, text.as_bytes(), None, &World::new())
}
