//! The command line flags.

mod call_times;
mod commands;
mod config;
mod explained;
mod forward;
mod interceptors;
mod manual;
mod message_bound;
mod named_upstreams;
mod refusal;
mod rules;
mod transport;
mod values;
mod wrap;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use eyot::{Affinity, Durability, Limits, StoreUrl};

pub(crate) use self::call_times::CallTimes;
pub(crate) use self::commands::{
    Answer, Call, ClientCommand, Complete, Doctor, Explain, List, ListenTo, Pin, Prompt, Read,
    Server,
};
use self::config::CONFIG_EXAMPLES;
pub(crate) use self::config::{Config, ConfigAction, ConfigFiles, FromFile, Together};
pub(crate) use self::explained::Explained;
pub(crate) use self::forward::{Beside, Connect, Run};
use self::forward::{CONNECT_EXAMPLES, RUN_EXAMPLES};
use self::interceptors::INTERCEPTORS_EXAMPLES;
pub(crate) use self::interceptors::{
    Interceptors, InterceptorsInvoke, InterceptorsList, InterceptorsOf, InterceptorsPlan,
    InterceptorsServe, InterceptorsTest,
};
use self::manual::{COMPLETIONS_EXAMPLES, MAN_EXAMPLES};
pub(crate) use self::manual::{Completions, Manual};
pub(crate) use self::message_bound::MessageBound;
pub(crate) use self::named_upstreams::NamedUpstreams;
pub(crate) use self::refusal::refusal;
use self::rules::RULES_EXAMPLES;
pub(crate) use self::rules::{ExplainRules, RuleFiles, Rules};
use self::transport::parse_address;
pub(crate) use self::transport::{ListenAt, ProxySource, ServerFiles, SpokenTransport, Transport};
use self::values::parse_duration;
pub(crate) use self::values::{
    EnvVar, Header, ServedEras, SpokenEra, TokenSource, parse_origin, parse_store,
};
pub(crate) use self::wrap::{ClientFile, Import, Wrap};
use self::wrap::{IMPORT_EXAMPLES, UNWRAP_EXAMPLES, WRAP_EXAMPLES};

/// An MCP proxy between the eras: sessions survive restarts, answers never cross.
#[derive(Debug, Parser)]
#[command(name = "eyot", version, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Print results for programs as JSON: one object on stdout, errors as one line on stderr.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Write the log as JSON, one line per event. RUST_LOG sets what is logged, e.g. `eyot=debug`.
    #[arg(long, global = true)]
    pub(crate) log_json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve an MCP server over Streamable HTTP.
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(Box<Serve>),
    /// Start an MCP server and serve it on stdin and stdout, in the client's era.
    #[command(after_help = RUN_EXAMPLES)]
    Run(Box<Run>),
    /// Serve the MCP server at a URL on stdin and stdout, for clients that only start programs.
    #[command(after_help = CONNECT_EXAMPLES)]
    Connect(Box<Connect>),
    /// Try it: serve a small built-in MCP server over Streamable HTTP.
    Demo(Demo),
    /// Run the built-in server on stdin and stdout.
    #[command(hide = true)]
    DemoServer,
    /// End the children of a killed program, whose groups are told on stdin.
    #[command(hide = true)]
    Reaper(Reaper),
    /// Serve a server with one of everything, to test clients with.
    #[command(after_help = EVERYTHING_EXAMPLES)]
    Everything(Everything),
    #[command(flatten)]
    Client(ClientCommand),
    /// Use the interceptors of a server, which judge and change messages, or serve those of this
    /// program.
    #[command(subcommand, after_help = INTERCEPTORS_EXAMPLES)]
    Interceptors(Interceptors),
    /// Check, print or describe configuration files.
    #[command(after_help = CONFIG_EXAMPLES)]
    Config(Config),
    /// Stand before servers of a client: edit its file, so that it starts them through eyot.
    #[command(after_help = WRAP_EXAMPLES)]
    Wrap(Wrap),
    /// Stand before servers of a client no longer.
    #[command(after_help = UNWRAP_EXAMPLES)]
    Unwrap(ClientFile),
    /// Write the servers of clients in eyot's own form.
    #[command(after_help = IMPORT_EXAMPLES)]
    Import(Import),
    /// Check, test and explain files of rules.
    #[command(subcommand, after_help = RULES_EXAMPLES)]
    Rules(Rules),
    /// List stored sessions, show one, or remove one.
    #[command(after_help = SESSIONS_EXAMPLES)]
    Sessions(Sessions),
    /// Print the script that completes commands and flags in a shell.
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(Completions),
    /// Print the manual page, or write one for each command.
    #[command(after_help = MAN_EXAMPLES)]
    Man(Manual),
}

