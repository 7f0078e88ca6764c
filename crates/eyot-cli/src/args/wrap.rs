//! The flags of the commands that change the files of clients, and that read them for good.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use eyot_config::Dialect;

pub(super) const WRAP_EXAMPLES: &str = "\
Examples:
  eyot wrap claude-desktop --dry-run
  eyot wrap .mcp.json github
  eyot wrap codex --flag --call-timeout=5m
  eyot unwrap claude-desktop

Clients: claude-code, claude-desktop, cline, codex, copilot, cursor, gemini, inspector, vscode. A file of
the working folder stands before that of the user. Only the entries change; the file as it was is kept
beside it in FILE.eyot-backup.";

pub(super) const UNWRAP_EXAMPLES: &str = "\
Examples:
  eyot unwrap claude-desktop
  eyot unwrap .mcp.json github --dry-run

An entry that was not edited since it was wrapped is what it was, byte for byte, as long as
FILE.eyot-backup is beside the file.";

pub(super) const IMPORT_EXAMPLES: &str = "\
Examples:
  eyot import claude-desktop > eyot.yaml
  eyot import .mcp.json vscode --to eyot.yaml
  eyot serve --config eyot.yaml --server github

What the files refer to stays a reference. Secrets that stand in them become variables, which are named,
unless --with-secrets writes them.";

/// A file of a client.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct ClientFile {
    /// The file, or the client whose file it is.
    #[arg(value_name = "CLIENT|FILE")]
    pub(crate) file: String,
    /// The names of servers in it. Default: all; those that are disabled only if they are named.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Whose file it is. Default: what its name and contents say.
    #[arg(long, value_name = "DIALECT")]
    pub(crate) dialect: Option<Dialect>,
    /// How the client starts this program. Default: its absolute path.
    #[arg(long, value_name = "NAME")]
    pub(crate) program: Option<String>,
    /// Print the differences, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// `eyot wrap`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Wrap {
    #[command(flatten)]
    pub(crate) file: ClientFile,
    /// A flag for `eyot run` or `eyot connect`, such as `--era=modern`. May be repeated.
    #[arg(long, value_name = "FLAG", allow_hyphen_values = true)]
    pub(crate) flag: Vec<String>,
}

/// `eyot import`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Import {
    /// The files, or the clients whose files they are.
    #[arg(value_name = "CLIENT|FILE", required = true)]
    pub(crate) files: Vec<String>,
    /// Whose files they are. Default: what their names and contents say.
    #[arg(long, value_name = "DIALECT")]
    pub(crate) dialect: Option<Dialect>,
    /// Write this file, in the place of stdout.
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// Write over the file of --to.
    #[arg(long, requires = "to")]
    pub(crate) force: bool,
    /// Write secrets as they are. The file of --to is for the user of this program alone then.
    #[arg(long)]
    pub(crate) with_secrets: bool,
}
