//! The flags for configuration files.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use eyot::{Prefix, ToolFilter};
use eyot_config::Dialect;

pub(super) const CONFIG_EXAMPLES: &str = "\
Examples:
  eyot config check .mcp.json .vscode/mcp.json
  eyot config print --origin eyot.yaml
  eyot config schema > eyot.schema.json

The files of Claude Code, Claude Desktop, Visual Studio Code, Cursor, Cline, the Gemini CLI, Codex and
the MCP Inspector are read, server.json of the registry, the manifest.json of a bundle, and eyot's own
form in YAML, TOML or JSON. Inputs of Visual Studio Code and settings of bundles come from variables:
EYOT_INPUT_ and the id in capital letters.";

/// `eyot config`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Config {
    #[command(subcommand)]
    pub(crate) action: ConfigAction,
}

/// What to do with configuration files.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ConfigAction {
    /// Say all that is wrong with the files. The exit code is 2 if a server cannot be used.
    Check(ConfigFiles),
    /// Print the servers in eyot's own form, without secrets.
    Print {
        #[command(flatten)]
        files: ConfigFiles,
        /// Say where each thing comes from.
        #[arg(long)]
        origin: bool,
    },
    /// Print the JSON Schema of eyot's own form.
    Schema,
}

/// Files with servers.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct ConfigFiles {
    /// The files.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Whose files they are. Default: what their names and contents say.
    #[arg(long, value_name = "DIALECT")]
    pub(crate) dialect: Option<Dialect>,
}

/// The flags for a server in a file.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct FromFile {
    /// Take servers from a configuration file, of eyot or of another program: `.mcp.json`, `mcp.json`,
    /// `config.toml` and others. May be repeated. Flags are stronger than the file.
    #[arg(long, value_name = "FILE", conflicts_with = "command")]
    pub(crate) config: Vec<PathBuf>,
    /// The name of the one server in the files that is wanted.
    #[arg(long, value_name = "NAME", requires = "config")]
    pub(crate) server: Option<String>,
    /// Whose file it is. Default: what its name and contents say.
    #[arg(long, value_name = "DIALECT", requires = "config")]
    pub(crate) dialect: Option<Dialect>,
    /// Which tools of the one server are offered, as the file says it.
    #[arg(skip)]
    pub(crate) tools: ToolFilter,
}

impl FromFile {
    /// Whether all servers of the files are wanted.
    pub(crate) fn wants_all(&self) -> bool {
        !self.config.is_empty() && self.server.is_none()
    }
}

/// The flags for many servers behind one endpoint.
#[derive(Clone, Copy, Debug, Default, ClapArgs)]
pub(crate) struct Together {
    /// When the names of tools and prompts begin with the name of their server.
    #[arg(long, value_enum, default_value = "auto", requires = "config")]
    pub(crate) prefix: NamePrefix,
    /// Start all servers at once, and not when they are first needed.
    #[arg(long, requires = "config", conflicts_with = "server")]
    pub(crate) eager: bool,
}

/// When a name begins with that of its server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum NamePrefix {
    /// Where several servers have it.
    #[default]
    Auto,
    /// Always: then no server changes the names of another.
    Always,
}

impl From<NamePrefix> for Prefix {
    fn from(prefix: NamePrefix) -> Self {
        match prefix {
            NamePrefix::Auto => Self::Auto,
            NamePrefix::Always => Self::Always,
        }
    }
}
