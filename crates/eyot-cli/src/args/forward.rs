//! The flags of the commands that stand beside one client, on its standard input and output.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;
use eyot::StoreUrl;

use super::call_times::CallTimes;
use super::config::{FromFile, Together};
use super::message_bound::MessageBound;
use super::transport::Transport;
use super::values::{
    EnvVar, Header, SpokenEra, TokenSource, parse_duration, parse_store, variable_or_text,
};

pub(super) const RUN_EXAMPLES: &str = "\
Examples:
  eyot run -- npx -y @modelcontextprotocol/server-everything stdio
  eyot run --config .mcp.json
  eyot run --config .mcp.json --server github
  eyot run --era legacy --env GITHUB_TOKEN --cwd /srv/app -- my-server --flag

In the file of a client that starts its servers itself:
  { \"mcpServers\": { \"NAME\": { \"command\": \"eyot\", \"args\": [\"run\", \"--\", \"my-server\"] } } }

The client may be of either era, and so may the server; a server that dies is started again. Only
messages go to stdout; the log goes to stderr. The end of the input ends the program when what runs
is answered.";

pub(super) const CONNECT_EXAMPLES: &str = "\
Examples:
  eyot connect https://mcp.example/mcp
  eyot connect --token env:TOKEN --header 'X-Team: islands' https://mcp.example/mcp
  eyot connect --ca company-ca.pem wss://mcp.example/ws

In the file of a client that starts its servers itself:
  { \"mcpServers\": { \"NAME\": { \"command\": \"eyot\", \"args\": [\"connect\", \"URL\"] } } }

The client may be of either era, and so may the server; a session that the server has forgotten is
opened again. Only messages go to stdout; the log goes to stderr. The end of the input ends the
program when what runs is answered.";

/// What both commands ask for.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Beside {
    /// The era of the server. By default the proxy finds it out. With this flag it does not ask; a
    /// server that refuses this era is an error.
    #[arg(long, value_enum, env = "EYOT_ERA", hide_env_values = true)]
    pub(crate) era: Option<SpokenEra>,
    /// Where calls are kept that wait for an answer of the user: `sqlite:PATH`, `redis://HOST`, or
    /// `memory:` to forget them with the client.
    #[arg(long, value_name = "STORE", default_value = "memory:", value_parser = parse_store)]
    pub(crate) store: StoreUrl,
    /// Interceptors: guards, rules, and servers of interceptors. YAML, JSON or TOML; read again when it or
    /// a file that it names changes.
    #[arg(long, value_name = "FILE", env = "EYOT_INTERCEPTORS", hide_env_values = true)]
    pub(crate) interceptors: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) times: CallTimes,
    /// How long running calls may go on after SIGTERM, or after the end of the input.
    #[arg(long, default_value = "30s", value_name = "TIME", value_parser = parse_duration)]
    pub(crate) drain_timeout: Duration,
    #[command(flatten)]
    pub(crate) message: MessageBound,
}

/// `eyot run`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) beside: Beside,
    #[command(flatten)]
    pub(crate) from: FromFile,
    #[command(flatten)]
    pub(crate) together: Together,
    /// A variable for the child: a value, or only the name, to pass on the variable of this
    /// program.
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<EnvVar>,
    /// Pass on every variable of this program, for a client that chooses itself what its servers
    /// see.
    #[arg(long)]
    pub(crate) inherit_env: bool,
    /// The child's working folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<PathBuf>,
    /// The MCP server to start, with its arguments. No shell is involved.
    #[arg(last = true, required_unless_present = "config", value_name = "CMD")]
    pub(crate) command: Vec<String>,
}

/// `eyot connect`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Connect {
    #[command(flatten)]
    pub(crate) beside: Beside,
    #[command(flatten)]
    pub(crate) transport: Transport,
    /// A header for every request to the server; with `NAME:env:VAR` the variable has the value. May
    /// be repeated.
    #[arg(long, value_name = "NAME:VALUE")]
    pub(crate) header: Vec<Header>,
    /// A bearer token for every request to the server: `@FILE` or `env:VAR`.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) token: Option<TokenSource>,
    /// The server: `https://…`, `http://…`, `wss://…`, `ws://…`, or `unix:PATH#/mcp`; or
    /// `env:VAR`, which names a variable with the URL.
    #[arg(value_name = "URL", value_parser = variable_or_text)]
    pub(crate) url: String,
}