impl Command {
    /// Whether it does something for a person and ends.
    pub(crate) fn is_client(&self) -> bool {
        let is_of_files = matches!(self, Self::Wrap(_) | Self::Unwrap(_) | Self::Import(_));
        is_of_files
            || matches!(
                self,
                Self::Client(_) | Self::Config(_) | Self::Rules(_) | Self::Interceptors(_)
            )
    }
}

const SERVE_EXAMPLES: &str = "\
Examples:
  eyot serve -- npx -y @modelcontextprotocol/server-everything stdio
  eyot serve --upstream http://127.0.0.1:3000/mcp
  eyot serve --upstream https://mcp.example/mcp --ca company.pem
  eyot serve --era legacy --affinity per-principal --upstream http://127.0.0.1:3000/mcp
  eyot serve --env GITHUB_TOKEN --cwd /srv/app -- my-server --flag
  eyot serve --listen unix:/run/user/1000/mcp.sock -- my-server
  eyot serve --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem --client-ca ca.pem -- my-server
  eyot serve --listen 0.0.0.0:8080 --api-key alice=@/run/secrets/alice --allow-host mcp.example -- my-server
  eyot serve --config .mcp.json
  eyot serve --config .mcp.json --server github
  eyot serve --forward --allow 'https://*.example.com/*' --allow https://mcp.example/mcp

A child gets a small safe environment (PATH, HOME, LANG and the like) and what --env names.
The endpoint is /mcp, and /ws for WebSockets; with --forward it is /to/https/HOST/PATH for each upstream.
With --config and no --server, /mcp has all servers of the files as one, and /mcp/NAME each alone. SIGTERM, Ctrl-C or the end of the terminal drains: running calls finish,
then the program ends with code 0; a second signal ends it at once.";

const EVERYTHING_EXAMPLES: &str = "\
Examples:
  eyot everything --listen 127.0.0.1:3000
  eyot everything --stdio --era modern
  eyot serve -- eyot everything --stdio

It has what the official conformance suite asks a server for: every kind of content, prompts,
resources, progress, logs, questions to the user, the model and the folders of the client, in
both eras.";

const SESSIONS_EXAMPLES: &str = "\
Examples:
  eyot sessions ls --store sqlite:/var/lib/eyot/sessions.db
  eyot sessions show ID --store sqlite:/var/lib/eyot/sessions.db
  eyot sessions rm ID --store sqlite:/var/lib/eyot/sessions.db";

