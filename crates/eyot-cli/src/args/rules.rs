//! The flags for rules.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

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
    /// Files of rules; of a file of servers, the rules in place and those of the files that it names.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExplainRules {
    /// A file of rules, or one of servers: its rules for all, and those of --server.
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
