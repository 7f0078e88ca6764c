//! The flags for rules and pins.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::commands::Server;
use super::values::SpokenEra;

pub(super) const RULES_EXAMPLES: &str = "\
Examples:
  eyot rules check rules.yaml
  eyot rules test rules.yaml
  eyot rules explain rules.yaml message.json --principal ann --server prod-sql
  eyot rules explain rules.yaml --test 'others see no admin tools'

The exit code of `test` is 1 if a test fails, and that of `explain` is 1 if the message is denied.";

/// `eyot rules`.
#[derive(Debug, Subcommand)]
pub(crate) enum Rules {
    /// Say what is wrong with files of rules.
    Check(RuleFiles),
    /// Run the tests that files of rules carry.
    Test(RuleFiles),
    /// Say which rules are looked at for a message, what they decide, and why.
    Explain(Box<ExplainRules>),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct RuleFiles {
    /// Files of rules.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExplainRules {
    /// A file of rules.
    pub(crate) file: PathBuf,
    /// A message of JSON-RPC; `-` is standard input.
    #[arg(required_unless_present = "test", conflicts_with = "test")]
    pub(crate) message: Option<PathBuf>,
    /// The message of a test in the file, by its name.
    #[arg(long, value_name = "NAME")]
    pub(crate) test: Option<String>,
    /// The request that the message answers.
    #[arg(long, value_name = "FILE")]
    pub(crate) request: Option<PathBuf>,
    /// The name of the client's principal.
    #[arg(long)]
    pub(crate) principal: Option<String>,
    /// A scope of its credentials. May be repeated.
    #[arg(long)]
    pub(crate) scope: Vec<Box<str>>,
    /// The name of the server.
    #[arg(long)]
    pub(crate) server: Option<String>,
    /// The name of the client program.
    #[arg(long)]
    pub(crate) client: Option<String>,
    /// The version of the client program.
    #[arg(long, value_name = "VERSION")]
    pub(crate) client_version: Option<String>,
    /// The era of the client.
    #[arg(long, value_enum)]
    pub(crate) era: Option<SpokenEra>,
}

pub(super) const PIN_USAGE: &str = "eyot pin [OPTIONS] <URL>
       eyot pin [OPTIONS] -- <CMD> [ARG]...";
pub(super) const PIN_EXAMPLES: &str = "\
Examples:
  eyot pin https://mcp.example/mcp
  eyot pin --name files --file pins.json -- npx -y @modelcontextprotocol/server-filesystem /srv
  eyot pin --check https://mcp.example/mcp

The definitions of all tools are written to the file, and what has changed is told. With --check nothing
is written, and the exit code is 1 if a tool is not what the file says.";

/// `eyot pin`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Pin {
    /// The server's URL.
    #[arg(value_name = "URL")]
    pub(crate) words: Vec<String>,
    /// The file of pins.
    #[arg(long, value_name = "FILE", default_value = "pins.json")]
    pub(crate) file: PathBuf,
    /// The name of the server behind a gateway. The only server of a program has none.
    #[arg(long, default_value = "")]
    pub(crate) name: String,
    /// Write nothing; say whether the tools are what the file says.
    #[arg(long)]
    pub(crate) check: bool,
    #[command(flatten)]
    pub(crate) server: Server,
}