/// The flags for how a proxy listens and keeps its sessions.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Listen {
    /// The address to listen on; port 0 picks a free port. `unix:PATH` is a socket for the user of
    /// this program alone.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub(crate) listen: ListenAt,
    #[command(flatten)]
    pub(crate) tls: ServerFiles,
    /// The store of the sessions: `sqlite:PATH`, `redis://HOST` for several machines, or `memory:` to
    /// forget them at the end; a URL with a password as `@FILE` or `env:VAR`. Default: a file for each
    /// upstream in the user's state folder.
    #[arg(long, value_name = "STORE", value_parser = parse_store)]
    pub(crate) store: Option<StoreUrl>,
    /// What an acknowledged write survives: the end of this process (`sync`), or that of the machine or
    /// of the primary (`quorum`).
    #[arg(long, value_name = "LEVEL", default_value = "sync")]
    pub(crate) durability: Durability,
    /// Where the other processes that share the store reach this one, as `http://10.0.0.5:8080`: they pass
    /// on what comes for its sessions. Without it, a session goes to the process that its client asks.
    #[arg(long, value_name = "URL", env = "EYOT_NODE_ADDRESS", value_parser = parse_origin)]
    pub(crate) node_address: Option<String>,
    /// A name of this process that stays over restarts, as that of its pod: the one that starts under it
    /// has the sessions of the one before at once. Otherwise the others wait for up to 10 s after a failure.
    #[arg(long, value_name = "NAME", env = "EYOT_NODE_NAME")]
    pub(crate) node_name: Option<String>,
    /// The address for operators: /livez, /readyz, /metrics. It asks for no keys, so it is one of
    /// this machine.
    #[arg(long, value_name = "ADDR", value_parser = parse_address)]
    pub(crate) admin: Option<SocketAddr>,
    /// Let other machines reach --admin, for probes and Prometheus in a network of your own.
    #[arg(long, requires = "admin")]
    pub(crate) admin_exposed: bool,
    /// Silence after which a session ends.
    #[arg(long, default_value = "30m", value_name = "TIME", value_parser = parse_duration)]
    pub(crate) session_ttl: Duration,
    #[command(flatten)]
    pub(crate) times: CallTimes,
    /// How many calls of modern clients may wait for their next round before a legacy upstream; one
    /// more is refused.
    #[arg(long, default_value_t = Limits::default().memory.parked_calls_max, value_name = "COUNT")]
    pub(crate) parked_calls_max: usize,
    /// The clients with one key may have at most this part of each bound in all: with 4 a quarter.
    /// Where no key is required, they may have all of it.
    #[arg(
        long,
        default_value_t = Limits::default().principal_parts,
        value_name = "COUNT",
        value_parser = parse_count
    )]
    pub(crate) principal_parts: usize,
    /// How many children may run at once. A call that needs one more waits for its turn.
    #[arg(
        long,
        default_value_t = Limits::default().upstream.children_max,
        value_name = "COUNT",
        value_parser = parse_count
    )]
    pub(crate) children_max: usize,
    /// How long a call waits for a child to end when there are too many, before it is refused.
    #[arg(long, default_value = "10s", value_name = "TIME", value_parser = parse_duration)]
    pub(crate) children_wait: Duration,
    #[command(flatten)]
    pub(crate) message: MessageBound,
    /// How long running calls may go on after SIGTERM.
    #[arg(long, default_value = "30s", value_name = "TIME", value_parser = parse_duration)]
    pub(crate) drain_timeout: Duration,
    /// Require a key as bearer token. KEY is `@FILE`, `env:VAR` or the key itself, which other users
    /// of the machine can read then. A session can be used only with the NAME that opened it. May
    /// be repeated.
    #[arg(long, value_name = "NAME=KEY")]
    pub(crate) api_key: Vec<KeySource>,
    /// Another host name under which the endpoint may be addressed. Loopback names are always
    /// allowed.
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<String>,
    /// Another origin whose pages may use the endpoint. Loopback origins are always allowed.
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
    /// The HTTP policy: networks, methods, paths, headers, origins, rates. YAML, JSON or TOML; read again
    /// when it changes, and at SIGHUP.
    #[arg(long, value_name = "FILE", env = "EYOT_POLICY", hide_env_values = true)]
    pub(crate) policy: Option<PathBuf>,
    /// Interceptors: guards, rules, and servers of interceptors, in the place of what a file of --config
    /// says of them for all servers. YAML, JSON or TOML; read again when it or a file that it names
    /// changes, and at SIGHUP.
    #[arg(long, value_name = "FILE", env = "EYOT_INTERCEPTORS", hide_env_values = true)]
    pub(crate) interceptors: Option<PathBuf>,
    /// Serve no WebSocket at /ws. With --forward there is none.
    #[arg(long)]
    pub(crate) no_ws: bool,
    /// Serve no clients of the old transport, HTTP with SSE, at /sse. With --forward there are none.
    #[arg(long)]
    pub(crate) no_sse: bool,
}

/// `eyot serve`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) listen: Listen,
    /// The Streamable HTTP endpoint of the upstream: `http://…`, `https://…`, or `unix:PATH#/mcp` for
    /// a server at a Unix socket; or its WebSocket: `ws://…`, `wss://…`.
    #[arg(long, value_name = "URL", conflicts_with_all = ["command", "env", "cwd", "config"])]
    pub(crate) upstream: Option<String>,
    /// A bearer token for every request to the upstream: `@FILE` or `env:VAR`. A client's own token
    /// is never passed on.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) upstream_token: Option<TokenSource>,
    /// A header for every request to the upstream, or NAME:env:VAR. May be repeated.
    #[arg(long, value_name = "NAME:VALUE")]
    pub(crate) upstream_header: Vec<Header>,
    #[command(flatten)]
    pub(crate) from: FromFile,
    #[command(flatten)]
    pub(crate) together: Together,
    #[command(flatten)]
    pub(crate) named: NamedUpstreams,
    #[command(flatten)]
    pub(crate) transport: Transport,
    /// The era of the upstream. By default the proxy finds it out. With this flag it does not ask;
    /// an upstream that refuses this era is an error.
    #[arg(long, value_enum, env = "EYOT_ERA", hide_env_values = true)]
    pub(crate) era: Option<SpokenEra>,
    /// Which calls of modern clients share a session at a legacy upstream. Clients that share one
    /// see the same state there. Default: `auto`.
    #[arg(long, value_enum, env = "EYOT_AFFINITY", hide_env_values = true)]
    pub(crate) affinity: Option<SharedBy>,
    /// A variable for the child: a value, or only the name, to pass on the variable of this
    /// program.
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<EnvVar>,
    /// The child's working folder.
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<PathBuf>,
    /// The MCP server to start, with its arguments. No shell is involved.
    #[arg(
        last = true,
        value_name = "CMD",
        required_unless_present_any = ["upstream", "forward", "config"]
    )]
    pub(crate) command: Vec<String>,
}

/// Which calls of modern clients share a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SharedBy {
    /// Calls with one key. Without keys, all calls, where only the user of this machine can make
    /// them; none where other hosts lead here (--allow-host). All calls, if the upstream gives no
    /// session id.
    #[default]
    Auto,
    /// All calls.
    Shared,
    /// Calls with one key; all calls without a key.
    PerPrincipal,
    /// Calls with one key and one `io.eyot/session` in `_meta`, of 16 to 128 characters.
    Handle,
    /// None: each call opens a session.
    PerRequest,
}

impl From<SharedBy> for Affinity {
    fn from(shared: SharedBy) -> Self {
        match shared {
            SharedBy::Auto => Self::Auto,
            SharedBy::Shared => Self::Shared,
            SharedBy::PerPrincipal => Self::PerPrincipal,
            SharedBy::Handle => Self::Handle,
            SharedBy::PerRequest => Self::PerRequest,
        }
    }
}

/// `eyot demo`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Demo {
    #[command(flatten)]
    pub(crate) listen: Listen,
}

/// `eyot reaper`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Reaper {
    /// Watch, in the place of starting another process that watches.
    #[arg(long)]
    pub(crate) detached: bool,
}

/// `eyot everything`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Everything {
    /// The address to listen on, on this machine only; port 0 picks a free port. `unix:PATH` is a
    /// socket for the user of this program alone.
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub(crate) listen: ListenAt,
    /// Serve the client that started this program, on stdin and stdout.
    #[arg(long, conflicts_with_all = ["listen", "store"])]
    pub(crate) stdio: bool,
    /// Which clients are answered.
    #[arg(long, value_enum, default_value = "both")]
    pub(crate) era: ServedEras,
    /// The store of the sessions: `sqlite:PATH`, `redis://HOST`, or `memory:` to forget them at the end.
    #[arg(long, value_name = "STORE", default_value = "memory:", value_parser = parse_store)]
    pub(crate) store: StoreUrl,
    #[command(flatten)]
    pub(crate) message: MessageBound,
}

/// `eyot sessions`.
#[derive(Clone, Debug, ClapArgs)]
pub(crate) struct Sessions {
    #[command(subcommand)]
    pub(crate) action: SessionsAction,
    /// The store, as given to `eyot serve`.
    #[arg(long, global = true, value_name = "STORE", value_parser = parse_store)]
    pub(crate) store: Option<StoreUrl>,
}

/// What to do with stored sessions.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum SessionsAction {
    /// List the sessions.
    Ls,
    /// Show one session.
    Show {
        /// The session's id.
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
    /// Remove a session: its client must open a new one. A server that has it open learns of it at
    /// its next write.
    Rm {
        /// The session's id.
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
}

/// A client's key, before it is read.
#[derive(Clone)]
pub(crate) struct KeySource {
    pub(crate) name: String,
    pub(crate) source: String,
}

impl FromStr for KeySource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, source)) if !name.is_empty() && !source.is_empty() => {
                Ok(Self { name: name.to_owned(), source: source.to_owned() })
            }
            _ => Err("expected NAME=KEY, NAME=@FILE or NAME=env:VAR".to_owned()),
        }
    }
}

/// The debug output has no key.
impl std::fmt::Debug for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeySource").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A number of things, of which there must be one.
fn parse_count(text: &str) -> Result<usize, String> {
    let count: Option<usize> = text.parse().ok();
    count.filter(|it| *it > 0).ok_or_else(|| "expected a number from 1 on".to_owned())
}

#[cfg(test)]
mod tests;
